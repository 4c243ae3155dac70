from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    name = "monitor.releases"
    label = "releases"
