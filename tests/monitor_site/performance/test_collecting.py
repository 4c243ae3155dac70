"""Transactions, from the spool into sums, findings and samples."""

from __future__ import annotations

import time

import orjson
import pytest
from django.db.models import Sum

from monitor.digest.payloads import payload_store
from monitor.metrics.sketch import Sketch
from monitor.performance import groups, keeping
from monitor.performance.apdex import apdex, apdex_t_ms
from monitor.performance.models import (
    QueryFinding,
    SeenTransaction,
    Statement,
    StatementDay,
    TransactionBucket,
    TransactionGroup,
    TransactionSample,
    TransactionSketch,
)
from monitor.performance.sampling import BY_LOT, SLOWEST
from monitor.releases.models import Release
from monitor.stats.models import OutcomeCount
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.performance.traced import Json, span, transaction

NOON = time.time() // 86400 * 86400 - 43_200
SQL = "SELECT * FROM projects WHERE id = %s"


def test_each_transaction_is_in_a_bucket_of_each_length(deliver: Delivery) -> None:
    deliver(
        transaction(at=NOON, lasts_ms=100),
        transaction(at=NOON + 10, lasts_ms=3000, status="internal_error"),
        transaction(at=NOON + 310, lasts_ms=9000),
    )
    deliver(transaction(at=NOON + 20, lasts_ms=200))
    rows = TransactionBucket.objects.order_by("step", "minute").values_list(
        "step", "minute", "count", "failed", "quick", "bearable", "total_ms"
    )
    noon = int(NOON // 60)
    assert [tuple(row)[:-1] for row in rows] == [
        (5, noon, 3, 1, 2, 1),
        (5, noon + 5, 1, 0, 0, 0),
        (60, noon, 4, 1, 2, 1),
        (1440, noon - 720, 4, 1, 2, 1),
    ]
    assert [row[-1] for row in rows] == pytest.approx([3300, 9000, 12300, 12300])
    day = TransactionSketch.objects.get(bucket__step=1440)
    assert Sketch.from_bytes(bytes(day.durations)).quantiles([0, 1]) == pytest.approx([100, 9000], rel=0.011)


@pytest.mark.parametrize(
    ("status", "failed"),
    [("ok", 0), ("cancelled", 0), ("unknown", 0), (None, 0), ("not_found", 1), ("internal_error", 1)],
)
def test_failures_are_what_sentry_calls_failures(deliver: Delivery, status: str | None, failed: int) -> None:
    deliver(transaction(at=NOON, status=status))
    assert TransactionBucket.objects.get(step=60).failed == failed


def test_time_goes_to_layers(deliver: Delivery) -> None:
    deliver(
        transaction(
            span("middleware.django", 0, 90),
            span("template.render", 10, 60),
            span("db", 20, 50, SQL),
            span("db.redis", 70, 75),
            at=NOON,
            lasts_ms=100,
        )
    )
    row = TransactionBucket.objects.get(step=5)
    assert [row.middleware_ms, row.template_ms, row.database_ms, row.cache_ms, row.http_ms] == pytest.approx(
        [35, 20, 30, 5, 0], abs=0.01
    )


def test_what_comes_again_counts_once(deliver: Delivery) -> None:
    thing = transaction(span("db", 1, 2, SQL), at=NOON)
    deliver(thing, thing)
    deliver(thing)
    assert TransactionBucket.objects.get(step=5).count == 1
    assert StatementDay.objects.get().count == 1
    counts = OutcomeCount.objects.filter(category="transaction", outcome__in=("digested", "duplicate"))
    assert dict(counts.values_list("outcome").annotate(n=Sum("quantity"))) == {"digested": 1, "duplicate": 2}


@pytest.mark.parametrize(
    "change",
    [{"start_timestamp": None}, {"timestamp": "yesterday"}, {"start_timestamp": NOON + 99}, {"event_id": 7}],
)
def test_what_is_no_transaction_is_set_aside(deliver: Delivery, change: Json) -> None:
    good = transaction(at=NOON)
    bad = {**transaction(at=NOON), **change}
    envelope = orjson.dumps({}) + b'\n{"type":"transaction"}\n' + orjson.dumps(bad) + b"\n"
    deliver(good, envelope)
    assert TransactionBucket.objects.get(step=5).count == 1
    assert OutcomeCount.objects.filter(outcome="poison").exists()


def test_odd_parts_break_nothing(deliver: Delivery) -> None:
    odd = transaction(at=NOON, name="x\x00y")
    odd["spans"] = [7, {"op": 3}, {"op": "db", "start_timestamp": 1, "timestamp": "?"}, None]
    odd["contexts"] = {"trace": {"op": ["a"], "trace_id": "short", "status": {"a": 1}}}
    deliver(odd, transaction(at=NOON, transaction=None, spans="none", contexts=[1]))
    assert TransactionBucket.objects.filter(step=5).aggregate(n=Sum("count")) == {"n": 2}


def test_addresses_with_ids_are_one_transaction_and_routes_stay(deliver: Delivery) -> None:
    deliver(
        *(transaction(at=NOON, name=f"/a/{n}/b/", source="url") for n in (1, 22)),
        transaction(at=NOON, name="/a/8f1dd7a2-5a93-4bd1-9a2b-aaaaaaaaaaaa/b/", source="url"),
        transaction(at=NOON, name="/2024/{pk}/", source="route"),
    )
    assert set(TransactionGroup.objects.values_list("name", flat=True)) == {"/a/*/b/", "/2024/{pk}/"}


def test_names_without_end_are_counted_as_other(deliver: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MAX_GROUPS", 3)
    deliver(*(transaction(at=NOON, name=f"name {letter}") for letter in "abcdefgh"))
    deliver(transaction(at=NOON, name="name z"))
    assert TransactionGroup.objects.count() == 4
    other = TransactionBucket.objects.get(step=5, group__name="<other>")
    assert other.count == 6


def test_a_clock_past_belief_counts_as_received(deliver: Delivery) -> None:
    deliver(transaction(at=1000.0), transaction(at=NOON + 10**7), received=NOON + 30)
    assert TransactionBucket.objects.get(step=5).minute == NOON // 60


def test_releases_are_known_by_their_transactions(deliver: Delivery) -> None:
    deliver(transaction(at=NOON, release="shop@3.2.1"), transaction(at=NOON, release=None))
    shop = Release.objects.get(version="shop@3.2.1")
    rows = TransactionBucket.objects.filter(step=60).values_list("release_id", "count")
    assert set(rows) == {(shop.pk, 1), (0, 1)}


def test_the_slowest_and_some_by_lot_are_kept_whichever_way_they_come(deliver: Delivery) -> None:
    things = [transaction(at=NOON + n, lasts_ms=10 * n + 10) for n in range(40)]
    for start in (30, 0, 20, 10):
        deliver(*things[start : start + 10])
    kept = {bytes(uid).hex() for uid in TransactionSample.objects.values_list("uid", flat=True)}
    slowest = {thing["event_id"] for thing in things[-SLOWEST:]}
    assert slowest <= kept
    assert len(kept - slowest) <= BY_LOT
    assert len(kept) >= BY_LOT
    # The next day has its own.
    deliver(transaction(at=NOON + 86400 / 2, lasts_ms=1))
    assert TransactionSample.objects.count() == len(kept) + 1


def test_a_sample_says_nothing_of_who_asked(deliver: Delivery) -> None:
    deliver(
        transaction(
            span("db", 1, 9, "SELECT * FROM users WHERE mail = 'ada@example.org'"),
            span("http.client", 10, 20, "GET https://example.org/?token=abcdef0123456789abcdef"),
            at=NOON,
            user={"id": "77", "email": "ada@example.org"},
            tags={"customer": "ada@example.org"},
            request={
                "method": "GET",
                "url": "https://app.example.org/projects/?token=s3cr3ts3cr3t",
                "headers": {"Cookie": "sessionid=abcdef"},
            },
        )
    )
    sample = TransactionSample.objects.get()
    payload = payload_store().read(sample.block_id, sample.slot)
    for secret in (b"ada@", b"s3cr3t", b"abcdef", b"sessionid", b'"77"'):
        assert secret not in payload
    assert len(orjson.loads(payload)["spans"]) == 2
    assert "ada@" not in Statement.objects.get().text


def test_findings_have_an_example_that_is_kept(deliver: Delivery) -> None:
    queries = [span("db", n, n + 1, f"SELECT * FROM rivers WHERE id = {n}") for n in range(1, 9)]
    slow = span("db", 20, 900, "SELECT pg_sleep(1)", data={"code.filepath": "a.py", "code.lineno": 3})
    deliver(*(transaction(*queries, slow, at=NOON + n, lasts_ms=1000 - n) for n in range(20)))
    many, once = QueryFinding.objects.order_by("kind")
    assert (many.kind, many.times, many.spans, many.statement.text) == (
        "n_plus_one",
        20,
        160,
        "SELECT * FROM rivers WHERE id = ?",
    )
    assert (once.kind, once.times, once.source) == ("slow_query", 20, "a.py:3")
    assert once.max_ms == pytest.approx(880, rel=0.01)
    assert TransactionSample.objects.filter(uid=many.example, is_example=True).exists()


def test_what_is_old_goes(deliver: Delivery) -> None:
    deliver(transaction(span("db", 0, 600, SQL), at=NOON, lasts_ms=700))
    keeping.forget_old(NOON + 4 * 86400)
    assert set(TransactionBucket.objects.values_list("step", flat=True)) == {60, 1440}
    keeping.forget_old(NOON + 40 * 86400)
    assert set(TransactionBucket.objects.values_list("step", flat=True)) == {1440}
    assert TransactionSketch.objects.count() == 1
    for model in (TransactionSample, StatementDay, QueryFinding, Statement, SeenTransaction):
        assert not model._default_manager.exists(), model
    keeping.forget_old(NOON + 500 * 86400)
    assert not TransactionBucket.objects.exists()
    assert not TransactionGroup.objects.exists()


def test_apdex_takes_what_is_quick_from_the_strategys_objective(deliver: Delivery) -> None:
    t_ms = apdex_t_ms()
    deliver(*(transaction(at=NOON, lasts_ms=times * t_ms) for times in (0.9, 1.1, 3.9, 4.1)))
    row = TransactionBucket.objects.get(step=5)
    assert (row.quick, row.bearable) == (1, 2)
    assert apdex(row.quick, row.bearable, row.count) == 0.5
