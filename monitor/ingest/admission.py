"""May this key send to this project, from this page, these things now?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.ingest.keyring import KeyRing, ProjectKey
from monitor.protocol import Credentials, ProtocolError, RateLimit, Reason
from monitor.protocol.envelope import Span
from monitor.protocol.item_types import quantities

_MAKES_EVENT = frozenset({"event", "transaction", "feedback", "security", "raw_security"})


def admit(keys: KeyRing, credentials: Credentials, project_id: int | None, origin: str) -> ProjectKey:
    """`project_id` is None at the old `/api/store/`. Raises ProtocolError, KeyRingUnavailableError."""
    key = keys.find(credentials.key)
    if key is None:
        raise ProtocolError(
            Reason.UNKNOWN_KEY,
            "The key of the DSN is not known here; copy the DSN from the project's page again.",
        )
    if project_id is not None and key.project_id != project_id:
        raise ProtocolError(
            Reason.WRONG_PROJECT, f"The key of the DSN is not of project {project_id}; copy the DSN whole."
        )
    if not key.is_active:
        raise ProtocolError(Reason.DISABLED_KEY, f"This key of project {key.project_id} was switched off.")
    if not key.allows_origin(origin):
        raise ProtocolError(
            Reason.FORBIDDEN_ORIGIN,
            f"Pages of {origin[:80]} may not send to project {key.project_id}; add the origin to its key.",
        )
    return key


@dataclass(slots=True)
class Sorted:
    """What of an envelope is taken. `active` are the limits to tell the SDK of."""

    taken: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    skipped: list[int] = field(default_factory=list)
    active: list[RateLimit] = field(default_factory=list)


def sort_items(spans: Sequence[Span], limits: Sequence[RateLimit], now: float) -> Sorted:
    """An event that is limited takes along what belongs to it: attachments without their event are of no use."""
    found = Sorted(active=[limit for limit in limits if limit.until > now])
    event_is_limited = any(
        _is_limited(span, found.active, now) for span in spans if span.type.name in _MAKES_EVENT
    )
    for number, span in enumerate(spans):
        if not span.type.known:
            found.unknown += 1
            continue
        orphaned = event_is_limited and span.type.needs_event_id
        if orphaned or _is_limited(span, found.active, now):
            found.skipped.append(number)
            found.limited.update(quantities(span.headers, span.size))
        else:
            found.taken.update(quantities(span.headers, span.size))
    return found


def _is_limited(span: Span, active: Sequence[RateLimit], now: float) -> bool:
    return any(limit.applies_to(span.type.category, now) for limit in active)
