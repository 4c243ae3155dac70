"""Feedback as it comes: as an event of type feedback, and as the user reports of older SDKs. Scrubbed here, but for
the contact address, which is taken out before and kept apart: it was given to be answered.

https://develop.sentry.dev/application-architecture/feedback-architecture/
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from monitor.digest.collecting import Origin
from monitor.events import normalise
from monitor.events.model import Event, Json
from monitor.issues.arrival import user_hash, user_salt
from monitor.issues.collecting import scrubber
from monitor.protocol.envelope import normalise_event_id

MESSAGE_MAX = 4096
NAME_MAX = 100
ADDRESS_MAX = 254


@dataclass(frozen=True, slots=True)
class Arrived:
    """Times are seconds since 1970."""

    uid: bytes
    project_id: int
    written: float
    received: float
    message: str
    name: str = ""
    address: str = ""
    url: str = ""
    release: str = ""
    environment: str = ""
    source: str = ""
    event_uid: bytes | None = None
    error_id: str = ""
    user: bytes | None = None


def feedback_of(raw: Json, origin: Origin) -> Arrived:
    """Of a `feedback` item. Raises ValueError for one without a message."""
    contexts = raw.get("contexts")
    said = contexts.pop("feedback", None) if isinstance(contexts, dict) else None
    if not isinstance(said, dict):
        raise ValueError("A feedback must have its words in contexts.feedback.")  # noqa: TRY004 - what was sent
    message = words_of(said.get("message"))
    if not message:
        raise ValueError("A feedback without a message says nothing.")
    page = _line(said.get("url"), 2000)
    if page:
        # Read and scrubbed as the address of any request.
        raw["request"] = {"url": page}
    event = normalise(raw, received=origin.received, event_id=origin.event_id, user_salt=user_salt())
    scrubber().scrub(event)
    return Arrived(
        uid=bytes.fromhex(event.event_id),
        project_id=origin.project_id,
        written=event.timestamp,
        received=origin.received,
        message=message,
        name=name_of(said.get("name")),
        address=_line(said.get("contact_email"), ADDRESS_MAX),
        url=_url_of(event),
        release=(event.release or "")[:200],
        environment=(event.environment or "")[:64],
        source=_line(said.get("source"), 60),
        event_uid=event_uid_of(said.get("associated_event_id")),
        error_id=event.error_id or "",
        user=user_hash(event.user_key) if event.user_key else None,
    )


def user_report_of(raw: Json, origin: Origin) -> Arrived:
    """Of a `user_report` item, which has no id of its own. Raises ValueError for one without comments."""
    return report(
        project_id=origin.project_id,
        received=origin.received,
        comments=raw.get("comments"),
        name=raw.get("name"),
        address=raw.get("email"),
        event_id=raw.get("event_id") or origin.event_id,
    )


def report(
    *, project_id: int, received: float, comments: Any, name: Any, address: Any, event_id: Any
) -> Arrived:
    """The same words about the same event are one feedback, however often they come. Raises ValueError."""
    message = words_of(comments)
    if not message:
        raise ValueError("A user report without comments says nothing.")
    event_uid = event_uid_of(event_id)
    contact = _line(address, ADDRESS_MAX)
    content = "\0".join((str(project_id), event_uid.hex() if event_uid else "", str(comments), contact))
    return Arrived(
        uid=blake2b(content.encode(errors="replace"), digest_size=16).digest(),
        project_id=project_id,
        written=received,
        received=received,
        message=message,
        name=name_of(name),
        address=contact,
        source="user_report",
        event_uid=event_uid,
    )


def words_of(value: Any) -> str:
    """Scrubbed; longer ones are cut."""
    if not isinstance(value, str):
        return ""
    text = "".join(letter if letter.isprintable() or letter in "\n\t" else " " for letter in value)
    return scrubber().text(text.strip()[:MESSAGE_MAX])


def name_of(value: Any) -> str:
    """Scrubbed: some write their address here."""
    return scrubber().text(_line(value, NAME_MAX))[:NAME_MAX]


def event_uid_of(value: Any) -> bytes | None:
    """None of what is no event id."""
    event_id = normalise_event_id(value)
    return bytes.fromhex(event_id) if event_id else None


def _url_of(event: Event) -> str:
    request = event.request or {}
    query = request.get("query", "")
    return (request.get("url", "") + (f"?{query}" if query else ""))[:1000]


def _line(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable()).strip()[:longest]
