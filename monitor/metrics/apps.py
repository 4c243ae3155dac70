from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "monitor.metrics"
    label = "metrics"
