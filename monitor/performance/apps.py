from django.apps import AppConfig


class PerformanceConfig(AppConfig):
    name = "monitor.performance"
    label = "performance"
