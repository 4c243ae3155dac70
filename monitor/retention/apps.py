from django.apps import AppConfig


class RetentionConfig(AppConfig):
    name = "monitor.retention"
    label = "retention"
