"""A check-in as it comes, read: https://develop.sentry.dev/sdk/telemetry/check-ins/"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.utils.text import slugify

from monitor.crons.config import MonitorConfig, config_of
from monitor.crons.models import CheckInStatus
from monitor.crons.schedule import ScheduleError
from monitor.releases.naming import environment_of, release_of

SLUG_MAX, NAME_MAX = 50, 128
DEFAULT_ENVIRONMENT = "production"
_STATUSES = {
    "in_progress": CheckInStatus.IN_PROGRESS,
    "ok": CheckInStatus.OK,
    "error": CheckInStatus.ERROR,
}
_DURATION_MAX_S = 10 * 365 * 86400.0


@dataclass(frozen=True, slots=True)
class Report:
    """One check-in item. Without `uid` it means the latest one that is running. `received` is seconds since 1970."""

    project_id: int
    slug: str
    name: str
    status: CheckInStatus
    received: float
    environment: str = DEFAULT_ENVIRONMENT
    uid: bytes | None = None
    duration: float | None = None
    release: str = ""
    config: MonitorConfig | None = None
    config_problem: str = ""

    @property
    def is_end(self) -> bool:
        return self.status != CheckInStatus.IN_PROGRESS


def report_of(payload: Any, *, project_id: int, received: float) -> Report:
    """Raises ValueError that names what is wrong. A configuration that is, does not cost the check-in."""
    if not isinstance(payload, dict):
        raise ValueError("A check-in must be a JSON object.")  # noqa: TRY004 - what is sent, not how we are called
    name = payload.get("monitor_slug")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("A check-in without `monitor_slug` is nobody's.")
    status = payload.get("status")
    if status not in _STATUSES:
        raise ValueError(
            f"The status of a check-in is {str(status)[:40]!r}; must be one of {', '.join(_STATUSES)}."
        )
    config, problem = None, ""
    if payload.get("monitor_config"):
        try:
            config = config_of(payload["monitor_config"])
        except ScheduleError as error:
            problem = str(error)[:300]
    return Report(
        project_id=project_id,
        slug=slug_of(name),
        name="".join(character for character in name.strip() if character.isprintable())[:NAME_MAX],
        status=_STATUSES[status],
        received=received,
        environment=environment_of(payload.get("environment")) or DEFAULT_ENVIRONMENT,
        uid=_uid(payload.get("check_in_id")),
        duration=_duration(payload.get("duration")),
        release=release_of(payload.get("release")) or "",
        config=config,
        config_problem=problem,
    )


def slug_of(name: str) -> str:
    """As Sentry makes it; of a name without Latin letters or digits, a hash."""
    slug = slugify(name)[:SLUG_MAX].strip("-_")
    return slug or f"cron-{blake2b(name.encode(errors='replace'), digest_size=4).hexdigest()}"


def _uid(value: Any) -> bytes | None:
    if value is None:
        return None
    try:
        uid = UUID(str(value))
    except ValueError as error:
        raise ValueError(f"The check_in_id is {str(value)[:40]!r}; it must be a UUID.") from error
    return uid.bytes if uid.int else None


def _duration(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in {int, float} or not 0 <= value <= _DURATION_MAX_S or not math.isfinite(value):
        raise ValueError(
            f"The duration of a check-in is {str(value)[:40]!r}; it must be seconds, from 0 to ten years."
        )
    return float(value)
