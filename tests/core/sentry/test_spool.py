"""The spool in one process, against a real local host that misbehaves."""

import json
import math
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from sentry_sdk import Client, isolation_scope
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from bench.receiver import Receiver
from core.sentry import counters
from core.sentry.counters import CountKey
from core.sentry.filters import Filters
from core.sentry.sampling import FloodGate
from core.sentry.spool import SpoolConfig, lookup, make_spool_transport, spool_status
from core.sentry.spool.sender import THREAD_NAME

Start = Callable[..., Client]
PATIENCE_S = 60.0


@pytest.fixture
def host() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "var" / "spool"


@pytest.fixture
def start(host: Receiver, spool: Path) -> Iterator[Start]:
    """Start the SDK on a spool; what is started is closed, and no thread may be left."""
    clients = []

    def start_client(**settings: Any) -> Client:
        # A host that hangs is waited for longer than a test may take: a caller that waits with it does not go unseen.
        patient = {
            "backoff_first_s": 0.02,
            "backoff_max_s": 0.1,
            "scan_interval_s": 0.1,
            "read_timeout_s": 600,
        }
        transport = make_spool_transport(spool, **(patient | settings))
        client = Client(
            dsn=host.dsn, transport=transport, default_integrations=False, auto_enabling_integrations=False
        )
        clients.append(client)
        return client

    yield start_client
    for client in clients:
        client.close(timeout=0)
    host.mode = "away"  # which lets go of a sender that hangs
    wait_for(lambda: not any(thread.name == THREAD_NAME for thread in threading.enumerate()))


