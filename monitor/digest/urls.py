"""Addresses of this room."""

from django.urls import path

from monitor.digest import views

app_name = "digest"
urlpatterns = [
    path("", views.system, name="system"),
    path("now/", views.now, name="now"),
    path("poison/", views.poison, name="poison"),
    path("poison/retry/", views.poison_retry, name="poison_retry"),
    path("poison/discard/", views.poison_discard, name="poison_discard"),
    path("poison/<str:name>/", views.poison_record, name="poison_record"),
]
