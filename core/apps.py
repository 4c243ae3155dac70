"""Registers the system checks, and what makes an error id when a request fails."""

from django.apps import AppConfig
from django.conf import settings


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from django.core.signals import got_request_exception

        from core import checks  # noqa: F401 (importing registers them)
        from core.request_facts import note_failure

        # Before any middleware connects a receiver that logs: the log line is to carry the error id.
        got_request_exception.connect(note_failure, dispatch_uid="core.note_failure")
        if settings.DEBUG:
            from core.lab.arrivals import record_event
            from core.sentry.filters import add_observer

            add_observer(record_event)
