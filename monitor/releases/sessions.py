"""Sessions as Sentry's protocol has them: https://develop.sentry.dev/sdk/telemetry/sessions/

A `session` item is an update: it says how one session stands now. A `sessions` item has sums of sessions that are over.
A session counts once, in the hour it started, under the worst that any of its updates said; so it does not matter in
which order updates come, whether one comes twice, or whether the first was lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from monitor.events.clock import MAX_AGE_S, MAX_AHEAD_S, seconds_of
from monitor.releases.naming import environment_of, release_of

COUNT_MAX = 2**32
MAX_BUCKETS = 1000
"""Of one `sessions` item; SDKs send one for each minute."""
HOUR_S, DAY_S = 3600, 86400


class Outcome(IntEnum):
    """The larger, the worse. Errored: went on after an error, or ended with one that nobody handled but no crash."""

    HEALTHY = 0
    ERRORED = 1
    ABNORMAL = 2
    CRASHED = 3


_OUTCOMES = {
    "ok": Outcome.HEALTHY,
    "exited": Outcome.HEALTHY,
    "errored": Outcome.ERRORED,
    "degraded": Outcome.ERRORED,
    "unhandled": Outcome.ERRORED,
    "abnormal": Outcome.ABNORMAL,
    "crashed": Outcome.CRASHED,
}
_SUMMED = ("exited", "errored", "unhandled", "abnormal", "crashed")


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """How one session stands. `started` is seconds since 1970; `user` what the SDK calls `did`, not yet hashed."""

    sid: bytes
    release: str
    environment: str
    started: float
    outcome: Outcome
    is_first: bool
    user: str | None = None

    def joined(self, other: SessionUpdate) -> SessionUpdate:
        """Both updates of one session as one: the same whichever comes first, but for what must not change in it."""
        return SessionUpdate(
            self.sid,
            self.release,
            self.environment,
            min(self.started, other.started),
            max(self.outcome, other.outcome),
            self.is_first or other.is_first,
            self.user or other.user,
        )


@dataclass(frozen=True, slots=True)
class SessionSum:
    """So many sessions, started within the hour of `started`."""

    release: str
    environment: str
    started: float
    counts: Mapping[Outcome, int]
    user: str | None = None


def update_of(payload: Any, received: float) -> SessionUpdate:
    """One `session` item. Raises ValueError that names what is wrong with it."""
    if not isinstance(payload, dict):
        raise ValueError("A session must be a JSON object.")  # noqa: TRY004 - what is sent, not how we are called
    release, environment = _attributes(payload)
    status = payload.get("status", "ok")
    if status not in _OUTCOMES:
        raise ValueError(
            f"The status of a session is {str(status)[:40]!r}; it must be one of {', '.join(_OUTCOMES)}."
        )
    errors = _count(payload, "errors")
    outcome = max(_OUTCOMES[status], Outcome.ERRORED if errors else Outcome.HEALTHY)
    return SessionUpdate(
        _session_id(payload.get("sid")),
        release,
        environment,
        _started(payload.get("started"), received),
        outcome,
        payload.get("init") is True,
        _user(payload.get("did")),
    )


def sums_of(payload: Any, received: float) -> Iterator[SessionSum]:
    """The sums of one `sessions` item. Raises ValueError that names what is wrong with it."""
    if not isinstance(payload, dict):
        raise ValueError("Sums of sessions must be a JSON object.")  # noqa: TRY004
    release, environment = _attributes(payload)
    buckets = payload.get("aggregates")
    if not isinstance(buckets, list) or len(buckets) > MAX_BUCKETS:
        raise ValueError(f"`aggregates` of sessions must be a list of at most {MAX_BUCKETS} objects.")
    for bucket in buckets:
        if not isinstance(bucket, dict):
            raise ValueError("Each of the `aggregates` of sessions must be an object.")  # noqa: TRY004
        counts: dict[Outcome, int] = {}
        for name in _SUMMED:
            number = _count(bucket, name)
            if number:
                counts[_OUTCOMES[name]] = counts.get(_OUTCOMES[name], 0) + number
        if counts:
            started = _started(bucket.get("started"), received)
            yield SessionSum(release, environment, started, counts, _user(bucket.get("did")))


def _attributes(payload: Mapping[str, Any]) -> tuple[str, str]:
    attributes = payload.get("attrs")
    given = attributes if isinstance(attributes, dict) else {}
    release = release_of(given.get("release"))
    if release is None:
        raise ValueError("A session without a release says nothing: `attrs.release` is missing or unusable.")
    return release, environment_of(given.get("environment"))


def _session_id(value: Any) -> bytes:
    try:
        return UUID(str(value)).bytes
    except ValueError as error:
        raise ValueError(f"The sid of a session is {str(value)[:40]!r}; it must be a UUID.") from error


def _started(value: Any, received: float) -> float:
    """When a session started: what it says, unless its clock is past belief; then when it was received."""
    seconds = seconds_of(value)
    if seconds is None or not received - MAX_AGE_S <= seconds <= received + MAX_AHEAD_S:
        return received
    return seconds


def _count(table: Mapping[str, Any], name: str) -> int:
    value = table.get(name)
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value < COUNT_MAX:
        raise ValueError(
            f"`{name}` of a session is {str(value)[:40]!r}; it must be a whole number below 2^32."
        )
    return value


def _user(value: Any) -> str | None:
    return (
        str(value)[:256]
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
        else None
    )
