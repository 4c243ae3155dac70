"""Everything that the page says of one event, made when the page asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from monitor.digest.payloads import PayloadLostError, payload_store
from monitor.events.headline import stacktraces
from monitor.events.model import Event, Frame, Json
from monitor.grouping import Explanation, explain
from monitor.issues.detail import surroundings
from monitor.issues.detail.breadcrumbs import Timeline, timeline_of
from monitor.issues.detail.chain import (
    Order,
    ShownException,
    ShownThread,
    caught_words,
    shown_exceptions,
    shown_threads,
)
from monitor.issues.detail.curl import curl_of
from monitor.issues.detail.raw_traceback import raw_traceback
from monitor.issues.detail.stack import ShownFrame
from monitor.issues.models import StoredEvent


def read_event(stored: StoredEvent) -> Event | None:
    """The event that `stored` stands for; None if its payload is gone, by retention, erasure or a broken disk."""
    try:
        payload = payload_store().read(stored.block_id, stored.slot)
    except PayloadLostError:
        return None
    return Event.from_json(payload)


@dataclass(frozen=True)
class ShownEvent:
    """What the templates ask for. `order` and `all_open` are the reader's choice."""

    event: Event
    order: Order = "newest"
    all_open: bool = False

    @cached_property
    def happened_at(self) -> datetime:
        return datetime.fromtimestamp(self.event.timestamp, UTC)

    @cached_property
    def received_at(self) -> datetime:
        return datetime.fromtimestamp(self.event.received, UTC)

    @cached_property
    def delay_s(self) -> float:
        """Seconds from the failure to its arrival here, where that is worth a word."""
        late = self.event.received - self.event.timestamp
        return late if late >= 60 else 0.0

    @cached_property
    def exceptions(self) -> list[ShownException]:
        return shown_exceptions(self.event, order=self.order, all_open=self.all_open)

    @cached_property
    def threads(self) -> list[ShownThread]:
        return shown_threads(self.event, order=self.order, all_open=self.all_open)

    @cached_property
    def handled(self) -> str:
        """In the words of the last exception's mechanism."""
        if not self.event.exceptions:
            return ""
        return caught_words(self.event.exceptions[-1].get("mechanism", {}))

    @cached_property
    def has_frames(self) -> bool:
        return any(one.trace for one in self.exceptions) or any(one.trace for one in self.threads)

    def frame_called(self, anchor: str) -> ShownFrame | None:
        """The one with this anchor, if it is among those that are shown without a fold."""
        traces = [one.trace for one in self.exceptions] + [one.trace for one in self.threads]
        pieces = (piece for trace in traces if trace for piece in trace.pieces)
        return next((one for one in pieces if isinstance(one, ShownFrame) and one.anchor == anchor), None)

    @cached_property
    def raw_traceback(self) -> str:
        return raw_traceback(self.event)

    @property
    def failing_frames(self) -> list[Frame]:
        """Of the trace that the title speaks of, from the outermost on."""
        return next((trace.get("frames") or [] for trace in stacktraces(self.event)), [])

    @cached_property
    def timeline(self) -> Timeline:
        return timeline_of(self.event)

    @cached_property
    def message_parameters(self) -> Any:
        """What was filled into the message, if it was sent apart."""
        return self.event.params if self.event.template != self.event.message else None

    @cached_property
    def curl(self) -> str:
        return curl_of(self.event)

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        return list((self.event.request or {}).get("headers") or [])

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """Names and values of the query string."""
        return parse_qsl((self.event.request or {}).get("query") or "", keep_blank_values=True)

    @cached_property
    def request_data(self) -> Any:
        return (self.event.request or {}).get("data")

    @cached_property
    def contexts(self) -> list[surroundings.Section]:
        return surroundings.contexts_of(self.event)

    @cached_property
    def trace(self) -> list[tuple[str, Any]]:
        return surroundings.trace_of(self.event)

    @cached_property
    def user(self) -> list[tuple[str, Any]]:
        return surroundings.user_of(self.event)

    @cached_property
    def extra(self) -> list[tuple[str, Any]]:
        return surroundings.extra_of(self.event)

    @cached_property
    def sdk(self) -> list[tuple[str, Any]]:
        return surroundings.sdk_of(self.event)

    @cached_property
    def remarks(self) -> list[surroundings.ShownRemark]:
        return surroundings.remarks_of(self.event)

    @cached_property
    def suppressed(self) -> str:
        return surroundings.suppressed_words(self.event)

    @cached_property
    def other(self) -> Json:
        """Attributes that nobody here knows."""
        return {name: found for name, found in self.event.other.items() if name != "errors"}

    @cached_property
    def explanation(self) -> Explanation:
        return explain(self.event)
