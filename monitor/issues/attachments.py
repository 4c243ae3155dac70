"""Files that come with events: kept as they came, in payload files like the events themselves."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.digest.collecting import Origin
from monitor.digest.payloads import payload_store
from monitor.issues.models import Attachment
from monitor.protocol import Item
from monitor.stats.outcomes import DIGESTED, NOT_KEPT

LARGEST = 20 * 1024 * 1024
"""Of one file, in bytes; a larger one is counted and not kept."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """`content` is empty for one that is too large."""

    uid: bytes
    project_id: int
    received: float
    name: str
    content_type: str
    kind: str
    size: int
    content: bytes

    @property
    def is_kept(self) -> bool:
        return self.size <= LARGEST

    @property
    def outcome(self) -> str:
        return DIGESTED if self.is_kept else NOT_KEPT

    @property
    def reason(self) -> str:
        return "" if self.is_kept else "too_large"

    @property
    def quantity(self) -> int:
        """Attachments are counted in bytes; an empty one as one."""
        return max(self.size, 1)


def arrived(item: Item, origin: Origin) -> Arrived:
    """Raises ValueError for one without an event to belong to."""
    if origin.event_id is None:
        raise ValueError("An attachment came without an event id.")
    headers = item.headers
    size = len(item.payload)
    return Arrived(
        uid=bytes.fromhex(origin.event_id),
        project_id=origin.project_id,
        received=origin.received,
        name=_word(headers.get("filename"), 200) or "unnamed",
        content_type=_word(headers.get("content_type"), 100),
        kind=_word(headers.get("attachment_type"), 40) or "event.attachment",
        size=size,
        content=item.payload if size <= LARGEST else b"",
    )


def store(files: list[Arrived]) -> None:
    """A file that came before, of the same event under the same name, is not kept twice."""
    kept = {(one.uid, one.name): one for one in files if one.is_kept}
    if not kept:
        return
    known = Attachment.objects.filter(uid__in={uid for uid, _ in kept}).values_list("uid", "name")
    for uid, name in known:
        kept.pop((bytes(uid), name), None)
    for one in kept.values():
        (place,) = payload_store().append([one.content], received=one.received, project_id=one.project_id)
        Attachment.objects.create(
            project_id=one.project_id,
            uid=one.uid,
            name=one.name,
            content_type=one.content_type,
            kind=one.kind,
            size=one.size,
            received=one.received,
            block_id=place.block,
            slot=place.slot,
        )


def _word(value: object, longest: int) -> str:
    if type(value) is not str:
        return ""
    return "".join(letter for letter in value if letter.isprintable())[:longest].strip()
