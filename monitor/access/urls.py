"""Addresses of this room."""

from django.urls import path

from monitor.access import account_views, audit_views, person_views, token_views, user_views

app_name = "access"
urlpatterns = [
    path("login/", account_views.log_in, name="login"),
    path("logout/", account_views.log_out, name="logout"),
    path("theme/", account_views.theme, name="theme"),
    path("preferences/", account_views.preferences, name="preferences"),
    path("password/", account_views.change_password, name="password"),
    path("set-password/<uidb64>/<token>/", user_views.set_password, name="set_password"),
    path("tokens/", token_views.own_tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", token_views.revoke, name="revoke_own_token"),
    path("users/", user_views.users, name="users"),
    path("users/new/", user_views.invite, name="invite"),
    path("users/<int:pk>/", user_views.user, name="user"),
    path("users/<int:pk>/reset/", user_views.reset, name="reset"),
    path("users/<int:pk>/active/", user_views.set_active, name="set_active"),
    path("users/<int:pk>/tokens/<int:token_pk>/revoke/", user_views.revoke_token, name="revoke_token"),
    path("audit/", audit_views.audit_log, name="audit"),
    path("person/", person_views.person, name="person"),
    path("person/erase/", person_views.erase, name="erase_person"),
    path("audit/export/", audit_views.export, name="audit_export"),
]
