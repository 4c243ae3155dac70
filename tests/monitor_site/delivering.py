"""Writes to the spool as the receiving end does, and runs the digest as the worker does."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from monitor.digest.spooled import digest_spool
from monitor.ingest.spool import RecordMeta, SpoolWriter
from monitor.projects.models import Project
from monitor.protocol import parse_envelope, serialise_envelope

Thing = bytes | dict[str, Any] | tuple[str | dict[str, Any], Any]


@dataclass
class Delivery:
    """Each thing becomes an envelope, and a record, of its own:

    - a dict: an event's payload (a transaction's, if its `type` says so), with an `event_id` if it has none;
    - a pair of item type (or item headers) and payload: an object to be made JSON, or bytes as they are;
    - bytes: a whole envelope.
    """

    spool: Path
    project: Project
    now: float

    def __call__(
        self, *things: Thing, project: Project | None = None, received: float | None = None
    ) -> list[str]:
        """The event ids, in order. `received`, in seconds since 1970, is now unless it is given."""
        ids = self.spooled(*things, project=project, received=received)
        digest_spool(self.spool)
        return ids

    def spooled(
        self, *things: Thing, project: Project | None = None, received: float | None = None
    ) -> list[str]:
        """Only into the spool, as one segment."""
        writer = SpoolWriter(self.spool, min_free_bytes=0)
        ids = []
        for thing in things:
            body = thing if isinstance(thing, bytes) else envelope_of(thing)
            event_id = parse_envelope(body).event_id
            meta = RecordMeta(
                project_id=(project or self.project).pk,
                received_at=time.time() if received is None else received,
                key="0" * 32,
                event_id=event_id,
                client="test/1.0",
            )
            writer.append(meta, body)
            ids.append(event_id or "")
        writer.close()
        return ids

    def envelope(self, *items: Thing, event_id: str | None = None) -> bytes:
        """Several items in one envelope."""
        event_id = event_id or uuid4().hex
        return serialise_envelope({"event_id": event_id}, [_item(one) for one in items])


def envelope_of(thing: Thing) -> bytes:
    if isinstance(thing, dict):
        return serialise_envelope({"event_id": thing.setdefault("event_id", uuid4().hex)}, [_item(thing)])
    return serialise_envelope({"event_id": uuid4().hex}, [_item(thing)])


def _item(thing: Thing) -> tuple[dict[str, Any], bytes]:
    if isinstance(thing, dict):
        kind = "transaction" if thing.get("type") == "transaction" else "event"
        return {"type": kind}, orjson.dumps(thing)
    assert not isinstance(thing, bytes), "An item is an object, or a pair of type and payload."
    headers, payload = thing
    given = {"type": headers} if isinstance(headers, str) else headers
    return given, payload if isinstance(payload, bytes) else orjson.dumps(payload)
