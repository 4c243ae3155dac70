from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "monitor.access"
    label = "access"
