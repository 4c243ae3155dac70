"""Addresses of this room."""

from django.urls import URLPattern

app_name = "crons"
urlpatterns: list[URLPattern] = []
