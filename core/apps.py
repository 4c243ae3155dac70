"""Registers the system checks, what makes an error id when a request fails, what counts, and what bounds waiting."""

import importlib.util

from django.apps import AppConfig
from django.conf import settings


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_login_failed
        from django.core.signals import got_request_exception
        from django.db.backends.signals import connection_created

        from core import bursts, checks  # noqa: F401 (importing checks registers them)
        from core.database import bound_waiting
        from core.request_facts import note_failure
        from core.sentry.denominators import count_event, watch_tasks
        from core.sentry.filters import add_observer

        # Before any middleware connects a receiver that logs: the log line is to carry the error id.
        got_request_exception.connect(note_failure, dispatch_uid="core.note_failure")
        connection_created.connect(bound_waiting, dispatch_uid="core.bound_waiting")
        user_login_failed.connect(bursts.note_failed_login, dispatch_uid="core.note_failed_login")
        add_observer(bursts.note_event)
        add_observer(count_event)
        if importlib.util.find_spec("celery"):
            watch_tasks()
        if settings.DEBUG:
            from core.lab.arrivals import record_event

            add_observer(record_event)
