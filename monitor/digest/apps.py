from django.apps import AppConfig


class DigestConfig(AppConfig):
    name = "monitor.digest"
    label = "digest"
