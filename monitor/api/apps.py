from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "monitor.api"
    label = "api"
