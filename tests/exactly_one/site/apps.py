from django.apps import AppConfig


class FailingConfig(AppConfig):
    name = "tests.exactly_one.site"
    label = "failing"
