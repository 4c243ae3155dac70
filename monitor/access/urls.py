"""Addresses of this room."""

from django.urls import path

from monitor.access import account_views

app_name = "access"
urlpatterns = [
    path("login/", account_views.log_in, name="login"),
    path("logout/", account_views.log_out, name="logout"),
    path("theme/", account_views.theme, name="theme"),
    path("preferences/", account_views.preferences, name="preferences"),
    path("password/", account_views.change_password, name="password"),
]
