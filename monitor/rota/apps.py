from django.apps import AppConfig


class RotaConfig(AppConfig):
    name = "monitor.rota"
    label = "rota"
