"""A batch is stored past what cannot be: the poison stands alone in the end, and nothing else is lost or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from monitor.digest import batches, figures, positions
from monitor.digest.batches import BatchDigester
from monitor.digest.collecting import Collector
from monitor.digest.models import SpoolPosition
from monitor.ingest.spool import AsideShelf, RecordMeta, SpoolReader, SpoolWriter
from monitor.issues.collecting import IssueCollector
from monitor.issues.models import Issue
from monitor.projects.models import Project
from monitor.protocol import serialise_envelope
from monitor.stats.models import OutcomeCount
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.digest.rooms_for_tests import CountingCollector, PickyCollector, counted

pytestmark = pytest.mark.django_db
Session = dict[str, Any]


class Ground:
    """A spool of its own, and a digest of it with the collectors given."""

    def __init__(self, spool: Path, *collectors: Callable[[], Collector]) -> None:
        self.spool = spool
        self.collectors: Sequence[Callable[[], Collector]] = collectors or (CountingCollector,)
        self.shelf = AsideShelf(spool)
        CountingCollector.told.clear()

    def write(self, *envelopes: Sequence[Session | bytes], project_id: int = 1) -> None:
        """Each a record; an item that is bytes is one whose payload is no JSON."""
        writer = SpoolWriter(self.spool, min_free_bytes=0)
        for items in envelopes:
            packed = [
                ({"type": "session"}, item if isinstance(item, bytes) else orjson.dumps(item))
                for item in items
            ]
            writer.append(RecordMeta(project_id, 1_795_348_800.0), serialise_envelope({}, packed))
        writer.close()

    def digest(self) -> None:
        with SpoolReader(self.spool, position_of=positions.position_of) as reader:
            digester = BatchDigester(reader, self.collectors)
            while batch := reader.claim():
                digester.digest(batch)

    def is_empty(self) -> bool:
        return not list((self.spool / "segments").iterdir())


def outcomes() -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in OutcomeCount.objects.all():
        found[f"{row.outcome} {row.category} {row.reason}".strip()] += row.quantity
    return dict(found)


@pytest.fixture
def ground(tmp_path: Path, project: Project) -> Ground:
    project.pk == 1 or Project.objects.filter(pk=project.pk).update(id=1)
    return Ground(tmp_path / "spool")


def test_all_of_a_batch_is_stored_and_told_of(ground: Ground) -> None:
    ground.write([{"name": "a"}], [{"name": "b"}, {"name": "a"}])
    ground.digest()
    assert counted() == {"a": 2, "b": 1}
    assert Counter(CountingCollector.told) == {"a": 2, "b": 1}
    assert outcomes() == {"digested session": 3}
    assert figures.read()["digested_records"] == 2
    assert ground.is_empty()


@pytest.mark.parametrize("fail", ["take", "store"])
@pytest.mark.parametrize("place", [0, 6, 12])
def test_one_poison_record_is_set_aside_and_the_others_are_stored_once(
    ground: Ground, fail: str, place: int
) -> None:
    records: list[list[Session | bytes]] = [[{"name": "good"}] for _ in range(12)]
    records.insert(place, [{"name": "bad", "fail": fail}])
    ground.write(*records)
    ground.digest()
    assert counted() == {"good": 12}
    (aside,) = ground.shelf.records()
    assert aside.record is not None
    assert "bad" in aside.record.body.decode()
    assert "KeyError" in aside.reason if fail == "take" else "ZeroDivisionError" in aside.reason
    reason = "keyerror" if fail == "take" else "zerodivisionerror"
    assert outcomes() == {"digested session": 12, f"poison session {reason}": 1}
    assert ground.is_empty()


def test_a_batch_of_nothing_but_poison_is_set_aside_one_by_one(ground: Ground) -> None:
    ground.write(*([{"name": str(number), "fail": "store"}] for number in range(9)))
    ground.digest()
    assert counted() == {}
    assert len(ground.shelf.records()) == 9
    assert figures.read()["poison"] == 9


@pytest.mark.parametrize("bad", [b"{", {"name": "x", "fail": "read"}, {"name": "x", "fail": "take"}])
def test_the_good_items_of_an_envelope_are_stored_and_a_retry_doubles_nothing(
    ground: Ground, bad: Session | bytes
) -> None:
    ground.write([{"name": "a"}, bad, {"name": "b"}])
    ground.digest()
    assert counted() == {"a": 1, "b": 1}
    (aside,) = ground.shelf.records()
    assert aside.record is not None
    assert len(aside.record.envelope().items) == 1

    ground.shelf.retry(aside.name)
    ground.digest()
    assert counted() == {"a": 1, "b": 1}
    (again,) = ground.shelf.records()
    assert again.record is not None
    assert again.record.meta == aside.record.meta


def test_several_bad_items_of_an_envelope_are_one_record_on_the_shelf(ground: Ground) -> None:
    ground.write([b"{", {"name": "a"}, {"name": "x", "fail": "read"}])
    ground.digest()
    (aside,) = ground.shelf.records()
    assert "no sense" in aside.reason
    assert "JSON" in aside.reason
    assert counted() == {"a": 1}
    assert outcomes()["digested session"] == 1


def test_what_a_rate_limit_had_left_out_stays_out(ground: Ground) -> None:
    body = serialise_envelope(
        {},
        [({"type": "session"}, orjson.dumps({"name": name})) for name in ("limited", "a")]
        + [({"type": "session"}, b"{")],
    )
    writer = SpoolWriter(ground.spool, min_free_bytes=0)
    writer.append(RecordMeta(1, 1_795_348_800.0, skipped=(0,)), body)
    writer.close()
    ground.digest()
    assert counted() == {"a": 1}
    (aside,) = ground.shelf.records()
    assert aside.record is not None
    assert aside.record.meta.skipped == (0, 1)


def test_an_item_that_one_of_two_rooms_cannot_read_is_stored_by_neither(
    tmp_path: Path, ground: Ground
) -> None:
    ground.collectors = (CountingCollector, PickyCollector)
    ground.write([{"name": "a"}, {"name": "b", "odd": True}])
    ground.digest()
    assert counted() == {"a": 1}
    assert len(ground.shelf.records()) == 1


def test_a_record_that_is_no_envelope_is_set_aside_whole(ground: Ground) -> None:
    writer = SpoolWriter(ground.spool, min_free_bytes=0)
    writer.append(RecordMeta(1, 1_795_348_800.0, encodings=("gzip",)), b"not gzip")
    writer.append(RecordMeta(0, 1_795_348_800.0, kind="counts"), b"[[1]]")
    writer.close()
    ground.write([{"name": "a"}])
    ground.digest()
    assert counted() == {"a": 1}
    assert len(ground.shelf.records()) == 2
    assert outcomes()["poison default invalid_encoding"] == 1
    assert outcomes()["poison internal invalid_json"] == 1


def test_what_was_accepted_for_a_project_that_is_gone_is_set_aside(ground: Ground) -> None:
    ground.write([{"name": "a"}], project_id=77)
    ground.digest()
    (aside,) = ground.shelf.records()
    assert "no project 77" in aside.reason


def test_counts_of_the_receiving_end_are_added_up(ground: Ground) -> None:
    writer = SpoolWriter(ground.spool, min_free_bytes=0)
    for _ in range(2):
        body = b'[[1,"accepted","","error",3],[0,"refused","unknown_key","default",2]]'
        writer.append(RecordMeta(0, 1_795_348_800.0, kind="counts"), body)
    writer.close()
    ground.digest()
    assert outcomes() == {"accepted error": 6, "refused default unknown_key": 4}


def test_a_large_batch_is_stored_in_parts(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PART_BYTES", 200)
    ground.write(
        *([{"name": "a", "filling": "x" * 90}] for _ in range(10)), [{"name": "bad", "fail": "store"}]
    )
    ground.digest()
    assert counted() == {"a": 10}
    assert len(CountingCollector.told) == 10
    assert figures.read()["digested_records"] == 11


def test_damaged_bytes_are_counted_and_passed_over(ground: Ground) -> None:
    ground.write([{"name": "a"}], [{"name": "b"}], [{"name": "c"}])
    (segment,) = (ground.spool / "segments").iterdir()
    data = bytearray(segment.read_bytes())
    middle = data.index(b'"b"')
    data[middle + 1] ^= 0xFF
    segment.write_bytes(data)
    ground.digest()
    assert counted() == {"a": 1, "c": 1}
    assert figures.read()["damaged_bytes"] > 0
    assert ground.is_empty()


def test_positions_of_finished_segments_are_forgotten(ground: Ground) -> None:
    for _ in range(3):
        ground.write([{"name": "a"}])
    with SpoolReader(ground.spool, position_of=positions.position_of) as reader:
        digester = BatchDigester(reader, ground.collectors)
        while batch := reader.claim(max_records=1):
            digester.digest(batch)
    assert counted() == {"a": 3}
    # What is left goes with the next batch, or by the clock.
    assert SpoolPosition.objects.count() < 3
    positions.forget_gone(ground.spool)
    assert SpoolPosition.objects.count() == 0


class _KilledError(BaseException):
    """As good as kill -9: nobody catches it, and nothing after it is done."""


class DyingReader(SpoolReader):
    """Dies between the commit and `done`, as often as `deaths` says."""

    deaths = 0

    def done(self, batch: Any) -> list[str]:
        if DyingReader.deaths > 0:
            DyingReader.deaths -= 1
            raise _KilledError
        return super().done(batch)


_RECORDS = st.lists(
    st.lists(
        st.one_of(
            st.builds(lambda name: {"name": name}, st.sampled_from("abc")),
            st.builds(
                lambda name, fail: {"name": name, "fail": fail},
                st.sampled_from("abc"),
                st.sampled_from(["take", "store", "read"]),
            ),
            st.just(b"}"),
        ),
        min_size=1,
        max_size=4,
    ),
    max_size=14,
)


@given(
    segments=st.lists(_RECORDS, max_size=4),
    deaths=st.integers(0, 4),
    most=st.integers(1, 6),
    part=st.integers(1, 400),
)
@hypothesis_settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_poison_and_whenever_it_is_killed_each_good_item_counts_once(
    tmp_path: Path,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    segments: list[Any],
    deaths: int,
    most: int,
    part: int,
) -> None:
    monkeypatch.setattr(batches, "PART_BYTES", part)
    ground = Ground(tmp_path / uuid4().hex)
    before = counted()
    for records in segments:
        ground.write(*records, project_id=project.pk)
    DyingReader.deaths = deaths
    while True:
        try:
            with DyingReader(ground.spool, position_of=positions.position_of) as reader:
                digester = BatchDigester(reader, ground.collectors)
                while batch := reader.claim(max_records=most):
                    digester.digest(batch)
            break
        except _KilledError:
            continue
    items = [item for records in segments for record in records for item in record]
    good = Counter(item["name"] for item in items if isinstance(item, dict) and "fail" not in item)
    after = counted()
    assert {name: after.get(name, 0) - before.get(name, 0) for name in "abc"} == {
        name: good[name] for name in "abc"
    }
    poison = sum(not isinstance(item, dict) or "fail" in item for item in items)
    shelved = sum(len(aside.record.envelope().items) for aside in ground.shelf.records() if aside.record)
    # Killed between the shelf and the commit, it would be there twice; between commit and `done` it is not.
    assert shelved == poison


def test_events_that_come_again_and_again_count_once(deliver: Delivery) -> None:
    event: dict[str, Any] = {"message": "once", "event_id": uuid4().hex}
    deliver(dict(event), dict(event))
    deliver(dict(event))
    issue = Issue.objects.get()
    assert (issue.times, issue.stored) == (1, 1)
    assert outcomes() == {"digested error": 1, "duplicate error": 2}


def test_the_issue_room_fails_alone(deliver: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: IssueCollector) -> None:
        if self._arrivals:
            raise ZeroDivisionError

    monkeypatch.setattr(IssueCollector, "store", fail)
    report = {"discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 3}]}
    deliver(deliver.envelope({"message": "lost"}, ("client_report", report)))
    assert outcomes()["client_discard error queue_overflow"] == 3
    assert outcomes()["poison error zerodivisionerror"] == 1
