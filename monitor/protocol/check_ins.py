"""Cron check-ins by plain HTTP: `curl https://…/api/<project>/cron/<slug>/<key>/?status=ok` at the end of a crontab line."""

import math
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import orjson

from monitor.protocol.envelope import normalise_event_id, serialise_envelope
from monitor.protocol.errors import ProtocolError, Reason
from monitor.protocol.json_payload import load_object

STATUSES = ("in_progress", "ok", "error")
_SLUG_MAX = 50
_NIL = "0" * 32
_OPTIONAL = ("environment", "release", "monitor_config", "contexts")


def envelope_from_check_in(slug: str, query: str, body: bytes, content_type: str) -> tuple[str, bytes]:
    """An event id and an envelope with the check-in: from a JSON body when there is one, else from the query.

    Raises ProtocolError: invalid_check_in, invalid_json.
    """
    if content_type.strip().lower().startswith("application/json") and body.strip():
        given = load_object(body)
    else:
        given = {
            name: values[0] for name, values in parse_qs(query, errors="replace", max_num_fields=100).items()
        }
    check_in = {
        "check_in_id": _check_in_id(given.get("check_in_id")),
        "monitor_slug": _slug(slug),
        "status": _status(given.get("status")),
        **{name: given[name] for name in _OPTIONAL if given.get(name) is not None},
    }
    if given.get("duration") is not None:
        check_in["duration"] = _duration_s(given["duration"])
    event_id = uuid4().hex
    return event_id, serialise_envelope({"event_id": event_id}, [({"type": "check_in"}, _dump(check_in))])


def _slug(slug: str) -> str:
    if not slug or len(slug) > _SLUG_MAX or not slug.isprintable():
        raise _invalid(f"the monitor's slug is {slug[:60]!r}; it may have 1 to {_SLUG_MAX} characters")
    return slug


def _status(status: Any) -> str:
    if status not in STATUSES:
        raise _invalid(f"status is {str(status)[:40]!r}; it must be one of {', '.join(STATUSES)}")
    return str(status)


def _check_in_id(value: Any) -> str:
    """All zeros mean: the latest one that is in progress."""
    if value is None or str(value).replace("-", "") == _NIL:
        return _NIL
    if (normal := normalise_event_id(value)) is None:
        raise _invalid(f"check_in_id is {str(value)[:40]!r}; it must be a UUID")
    return normal


def _duration_s(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError) as error:
        raise _invalid(f"duration is {str(value)[:40]!r}; it must be seconds") from error
    if not math.isfinite(seconds) or seconds < 0:
        raise _invalid(f"duration is {seconds}; it must be seconds, not negative")
    return seconds


def _dump(check_in: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(check_in)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise _invalid(f"it cannot be kept: {error}") from error


def _invalid(what: str) -> ProtocolError:
    return ProtocolError(Reason.INVALID_CHECK_IN, f"Invalid check-in: {what}.")