def wait_for(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


def capture(client: Client, message: str = "it failed", **more: Any) -> str:
    event: Any = {"message": message, **more}
    event_id = client.capture_event(event)
    assert event_id is not None
    return event_id


def capture_item(client: Client, kind: str, payload: Any = None) -> None:
    envelope = Envelope(headers={"event_id": os.urandom(16).hex()})
    envelope.add_item(Item(type=kind, payload=PayloadRef(json=payload or {})))
    assert client.transport is not None
    client.transport.capture_envelope(envelope)


def arrived_messages(host: Receiver) -> list[str]:
    events = [
        payload for one in host.received for headers, payload in one["items"] if headers["type"] == "event"
    ]
    return [json.loads(event)["message"] for event in events]


def dropped(directory: Path) -> dict[tuple[str, str], int]:
    counts = counters.read_counts(directory)
    return {(key.reason, key.category): number for key, number in counts.items() if key.kind == "dropped"}


@pytest.mark.parametrize("outage", ["away", "hanging", "500", "503", "401", "403", "404", "429", "302"])
def test_what_is_captured_while_the_host_fails_arrives_in_order_when_it_is_well(
    host: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch, outage: str
) -> None:
    # However long the outage is for this machine: a first envelope that fails often is suspected and overtaken.
    monkeypatch.setattr("core.sentry.spool.sender.SUSPECT_AFTER_FAILURES", 10**9)
    host.mode = outage
    client = start()
    for number in range(20):
        capture(client, f"failure {number}")
    if outage != "away":
        assert host.wait_until(lambda: host.requests or host.connections)
    host.mode = "ok"
    assert host.wait_until(lambda: len(host.stored) == 20)
    assert arrived_messages(host) == [f"failure {number}" for number in range(20)]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_the_host_refuses_for_good_is_dropped_counted_and_told(
    host: Receiver, start: Start, spool: Path, status: int
) -> None:
    host.mode = str(status)
    client = start()
    event_id = capture(client)
    assert host.wait_until(lambda: host.requests[status] == 1)
    host.mode = "ok"
    capture(client, "the next one")
    client.flush(PATIENCE_S)
    client.flush(PATIENCE_S)
    assert dropped(spool) == {(f"status_{status}", "error"): 1}
    assert host.lost == {("send_error", "error"): 1}
    assert arrived_messages(host) == ["the next one"]
    fate = lookup(spool, event_id)
    assert (fate.state, fate.reason) == ("dropped", f"status_{status}")


def test_errors_feedback_and_checkins_go_before_sessions_and_these_before_transactions(
    host: Receiver, start: Start
) -> None:
    host.mode = "away"
    client = start(backoff_first_s=30, backoff_max_s=30)
    for kind in ("transaction", "sessions", "event", "log", "trace_metric", "feedback", "check_in"):
        capture_item(client, kind)
    wait_for(lambda: client.transport._sender.host_is_away)  # type: ignore[union-attr]
    host.mode = "ok"
    client.flush(PATIENCE_S)
    kinds = [headers["type"] for one in host.received for headers, _ in one["items"]]
    assert kinds == ["event", "feedback", "check_in", "sessions", "trace_metric", "transaction", "log"]


def test_a_full_spool_drops_transactions_first_and_then_the_oldest_and_says_so(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "away"
    client = start(max_bytes=40_000, backoff_first_s=30, backoff_max_s=30, scan_interval_s=30)
    oldest = capture(client, "oldest", extra={"padding": "x" * 5000})
    for number in range(6):
        capture_item(client, "transaction", {"spans": [{}] * 3, "padding": "x" * 5000, "number": number})
    wait_for(lambda: spool_status(spool).queued["transaction"] == 6)
    assert not dropped(spool)
    for number in range(12):
        capture(client, f"failure {number}", extra={"padding": "x" * 5000})
    status = spool_status(spool)
    assert status.destinations[0].bytes_on_disk <= 44_000
    losses = dropped(spool)
    assert losses["spool_full", "transaction"] == 6
    assert losses["spool_full", "span"] == 24
    assert lookup(spool, oldest).reason == "spool_full"
    assert losses["spool_full", "error"] + status.queued["error"] == 13
    host.mode = "ok"
    client.flush(PATIENCE_S)
    assert arrived_messages(host)[-1] == "failure 11"
    assert host.wait_until(lambda: host.lost["cache_overflow", "transaction"] == 6)


def test_transactions_wait_in_memory_and_are_written_when_the_process_ends(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "hanging"
    client = start(stop_wait_s=0.01, scan_interval_s=30)
    capture_item(client, "transaction", {"spans": []})
    assert host.wait_until(lambda: host.connections)
    for _ in range(3):
        capture_item(client, "transaction", {"spans": []})
    assert not list(spool.rglob("*.envelope")), "a caller wrote a transaction to disk"
    client.close(timeout=0)
    assert spool_status(spool).queued["transaction"] == 4
    host.mode = "ok"


def test_a_full_queue_drops_transactions_only_counted_and_told(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "hanging"
    client = start(queue_max_envelopes=3, queue_max_items=9)
    capture_item(client, "transaction", {"spans": [{}] * 50})
    assert host.wait_until(lambda: host.connections)
    for _ in range(5):
        capture_item(client, "transaction", {"spans": [{}] * 3})
    assert dropped(spool) == {("queue_overflow", "transaction"): 3, ("queue_overflow", "span"): 12}
    capture(client)
    host.mode = "ok"
    assert host.wait_until(lambda: host.items["transaction"] == 3)
    client.flush(PATIENCE_S)
    assert arrived_messages(host) == ["it failed"]
    assert host.lost == {("queue_overflow", "transaction"): 3, ("queue_overflow", "span"): 12}


def test_while_the_host_is_away_transactions_are_soon_on_disk(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "away"
    client = start(backoff_first_s=30, backoff_max_s=30)
    capture(client)
    wait_for(lambda: "refused" in spool_status(spool).destinations[0].last_error)
    capture_item(client, "transaction", {"spans": []})
    wait_for(lambda: spool_status(spool).queued["transaction"] == 1)
    assert len(client.transport._store.intake) == 0  # type: ignore[union-attr]


def test_what_the_application_changes_after_capturing_is_not_in_the_queued_transaction(
    host: Receiver, start: Start
) -> None:
    host.mode = "hanging"
    client, filters = start(), Filters()
    client.options["before_send_transaction"] = filters.before_send_transaction
    capture(client, "on the wire first")
    assert host.wait_until(lambda: host.connections)
    span: dict[str, Any] = {"op": "db", "data": {"rows": [1]}}
    extra, run = {"steps": [{"n": 1}]}, {"stage": ["validate"]}
    event: Any = {"type": "transaction", "spans": [span], "extra": extra, "contexts": {"run": run}}
    hint: dict[str, Any] = {}
    assert client.capture_event(cast("Any", filters.prepare(event, hint)), hint)
    span["data"]["rows"].append("later")
    extra["steps"][0]["n"] = 2
    run["stage"].append("later")
    host.mode = "ok"
    assert host.wait_until(lambda: host.items["transaction"])
    ((_, payload),) = host.received[-1]["items"]
    sent = json.loads(payload)
    assert sent["spans"][0]["data"] == {"rows": [1]}
    assert sent["extra"]["steps"] == [{"n": 1}]
    assert sent["contexts"]["run"] == {"stage": ["validate"]}


def test_what_is_too_old_is_dropped_and_counted(host: Receiver, start: Start, spool: Path) -> None:
    host.mode = "away"
    client = start(max_age_s=3600)
    with time_machine.travel(-timedelta(hours=2)):
        capture(client, "of yesterday")
    capture(client, "of today")
    wait_for(lambda: dropped(spool) == {("spool_too_old", "error"): 1})
    host.mode = "ok"
    assert host.wait_until(lambda: arrived_messages(host) == ["of today"])


def test_a_rate_limit_holds_for_its_category_only(host: Receiver, start: Start, spool: Path) -> None:
    host.answer_headers = {"X-Sentry-Rate-Limits": "60:transaction;session:key"}
    client = start()
    capture(client, "before")
    wait_for(lambda: client.transport.is_limited("transaction"))  # type: ignore[union-attr]
    host.answer_headers = {}
    capture_item(client, "transaction", {"spans": []})
    capture_item(client, "sessions")
    capture(client, "after")
    assert host.wait_until(lambda: arrived_messages(host) == ["before", "after"])
    wait_for(lambda: ("ratelimit_backoff", "transaction") in dropped(spool))
    # What has arrived leaves the spool once the host's answer is read.
    wait_for(lambda: spool_status(spool).queued == {"session": 1})
    assert host.items["transaction"] == host.items["sessions"] == 0


def test_an_envelope_that_the_host_can_not_digest_does_not_hold_up_the_others(
    host: Receiver, start: Start
) -> None:
    host.mode = "away"
    client = start()
    poison = [capture(client, "poison"), capture(client, "poison too")]
    host.refuse_ids = set(poison)
    good = {capture(client, f"good {number}") for number in range(5)}
    host.mode = "ok"
    assert not host.wait_for(good, PATIENCE_S)
    host.refuse_ids = set()
    assert not host.stored.keys() & set(poison)


def test_a_disk_that_refuses_is_said_once_and_the_envelopes_are_sent_from_memory(
    host: Receiver, start: Start, spool: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host.mode = "away"
    spool.mkdir(parents=True)
    (spool / "not-a-directory").touch()
    client = start(memory_max_bytes=20_000)
    assert client.transport is not None
    client.transport._store.destination = spool / "not-a-directory" / "spool"  # type: ignore[attr-defined]
    for number in range(10):
        capture(client, f"failure {number}", extra={"padding": "x" * 3000})
    assert sum("can't be written" in record.message for record in caplog.records) == 1
    host.mode = "ok"
    assert host.wait_until(lambda: "failure 9" in arrived_messages(host))
    lost = counters.current().snapshot()[CountKey("dropped", "memory_full", "error")]
    assert 0 < lost < 10
    assert host.wait_until(lambda: len(host.stored) == 10 - lost)


def test_what_the_memory_holds_is_brought_to_disk_when_the_disk_is_well(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "away"
    client = start()
    assert client.transport is not None
    store = client.transport._store  # type: ignore[attr-defined]
    spool.mkdir(parents=True)
    (spool / "a-file").touch()
    right, store.destination = store.destination, spool / "a-file" / "spool"
    capture(client)
    assert spool_status(spool).queued == {}
    store.destination = right
    wait_for(lambda: spool_status(spool).queued == {"error": 1})


def test_a_spool_removed_under_a_living_process_is_made_again_and_what_it_held_is_counted_and_told(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "away"
    client = start()
    capture(client, "gone")
    spool.rename(spool.with_name("gone"))
    kept = capture(client, "kept")
    host.mode = "ok"
    assert not host.wait_for({kept}, PATIENCE_S)
    wait_for(lambda: dropped(spool) == {("spool_removed", "error"): 1})
    client.flush(PATIENCE_S)
    assert host.wait_until(lambda: host.lost == {("cache_overflow", "error"): 1})


def test_an_envelope_that_cannot_be_read_holds_up_no_other(host: Receiver, start: Start, spool: Path) -> None:
    """A directory in its place stands for another user's file, which root, as whom tests may run, can read."""
    host.mode = "away"
    first = start()
    capture(first, "unreadable")
    readable = capture(first, "readable")
    first.close(timeout=0)
    unreadable = min(spool.rglob("*.envelope"))
    unreadable.unlink()
    unreadable.mkdir()
    host.mode = "ok"
    start()
    assert not host.wait_for({readable}, PATIENCE_S)
    (last_error,) = spool.glob("*/last-error")
    assert unreadable.name in last_error.read_text(encoding="utf-8")


def test_what_a_closed_client_leaves_is_sent_by_the_next(host: Receiver, start: Start, spool: Path) -> None:
    host.mode = "away"
    first = start()
    ids = {capture(first) for _ in range(5)}
    capture_item(first, "transaction", {"spans": []})
    # It would wait for the host for longer than this test may take.
    first.close(timeout=600)
    assert spool_status(spool).queued == {"error": 5, "transaction": 1, "span": 1}
    host.mode = "ok"
    start()
    assert not host.wait_for(ids, PATIENCE_S)
    assert host.wait_until(lambda: host.items["transaction"] == 1)
    assert set(host.stored.values()) == {1}
    wait_for(lambda: spool_status(spool).total("delivered")["error"] == 5)
    assert spool_status(spool).total("captured")["error"] == 5
    wait_for(lambda: spool_status(spool).destinations[0].living_processes == 1)


def test_what_was_written_for_one_host_is_not_sent_to_another(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "away"
    first = start()
    capture(first, "for the first host")
    first.close(timeout=0)
    with Receiver() as other:
        second = Client(
            dsn=other.dsn,
            transport=make_spool_transport(spool, scan_interval_s=0.1),
            default_integrations=False,
            auto_enabling_integrations=False,
        )
        capture(second, "for the second")
        second.flush(PATIENCE_S)
        second.close(timeout=0)
        assert arrived_messages(other) == ["for the second"]
    assert spool_status(spool).queued == {"error": 1}


def test_a_file_cut_short_by_a_power_cut_is_dropped_and_the_rest_is_sent(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "away"
    first = start()
    capture(first, "cut short")
    capture(first, "whole")
    first.close(timeout=0)
    cut, *_ = sorted(spool.rglob("*.envelope"))
    cut.write_bytes(cut.read_bytes()[:-20])
    (cut.parent / ".writing-7").write_bytes(b"{}")
    host.mode = "ok"
    start()
    assert host.wait_until(lambda: arrived_messages(host) == ["whole"])
    wait_for(lambda: dropped(spool) == {("broken_file", "error"): 1})
    wait_for(lambda: not cut.parent.exists())


def test_an_event_with_a_nan_or_an_object_that_a_hook_left_in_it_still_arrives(
    host: Receiver, start: Start
) -> None:
    class Secretive:
        def __repr__(self) -> str:
            raise AssertionError("the spool ran foreign code")

    client = start()
    capture_item(
        client, "event", {"message": "odd", "extra": {"score": math.nan, "model": Secretive(), 1: {2}}}
    )
    client.flush(PATIENCE_S)
    ((_, payload),) = host.received[0]["items"]
    assert json.loads(payload)["extra"] == {"score": "NaN", "model": "<Secretive>", "1": "<set>"}


def test_many_envelopes_share_one_connection_and_carry_no_key(
    host: Receiver, start: Start, spool: Path
) -> None:
    client = start()
    for _ in range(20):
        capture(client)
    wait_for(lambda: not list(spool.rglob("*.envelope")))
    host.mode = "hanging"
    capture(client, "stays on disk")
    stored = b"".join(path.read_bytes() for path in spool.rglob("*.envelope"))
    assert b"stays on disk" in stored
    assert b"a" * 32 not in stored
    assert b"sent_at" not in stored
    host.mode = "ok"
    assert host.wait_until(lambda: len(host.stored) == 21)
    assert all("sent_at" in one["headers"] and "dsn" not in one["headers"] for one in host.received)
    assert host.connections <= 3


def test_nobody_else_can_read_the_spool(host: Receiver, start: Start, spool: Path) -> None:
    host.mode = "away"
    client = start()
    capture(client, "private")
    client.close(timeout=0)
    wait_for(lambda: not any(thread.name == THREAD_NAME for thread in threading.enumerate()))
    assert list(spool.rglob("*.envelope"))
    for path in spool.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path} is {mode:o}"


def test_support_finds_an_event_by_either_id_wherever_it_is(
    host: Receiver, start: Start, spool: Path
) -> None:
    host.mode = "away"
    client = start()
    event_id = capture(client, tags={"error_id": "E-7QK2-M9"})
    assert lookup(spool, event_id).state == "queued"
    assert lookup(spool, "E-7QK2-M9").event_id == event_id
    host.mode = "ok"
    assert not host.wait_for({event_id}, PATIENCE_S)
    client.flush(PATIENCE_S)
    for wanted in (event_id, f"{event_id[:8]}-{event_id[8:].upper()}", "E-7QK2-M9"):
        fate = lookup(spool, wanted)
        assert (fate.state, fate.event_id, fate.error_id) == ("delivered", event_id, "E-7QK2-M9")
    assert lookup(spool, "E-0000-00").state == "unknown"
    with pytest.raises(ValueError, match="no event or error id"):
        lookup(spool, "../../etc/passwd")


def test_what_the_sdk_drops_by_itself_is_counted_and_told(host: Receiver, start: Start, spool: Path) -> None:
    client = start()
    assert client.transport is not None
    client.transport.record_lost_event("before_send", data_category="error", quantity=3)
    capture(client)
    client.flush(PATIENCE_S)
    assert host.wait_until(lambda: host.lost == {("before_send", "error"): 3})
    assert dropped(spool) == {("before_send", "error"): 3}
    client.flush(PATIENCE_S)
    assert host.lost == {("before_send", "error"): 3}, "a loss was told twice"


def test_a_flood_that_ends_with_its_process_is_counted_and_told(
    host: Receiver, start: Start, spool: Path
) -> None:
    """No later event comes that could carry the tag `suppressed`."""
    client, filters = start(), Filters(gate=FloodGate(burst=2, per_second=0.001, never=()))
    with isolation_scope() as scope:
        scope.add_event_processor(cast("Any", filters.prepare))
        ids = [client.capture_event({"message": "again"}, scope=scope) for _ in range(10)]
    assert len([event_id for event_id in ids if event_id]) == 2
    client.close(timeout=PATIENCE_S)
    assert counters.read_counts(spool)[CountKey("suppressed", "flood", "error")] == 8
    assert host.lost == {("event_processor", "error"): 8}


def test_a_bound_that_can_not_be_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match=r"max_bytes is 0; it must be greater than 0"):
        SpoolConfig(max_bytes=0)
