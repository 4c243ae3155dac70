from django.apps import AppConfig


class IssuesConfig(AppConfig):
    name = "monitor.issues"
    label = "issues"
