"""Addresses of this room."""

from django.urls import path

from monitor.projects import views

app_name = "projects"
urlpatterns = [
    path("", views.projects, name="list"),
    path("new/", views.new, name="new"),
    path("<slug:slug>/", views.detail, name="detail"),
    path("<slug:slug>/edit/", views.edit, name="edit"),
    path("<slug:slug>/set-up/", views.setup, name="setup"),
    path("<slug:slug>/arrived/", views.arrived, name="arrived"),
    path("<slug:slug>/keys/new/", views.key_new, name="key_new"),
    path("<slug:slug>/keys/<int:pk>/", views.key_edit, name="key_edit"),
    path("<slug:slug>/keys/<int:pk>/switch/", views.key_switch, name="key_switch"),
]
