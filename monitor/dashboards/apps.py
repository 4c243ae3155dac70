from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "monitor.dashboards"
    label = "dashboards"
