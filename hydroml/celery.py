"""The Celery application: tasks are found in each app's tasks.py, settings are Django's with the prefix CELERY_."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hydroml.settings")

app = Celery("hydroml", task_cls="core.tasks:SentryTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def _keep_django_logging(**_: Any) -> None:
    """Celery would put its own handlers in place of the structured ones."""
