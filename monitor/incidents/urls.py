"""Addresses of this room, from the root: incidents for those who work on them, the status page for everybody."""

from django.urls import path

from monitor.incidents import status_views, views

app_name = "incidents"
urlpatterns = [
    path("incidents/", views.listed, name="list"),
    path("incidents/<int:number>/", views.detail, name="detail"),
    path("status/", status_views.status, name="status"),
]
