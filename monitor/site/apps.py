from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "monitor.site"
    label = "site"
