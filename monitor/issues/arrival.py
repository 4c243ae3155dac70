"""What is kept of an event between reading and storing: its payload as bytes, and the few facts that rows are made of."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from django.conf import settings

from monitor.events.model import Event
from monitor.grouping import Grouping
from monitor.issues.tag_choice import tags_of

_SEVERITIES = frozenset({"P0", "P1", "P2", "P3", "P4"})


def user_salt() -> bytes:
    """The installation's secret in users' keys. Another MONITOR_SECRET_KEY, and all users are new ones."""
    return blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"monitor-users").digest()


def user_hash(user_key: str) -> bytes:
    """As tables keep it: the first 8 bytes of `Event.user_key`."""
    return bytes.fromhex(user_key[:16])


@dataclass(slots=True)
class Arrival:
    """One event on its way into the tables. Times are seconds since 1970."""

    uid: bytes
    project_id: int
    received: float
    timestamp: float
    times: int
    payload: bytes
    """Empty while nobody has read the event in full (lookalikes.py); then `raw` is as it came."""
    data_category: str
    grouping: Grouping
    earlier: tuple[Grouping, ...]
    title: str
    culprit: str
    type: str
    value: str
    level: str
    platform: str
    logger: str
    transaction: str
    release: str
    environment: str
    handled: bool | None
    category: str
    severity: str
    user: bytes | None
    tags: dict[str, str]
    error_id: str | None = None
    trace: bytes | None = None
    raw: bytes = b""
    # What storing finds out.
    issue_id: int = 0
    hash_id: int = 0
    is_new: bool = False
    is_kept: bool = True
    """With its payload; otherwise the flood has left it out."""
    regressed: bool = False

    @property
    def hour(self) -> int:
        return int(self.timestamp // 3600)


def arrival_of(
    event: Event,
    *,
    project_id: int,
    data_category: str,
    grouping: Grouping,
    earlier: tuple[Grouping, ...] = (),
) -> Arrival:
    """Of a normalised, scrubbed and grouped event.."""
    severity = event.tags.get("severity", "")
    arrival = Arrival(
        uid=bytes.fromhex(event.event_id),
        project_id=project_id,
        received=event.received,
        timestamp=event.timestamp,
        times=event.times,
        payload=b"",
        data_category=data_category,
        grouping=Grouping(grouping.version, grouping.hash, grouping.method, ()),
        earlier=tuple(Grouping(one.version, one.hash, one.method, ()) for one in earlier),
        title=event.title[:250],
        culprit=event.culprit[:250],
        type=event.type[:200],
        value=event.value[:1000],
        level=event.level,
        platform=event.platform[:30],
        logger=(event.logger or "")[:200],
        transaction=(event.transaction or "")[:250],
        release=(event.release or "")[:200],
        environment=(event.environment or "")[:64],
        handled=event.handled,
        category=event.tags.get("category", "")[:60],
        severity=severity if severity in _SEVERITIES else "",
        user=user_hash(event.user_key) if event.user_key else None,
        tags=tags_of(event),
    )
    put_payload(arrival, event)
    return arrival


def put_payload(arrival: Arrival, event: Event) -> None:
    """What is kept with a payload only."""
    arrival.payload = event.to_json()
    arrival.error_id = event.error_id
    arrival.trace = _trace(event.trace_id)


def _trace(trace_id: str | None) -> bytes | None:
    try:
        return bytes.fromhex(trace_id) if trace_id and len(trace_id) == 32 else None
    except ValueError:
        return None
