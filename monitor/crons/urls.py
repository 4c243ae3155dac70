"""Addresses of this room."""

from django.urls import path

from monitor.crons import views

app_name = "crons"
urlpatterns = [
    path("", views.cron_list, name="list"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/change/", views.change, name="change"),
]
