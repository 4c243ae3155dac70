from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "monitor.alerts.dispatch"
    label = "deliveries"
