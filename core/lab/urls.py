"""Included under DEBUG only, so that there is no trace of the lab in URL reversing otherwise."""

from django.urls import path

from core.debug_pages import technical_page
from core.lab import views

urlpatterns = [
    path("test-sentry-error/", views.error_lab, name="error-lab"),
    path("test-sentry-error/arrived/", views.arrived, name="error-lab-arrived"),
    path("test-sentry-error/technical/<str:error_id>/", technical_page, name="error-technical"),
]
