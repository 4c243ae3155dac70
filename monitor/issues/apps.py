from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IssuesConfig(AppConfig):
    name = "monitor.issues"
    label = "issues"

    def ready(self) -> None:
        from monitor.issues import lookups, text_index

        lookups.register()
        post_migrate.connect(text_index.ensure, sender=self)
