"""The site's Celery application. Its results are kept, so that chords work and states can be asked for."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.exactly_one.site.settings")

import django
from celery import Celery
from celery.schedules import schedstate, schedule

django.setup()

_keys = {"global_keyprefix": os.environ.get("EXACTLY_ONE_PREFIX", "")}


class OnceSoon(schedule):
    """Due as soon as beat has started, and then in an hour: a test cannot wait for a whole minute."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(timedelta(hours=1))
        self.began_at: datetime | None = None

    def is_due(self, last_run_at: datetime) -> schedstate:
        self.began_at = self.began_at or last_run_at
        return schedstate(last_run_at == self.began_at, 3600.0)


def make_app(**settings: Any) -> Celery:
    """For the worker and beat, and for whoever sends."""
    app = Celery("exactly_one", task_cls="core.tasks:SentryTask", set_as_current=False)
    app.conf.update(
        broker_url=os.environ["REDIS_URL"],
        result_backend=os.environ["REDIS_URL"],
        broker_transport_options=_keys,
        result_backend_transport_options={**_keys, "retry_policy": {"max_retries": 0}},
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        result_expires=600,
        **settings,
    )
    return app


app = make_app(
    include=["tests.exactly_one.site.tasks", "tests.exactly_one.site.dying_tasks"],
    beat_schedule={
        name: {"task": name, "schedule": OnceSoon()}
        for name in ("scheduled_fails", "scheduled_recovers", "watched_fails", "watched_recovers")
    },
)
