"""The failing site with what exists under DEBUG only."""

from django.urls import path

from core.debug_pages import technical_page
from tests.core import failing_site

urlpatterns = [
    *failing_site.urlpatterns,
    path("errors/technical/<str:error_id>/", technical_page, name="error-technical"),
]
handler404 = failing_site.handler404
handler500 = failing_site.handler500
