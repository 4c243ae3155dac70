from django.apps import AppConfig


class StatsConfig(AppConfig):
    name = "monitor.stats"
    label = "stats"
