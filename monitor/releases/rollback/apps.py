from django.apps import AppConfig


class RollbackConfig(AppConfig):
    name = "monitor.releases.rollback"
    label = "rollback"
