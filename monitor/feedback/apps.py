from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "monitor.feedback"
    label = "feedback"
