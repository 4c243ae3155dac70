"""Addresses of this room. What is below /api/0/, routing.py says."""

from django.urls import path, re_path

from monitor.api.dispatch import api
from monitor.api.scraping import metrics

app_name = "api"
urlpatterns = [
    re_path(r"^api/0/", api, name="api"),
    path("metrics", metrics, name="metrics"),
]
