"""What a rehearsal reads: one JSON object on each line, in the order of receipt (docs/monitor/alerts.md has the keys)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import orjson

from monitor.alerts.measurements import KINDS, Measurement
from monitor.digest.facts import Fact

EVENT = "event"
ENVIRONMENT = "production"
COMMON_KEYS = frozenset({"kind", "time", "received", "project", "environment", "release"})
EVENT_KEYS = COMMON_KEYS | frozenset(
    {"issue", "new", "regressed", "category", "severity", "level", "user", "handled", "transaction", "tags"}
    | {"times", "uid"}
)
MEASUREMENT_KEYS = COMMON_KEYS | frozenset(
    {"name", "value", "total", "bad", "errored", "durations", "route", "user", "client"}
)


class StreamError(ValueError):
    """A line that says nothing, with its number."""


def read_stream(lines: Iterable[str]) -> Iterator[Fact | Measurement]:
    """What the lines say; empty ones say nothing. Raises StreamError."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield parse(orjson.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise StreamError(f"Line {number}: {reason}.") from error


def parse(entry: dict[str, Any]) -> Fact | Measurement:
    """One line's object. Raises KeyError, TypeError or ValueError."""
    if not isinstance(entry, dict):
        raise TypeError("not a JSON object")
    kind = entry["kind"]
    if kind != EVENT and kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind; there are {', '.join((EVENT, *KINDS))}")
    known = EVENT_KEYS if kind == EVENT else MEASUREMENT_KEYS
    if not entry.keys() <= known:
        raise ValueError(f"{', '.join(sorted(entry.keys() - known))} is no key of {kind}")
    return _fact(entry) if kind == EVENT else _measurement(entry)


def written(entry: Fact | Measurement) -> dict[str, Any]:
    """The object that `parse` reads. Of a user there is the hash; what says nothing is left out."""
    if isinstance(entry, Fact):
        about: dict[str, Any] = {
            "kind": EVENT,
            "time": entry.time,
            "received": entry.received,
            "project": entry.project_id,
            "issue": entry.issue_id,
            "uid": entry.uid.hex(),
            "new": entry.is_new,
            "regressed": entry.regressed,
            "category": entry.category,
            "severity": entry.severity,
            "level": entry.level,
            "release": entry.release,
            "environment": entry.environment,
            "user": entry.user.hex() if entry.user is not None else None,
            "handled": entry.handled,
            "transaction": entry.transaction,
            "tags": dict(entry.tags),
            "times": entry.times,
        }
        needed = {"kind", "time", "received", "environment", "issue", "category", "severity", "level"}
    else:
        about = {"project" if name == "project_id" else name: each for name, each in asdict(entry).items()}
        needed = {"kind", "time", "received", "environment"}
    return {
        name: each
        for name, each in about.items()
        if name in needed or (name == "handled" and each is False) or (each and (name, each) != ("times", 1))
    }


def _fact(entry: dict[str, Any]) -> Fact:
    at = float(entry["time"])
    user = entry.get("user")
    return Fact(
        time=at,
        received=float(entry.get("received", at)),
        project_id=int(entry.get("project", 1)),
        issue_id=int(entry["issue"]),
        uid=bytes.fromhex(entry.get("uid", "")),
        is_new=bool(entry.get("new", False)),
        regressed=bool(entry.get("regressed", False)),
        category=str(entry["category"]),
        severity=str(entry["severity"]),
        level=str(entry.get("level", "error")),
        release=str(entry.get("release", "")),
        environment=str(entry.get("environment", ENVIRONMENT)),
        user=str(user).encode() if user is not None else None,
        handled=entry.get("handled"),
        transaction=str(entry.get("transaction", "")),
        tags=entry.get("tags", {}),
        times=int(entry.get("times", 1)),
    )


def _measurement(entry: dict[str, Any]) -> Measurement:
    at = float(entry["time"])
    durations = tuple((float(seconds), int(times)) for seconds, times in entry.get("durations", ()))
    words = {key: str(entry[key]) for key in ("release", "name", "route", "user", "client") if key in entry}
    numbers = {key: int(entry[key]) for key in ("total", "bad", "errored") if key in entry}
    return Measurement(
        kind=entry["kind"],
        time=at,
        received=float(entry.get("received", at)),
        environment=str(entry.get("environment", ENVIRONMENT)),
        project_id=int(entry.get("project", 1)),
        value=float(entry.get("value", 0.0)),
        durations=durations,
        **words,  # type: ignore[arg-type]
        **numbers,  # type: ignore[arg-type]
    )
