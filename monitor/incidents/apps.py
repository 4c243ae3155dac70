from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "monitor.incidents"
    label = "incidents"
