"""Addresses of this room."""

from django.urls import path

from monitor.slos import views

app_name = "slos"
urlpatterns = [
    path("", views.slo_list, name="list"),
    path("<str:name>/", views.detail, name="detail"),
]
