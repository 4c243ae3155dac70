"""The web process: Sentry's endpoints in front of the spool, and the pages behind them."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monitor.settings")

from dataclasses import replace

from django.conf import settings
from django.core.asgi import get_asgi_application

from monitor.ingest.application import IngestApplication
from monitor.ingest.keyring import SnapshotKeyRing
from monitor.ingest.settings import IngestSettings


def application() -> IngestApplication:
    """A factory, as `python -m monitor web` gives it to uvicorn."""
    pages = get_asgi_application()
    receiving = replace(
        IngestSettings.from_environment(), spool=settings.SPOOL_DIRECTORY, keys_file=settings.KEYS_FILE
    )
    return IngestApplication(receiving, SnapshotKeyRing(receiving.keys_file), fallback=pages)
