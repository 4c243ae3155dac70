"""Addresses of this room."""

from django.urls import path

from monitor.feedback import views

app_name = "feedback"
urlpatterns = [
    path("", views.inbox, name="list"),
    path("change/", views.change, name="change"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/contact/", views.contact, name="contact"),
]
