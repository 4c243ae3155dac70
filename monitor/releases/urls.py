"""Addresses of this room. A version may have slashes, so it stands last."""

from django.urls import path

from monitor.releases import views

app_name = "releases"
urlpatterns = [
    path("", views.release_list, name="list"),
    path("compare/", views.comparison, name="compare"),
    path("version/<path:version>/", views.detail, name="detail"),
    path("change/<path:version>/", views.change, name="change"),
]
