from django.apps import AppConfig


class CronsConfig(AppConfig):
    name = "monitor.crons"
    label = "crons"
