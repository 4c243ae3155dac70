"""A site of nothing but the laboratory."""

from django.urls import include, path

from core import error_pages

urlpatterns = [path("", include("core.lab.urls"))]
handler404 = error_pages.page_not_found
handler500 = error_pages.server_error
