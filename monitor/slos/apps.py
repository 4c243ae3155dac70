from django.apps import AppConfig


class SlosConfig(AppConfig):
    name = "monitor.slos"
    label = "slos"
