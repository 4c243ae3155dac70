"""What a project says of itself to the drill: `FIREDRILL` in its settings, every key of which may be left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DEFAULTS: dict[str, Any] = {"DATABASE_PAGE": "/admin/", "DRILLS": ()}


@dataclass(frozen=True, slots=True)
class FiredrillSettings:
    """`database_page` cannot be drawn without the database; `drills` are dotted names of the project's own."""

    database_page: str
    drills: tuple[str, ...]


def firedrill_settings() -> FiredrillSettings:
    """Raises ImproperlyConfigured for a key that there is not."""
    given = getattr(settings, "FIREDRILL", {})
    if unknown := sorted(set(given) - set(DEFAULTS)):
        raise ImproperlyConfigured(
            f"FIREDRILL has no key {', '.join(unknown)}; it knows {', '.join(DEFAULTS)}."
        )
    known = DEFAULTS | given
    return FiredrillSettings(known["DATABASE_PAGE"], tuple(known["DRILLS"]))
