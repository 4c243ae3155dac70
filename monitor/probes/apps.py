from django.apps import AppConfig


class ProbesConfig(AppConfig):
    name = "monitor.probes"
    label = "probes"
