"""Addresses of this room."""

from django.urls import path

from monitor.metrics import views as metrics
from monitor.performance import views

app_name = "performance"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("transactions/<int:pk>/", views.transaction, name="transaction"),
    path("samples/<int:pk>/", views.sample, name="sample"),
    path("queries/", views.queries, name="queries"),
    path("metrics/", metrics.metric_list, name="metrics"),
    path("metrics/<path:name>/", metrics.metric, name="metric"),
]
