"""The last good answer for each place and period, on disk: what is shown while the weather service is away."""

import contextlib
import hashlib
import logging
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from core.resilience import ServiceAnswerError
from data_tools.weather.query import WeatherAnswer, WeatherQuery, read_answer

logger = logging.getLogger(__name__)

MAX_KEPT = 300


def keep(query: WeatherQuery, raw: bytes) -> None:
    """Keep the answer; the oldest beyond 300 go. A disk that refuses is no reason to fail the import."""
    path = _path(query)
    partial = path.with_name(f".{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(raw)
        partial.replace(path)
        _forget_oldest(path.parent)
    except OSError as error:
        logger.warning("A weather answer could not be kept: %s", error.strerror)
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def find(query: WeatherQuery) -> tuple[WeatherAnswer, datetime] | None:
    """The last good answer and when it was given; None when there is none that can be read."""
    path = _path(query)
    try:
        raw, answered_at = path.read_bytes(), path.stat().st_mtime
        return read_answer(query, raw), datetime.fromtimestamp(answered_at, UTC)
    except (OSError, ServiceAnswerError):
        return None


def _path(query: WeatherQuery) -> Path:
    digest = hashlib.sha256(repr(sorted(query.parameters.items())).encode()).hexdigest()
    return Path(settings.DATA_ROOT) / "weather" / f"{digest[:32]}.json"


def _forget_oldest(directory: Path) -> None:
    files = [(entry.stat().st_mtime, entry.path) for entry in os.scandir(directory)]
    for _, path in sorted(files)[:-MAX_KEPT]:
        Path(path).unlink(missing_ok=True)
