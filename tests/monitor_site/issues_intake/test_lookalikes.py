"""In a flood, an event that looks like one before is not read in full: and nobody can tell from what is stored."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from monitor.digest.collecting import Origin
from monitor.digest.payloads import payload_store
from monitor.events import Event
from monitor.issues import collecting
from monitor.issues.arrival import Arrival
from monitor.issues.event_reading import read_arrival
from monitor.issues.lookalikes import Lookalikes, shape_of
from monitor.issues.models import Issue, IssueTag, IssueUser, SampledEvent, StoredEvent
from tests.monitor.events.recording import sdk_events
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_intake.failing import failure

SALT = b"salt"


def read(raw: dict[str, Any], event_id: str = "ab" * 16) -> Arrival:
    origin = Origin(project_id=1, received=1_795_348_800.0, record="r", event_id=event_id)
    return read_arrival(copy.deepcopy(raw), event_id, origin, "error", SALT)


def told(arrival: Arrival) -> dict[str, Any]:
    return {
        one.name: getattr(arrival, one.name)
        for one in fields(arrival)
        if one.name not in ("payload", "raw", "error_id", "trace")
    }


def by_shape(known: dict[str, Any], raw: dict[str, Any], event_id: str) -> Arrival | None:
    """What a flood makes of `raw`, when it has read `known` before."""
    found = Lookalikes()
    key = shape_of(known, 1)
    assert key is not None
    found.learn(key, read(known))
    origin = Origin(project_id=1, received=1_795_348_800.0, record="r", event_id=event_id)
    shape = shape_of(raw, 1)
    return None if shape is None else found.find(shape, raw, b"as it came", origin, SALT)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in an event something could be changed."""
    if path:
        yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


def changed(raw: dict[str, Any], path: tuple[Any, ...], to: Any) -> dict[str, Any]:
    found = copy.deepcopy(raw)
    inner: Any = found
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = copy.deepcopy(to)
    return found


VALUES = [
    "another",
    "",
    7,
    None,
    True,
    [],
    {},
    ["a", "b"],
    {"type": "Other", "name": "x"},
    "Error: 5",
    10**30,
]


@pytest.fixture(scope="module")
def recorded() -> list[dict[str, Any]]:
    return [event for event in sdk_events().values() if event.get("type") != "transaction"]


@given(which=st.integers(0, 10**6), where=st.integers(0, 10**6), what=st.integers(0, len(VALUES) - 1))
@hypothesis_settings(deadline=None, max_examples=400)
def test_whatever_is_changed_what_is_counted_is_as_if_it_had_been_read(
    recorded: list[dict[str, Any]], which: int, where: int, what: int
) -> None:
    known = recorded[which % len(recorded)]
    every = list(places(known))
    raw = changed(known, every[where % len(every)], VALUES[what])
    event_id = uuid4().hex
    found = by_shape(known, raw, event_id)
    if found is not None:
        assert told(found) == told(read(raw, event_id))


def test_copies_of_an_event_have_one_shape(recorded: list[dict[str, Any]]) -> None:
    for known in recorded:
        raw = copy.deepcopy(known)
        raw["event_id"], raw["timestamp"] = uuid4().hex, "2026-11-22T00:00:00Z"
        raw["user"] = {"id": "another"}
        raw.setdefault("tags", {}).update(request_id=uuid4().hex, error_id="E-12345")
        raw.setdefault("contexts", {})["trace"] = {"trace_id": uuid4().hex, "span_id": "b" * 16}
        raw.setdefault("extra", {})["row"] = 12
        raw["breadcrumbs"] = {"values": []}
        for exception in raw.get("exception", {}).get("values", ()):
            for frame in (exception.get("stacktrace") or {}).get("frames", ()):
                frame["vars"] = {"self": f"<Gauge at 0x{time.time_ns():x}>"}
        before = copy.deepcopy(raw)
        event_id = uuid4().hex
        found = by_shape(
            {
                **known,
                "tags": known.get("tags", {}),
                "extra": known.get("extra", {}),
                "contexts": known.get("contexts", {}),
            },
            raw,
            event_id,
        )
        assert found is not None
        assert told(found) == told(read(raw, event_id))
        assert raw == before, "nothing in it was changed"


@pytest.mark.parametrize(
    "raw",
    [
        {"sentry.interfaces.User": {"id": 1}, "message": "old names"},
        {"message": "a number past 64 bits", "level": 10**30},
        {"message": "NUL in the user", "user": {"id": "a\x00"}},
    ],
)
def test_what_is_odd_is_read_in_full(raw: dict[str, Any]) -> None:
    assert shape_of(raw, 1) is None


def test_a_tag_in_a_fingerprint_makes_another_shape() -> None:
    one, other = (
        {"message": "x", "fingerprint": ["{{ tags.request_id }}"], "tags": {"request_id": text}}
        for text in "ab"
    )
    assert shape_of(one, 1) != shape_of(other, 1)


@pytest.mark.django_db
class TestFlood:
    @pytest.fixture(autouse=True)
    def _flood(self, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
        monkeypatch.setattr(collecting, "lookalikes", Lookalikes())
        settings.PAYLOADS_AN_HOUR = 10

    def event(self, number: int, **more: Any) -> dict[str, Any]:
        return failure(
            user={"id": number % 30},
            tags={"basin": "Inn", "request_id": uuid4().hex, **more.pop("tags", {})},
            extra={"secret_key": "hunter2-hunter2", "row": number},
            **more,
        )

    def test_a_flood_is_counted_as_exactly_as_if_each_were_read(
        self, deliver: Delivery, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read_in_full = []
        real = collecting.read_arrival

        def count(*given: Any) -> Arrival:
            read_in_full.append(given)
            return real(*given)

        monkeypatch.setattr(collecting, "read_arrival", count)
        at = time.time() // 3600 * 3600
        for start in range(0, 600, 100):
            flood = [self.event(start + n) for n in range(100)]
            deliver(*flood, failure("Other"), flood[0], received=at + start / 100)
        issue = Issue.objects.get(type="ValueError")
        assert (issue.times, issue.users) == (600, 30)
        assert IssueTag.objects.get(issue=issue, tag__key="basin").times == 600
        assert IssueUser.objects.filter(issue=issue).count() == 30
        assert issue.stored + SampledEvent.objects.filter(issue=issue).count() == 600
        assert Issue.objects.get(type="Other").times == 6
        # The first batch, one of each kind of the others, and duplicates of the first.
        assert len(read_in_full) < 120
        for row in StoredEvent.objects.filter(issue=issue):
            event = Event.from_json(payload_store().read(row.block_id, row.slot))
            assert event.event_id == row.event_id
            assert event.exceptions[0]["value"] == "no discharge"
            assert event.extra["secret_key"] != "hunter2-hunter2"

    def test_when_it_is_over_each_is_read_again(self, deliver: Delivery) -> None:
        at = time.time() // 3600 * 3600
        deliver(*(self.event(n) for n in range(50)), received=at)
        assert collecting.lookalikes.is_flood
        deliver(failure("Other"), received=at)
        assert not collecting.lookalikes.is_flood
