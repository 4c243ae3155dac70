"""Tells the receiving end which keys it may let in: it asks no database, it reads a file (monitor.ingest.keyring)."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from monitor.ingest.keyring import ProjectKey, publish_keys, read_keys
from monitor.projects.models import Key


def publish() -> None:
    """After each change of keys, when it is committed. Receiving processes see it within a second. Raises OSError."""
    # In a transaction that could write: of two who publish at once, the later one has the newer keys.
    with transaction.atomic():
        publish_keys(Path(settings.KEYS_FILE), current_keys())


def publish_again(now: float) -> None:
    """The clock job: mends a file that was lost, or whose writing failed."""
    try:
        published = read_keys(Path(settings.KEYS_FILE))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        published = {}
    if published != {key.key: key for key in current_keys()}:
        publish()


def current_keys() -> list[ProjectKey]:
    """As the database has them."""
    return [
        ProjectKey(
            key=key.public_key.lower(),
            project_id=key.project_id,
            is_active=key.is_active,
            origins=tuple(str(origin).lower() for origin in key.origins),
        )
        for key in Key.objects.order_by("pk")
    ]
