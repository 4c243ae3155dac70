"""What can be in an envelope, what it is counted as, and what it needs.

A data category is what Sentry's rate limits, client reports and statistics count in; it is not the item's type.
https://develop.sentry.dev/sdk/data-model/envelope-items/, relay-base-schema/src/data_category.rs
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DATA_CATEGORIES = frozenset(
    {
        "default",
        "error",
        "transaction",
        "security",
        "attachment",
        "session",
        "profile",
        "profile_chunk",
        "profile_chunk_ui",
        "replay",
        "monitor",
        "feedback",
        "metric_bucket",
        "trace_metric",
        "span",
        "log_item",
        "log_byte",
        "internal",
        "unknown",
    }
)


@dataclass(frozen=True, slots=True)
class ItemType:
    """`limit` names a group of `Limits.groups`; `holds_many`: the header `item_count` says how many are in it."""

    name: str
    category: str
    limit: str
    needs_event_id: bool = False
    holds_many: bool = False
    known: bool = True


_TABLE = (
    ItemType("event", "error", "event", needs_event_id=True),
    ItemType("transaction", "transaction", "event", needs_event_id=True),
    ItemType("feedback", "feedback", "event", needs_event_id=True),
    ItemType("security", "security", "event", needs_event_id=True),
    ItemType("raw_security", "security", "security", needs_event_id=True),
    ItemType("nel", "error", "security"),
    ItemType("attachment", "attachment", "attachment", needs_event_id=True),
    ItemType("form_data", "attachment", "form_data", needs_event_id=True),
    ItemType("unreal_report", "error", "attachment", needs_event_id=True),
    ItemType("user_report", "feedback", "user_report", needs_event_id=True),
    ItemType("session", "session", "session"),
    ItemType("sessions", "session", "session"),
    ItemType("client_report", "internal", "client_report"),
    ItemType("check_in", "monitor", "check_in"),
    ItemType("profile", "profile", "profile", needs_event_id=True),
    ItemType("profile_chunk", "profile_chunk", "profile"),
    ItemType("profile_chunk_ui", "profile_chunk_ui", "profile"),
    ItemType("replay_event", "replay", "event", needs_event_id=True),
    ItemType("replay_recording", "replay", "replay"),
    ItemType("replay_video", "replay", "replay"),
    ItemType("log", "log_item", "container", holds_many=True),
    ItemType("trace_metric", "trace_metric", "container", holds_many=True),
    ItemType("span", "span", "span", holds_many=True),
    ItemType("otel_span", "span", "span"),
    ItemType("statsd", "metric_bucket", "metric"),
    ItemType("metric_buckets", "metric_bucket", "metric"),
)
ITEM_TYPES: Mapping[str, ItemType] = {one.name: one for one in _TABLE}
UNKNOWN = ItemType("unknown", "unknown", "unknown", known=False)
_COUNT_MAX = 1_000_000


def item_type(name: str) -> ItemType:
    return ITEM_TYPES.get(name, UNKNOWN)


def quantities(headers: Mapping[str, Any], size: int) -> dict[str, int]:
    """What an item counts as, by data category: attachments by bytes, logs by both, all else by number."""
    kind = item_type(str(headers.get("type")))
    if kind.category == "attachment":
        return {"attachment": max(size, 1)}
    number = headers.get("item_count") if kind.holds_many else 1
    if not isinstance(number, int) or not 0 < number <= _COUNT_MAX:
        number = 1
    if kind.category == "log_item":
        return {"log_item": number, "log_byte": max(size, 1)}
    return {kind.category: number}
