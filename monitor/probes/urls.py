"""Addresses of this room."""

from django.urls import path

from monitor.probes import views

app_name = "probes"
urlpatterns = [path("", views.probes, name="list")]
