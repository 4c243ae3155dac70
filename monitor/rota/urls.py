"""Addresses of this room."""

from django.urls import path

from monitor.rota import views

app_name = "rota"
urlpatterns = [path("", views.overview, name="list")]
