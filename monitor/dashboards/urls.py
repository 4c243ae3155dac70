"""Addresses of this room. A dashboard of the strategy cannot be called as one of the words that stand here first."""

from django.urls import path

from monitor.dashboards import shared_views, views

app_name = "dashboards"
urlpatterns = [
    path("", views.index, name="list"),
    path("correlation/", views.correlation, name="correlation"),
    path("correlation/panels/", views.correlation_panels, name="correlation_panels"),
    path("events/", views.events, name="events"),
    path("volume/", views.volume, name="volume"),
    path("links/<int:pk>/revoke/", shared_views.revoke, name="revoke"),
    path("shared/<str:token>/", shared_views.shared, name="shared"),
    path("shared/<str:token>/panels/", shared_views.shared_panels, name="shared_panels"),
    path("<str:name>/", views.detail, name="detail"),
    path("<str:name>/panels/", views.panels, name="panels"),
    path("<str:name>/share/", shared_views.share, name="share"),
]
