"""Exact counts: what clients say that they dropped, and what nobody here keeps."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from monitor.ingest.spool import AsideShelf
from monitor.stats.models import EventCount, OutcomeCount
from monitor.stats.outcomes import word
from tests.monitor_site.delivering import Delivery

pytestmark = pytest.mark.django_db


def outcomes() -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for row in OutcomeCount.objects.all():
        found[row.outcome, row.category, row.reason] += row.quantity
    return found


def discarded(reason: Any, category: Any, quantity: Any) -> dict[str, Any]:
    return {"reason": reason, "category": category, "quantity": quantity}


def test_a_client_report_is_added_up(deliver: Delivery) -> None:
    now = time.time()
    report = {
        "timestamp": now,
        "discarded_events": [
            discarded("queue_overflow", "error", 3),
            discarded("sample_rate", "transaction", 40),
        ],
        "filtered_events": [discarded("before_send", "error", 2)],
    }
    deliver(("client_report", report), ("client_report", report), received=now)
    assert outcomes() == {
        ("client_discard", "error", "queue_overflow"): 6,
        ("client_discard", "transaction", "sample_rate"): 80,
        ("client_discard", "error", "before_send"): 4,
        ("digested", "internal", ""): 2,
    }
    assert set(OutcomeCount.objects.values_list("minute", flat=True)) == {int(now // 60)}


def test_of_a_report_what_makes_no_sense_is_left_out(deliver: Delivery) -> None:
    rows = [
        discarded("x" * 100, "error", 1),
        discarded("Ada's letter", "error", 1),
        discarded(None, "no category", 1),
        discarded("queue_overflow", "error", -5),
        discarded("queue_overflow", "error", "many"),
        discarded("queue_overflow", "error", True),
        discarded("queue_overflow", "error", 10**12),
        "no row",
    ]
    deliver(("client_report", {"discarded_events": rows, "filtered_events": 7}))
    assert outcomes() - Counter({("digested", "internal", ""): 1}) == {
        ("client_discard", "error", "x" * 60): 1,
        ("client_discard", "error", "other"): 1,
        ("client_discard", "unknown", "other"): 1,
    }


def test_what_nobody_keeps_is_counted_by_its_type(deliver: Delivery) -> None:
    logs = b'{"items": [{"body": "one"}, {"body": "two"}]}'
    deliver(
        ({"type": "log", "item_count": 2}, logs),
        ("replay_event", {"type": "replay_event"}),
        ("tomorrow", b"\x00\x01"),
    )
    assert outcomes() == {
        ("not_kept", "log_item", "log"): 2,
        ("not_kept", "log_byte", "log"): len(logs),
        ("not_kept", "replay", "replay_event"): 1,
        ("not_kept", "unknown", "tomorrow"): 1,
    }
    assert AsideShelf(deliver.spool).records() == []


@given(st.text(max_size=80))
def test_a_word_is_short_and_harmless(text: str) -> None:
    found = word(text, 20)
    assert 0 < len(found) <= 20
    assert found == "other" or set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.:-")


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["timeout", "database", ""]),
        st.sampled_from(["P0", "P3", ""]),
        st.integers(0, 3),
        st.integers(0, 2),
    ),
    max_size=12,
)


@given(_EVENTS)
@hypothesis_settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_counts_of_events_are_exact(deliver: Delivery, events: list[tuple[str, str, int, int]]) -> None:
    before = _by_key()
    now = time.time()
    expected: Counter[tuple[int, str, str]] = Counter()
    things = []
    for category, severity, suppressed, minutes_ago in events:
        at = now - 60 * minutes_ago
        tags = {"category": category, "severity": severity, "suppressed": str(suppressed)}
        things.append({"message": "x", "timestamp": at, "tags": {k: v for k, v in tags.items() if v}})
        expected[int(at // 60), category, severity] += 1 + suppressed
    deliver(*things, received=now)
    assert _by_key() - before == expected


def _by_key() -> Counter[tuple[int, str, str]]:
    found: Counter[tuple[int, str, str]] = Counter()
    for row in EventCount.objects.all():
        found[row.minute, row.category, row.severity] += row.times
    return found
