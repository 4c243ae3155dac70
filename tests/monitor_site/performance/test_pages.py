"""Pages of transactions, queries and metrics: what they show to whom."""

from __future__ import annotations

import time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from monitor.performance.models import TransactionGroup, TransactionSample
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric
from tests.monitor_site.performance.traced import Json, span, transaction

OVERVIEW = "/performance/"
TASK: Json = {"name": "experiments.tasks.train", "op": "queue.task.celery"}


def _recent(seconds_ago: float = 600) -> float:
    return time.time() - seconds_ago


def _text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return " ".join(answer.content.decode().split())


@pytest.fixture
def slow(deliver: Delivery) -> Json:
    """One with an N+1 and a slow query."""
    reads = [span("db", n, n + 1, f"SELECT * FROM rivers WHERE id = {n}") for n in range(1, 9)]
    thing = transaction(
        *reads,
        span("db", 20, 900, "SELECT sum(flow) FROM days"),
        span("template.render", 900, 950, "projects/list.html"),
        at=_recent(),
        lasts_ms=1000,
        status="internal_error",
    )
    deliver(thing)
    return thing


PAGES = ("overview", "queries", "metrics")


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_what_will_be_there(as_member: Client, page: str) -> None:
    assert 'class="empty"' in _text(as_member, reverse(f"performance:{page}"))


def test_rates_are_of_all_where_the_application_counts_and_of_samples_elsewhere(
    as_member: Client, deliver: Delivery
) -> None:
    deliver(
        transaction(at=_recent(), status="internal_error"),
        transaction(at=_recent(), name="/other/"),
        item(
            metric("requests", 990, _recent(), route="projects/<uuid:project_id>/", status="200"),
            metric("requests", 10, _recent(), route="projects/<uuid:project_id>/", status="503"),
        ),
    )
    page = _text(as_member, OVERVIEW)
    assert "1,000" in page
    assert "1 %" in page
    assert "1 sampled" in page


def test_tasks_have_a_tab_of_their_own(as_member: Client, deliver: Delivery) -> None:
    deliver(
        transaction(at=_recent(), **TASK),
        transaction(at=_recent()),
        item(metric("tasks", 7, _recent(), task=TASK["name"], outcome="ok")),
    )
    web, tasks = _text(as_member, OVERVIEW), _text(as_member, f"{OVERVIEW}?tab=tasks")
    assert TASK["name"] in tasks
    assert TASK["name"] not in web
    assert "/projects/{project_id}/" in web
    assert "/projects/{project_id}/" not in tasks


def test_what_became_slower_than_a_week_before_is_said(as_member: Client, deliver: Delivery) -> None:
    week = 7 * 86400
    for name, before, now in (("/slower/", 100, 200), ("/quicker/", 200, 100), ("/same/", 100, 105)):
        deliver(*(transaction(at=_recent(week + n), lasts_ms=before, name=name) for n in range(20)))
        deliver(*(transaction(at=_recent(n), lasts_ms=now, name=name) for n in range(1, 21)))
    deliver(
        transaction(at=_recent(week), lasts_ms=1, name="/rare/"), transaction(at=_recent(), name="/rare/")
    )
    answer = as_member.get(f"{OVERVIEW}?sort=name")
    verdicts = {row.name: row.verdict for row, _ in answer.context["rows"]}
    assert verdicts == {"/slower/": "worse", "/quicker/": "better", "/same/": "", "/rare/": ""}


@pytest.mark.parametrize("sort", ["time", "requests", "mean", "failures", "apdex", "name", "nonsense"])
def test_the_list_sorts(as_member: Client, deliver: Delivery, sort: str) -> None:
    deliver(
        transaction(at=_recent(), lasts_ms=3000, name="/a/"),
        *(transaction(at=_recent(), lasts_ms=2000, name="/b/", status="aborted") for _ in range(3)),
    )
    rows = [row.name for row, _ in as_member.get(f"{OVERVIEW}?sort={sort}").context["rows"]]
    first = {"mean": "/a/", "name": "/a/", "apdex": "/a/"}.get(sort, "/b/")
    if sort == "apdex":
        assert len(rows) == 2
    else:
        assert rows[0] == first


def test_the_list_finds_and_pages(as_member: Client, deliver: Delivery) -> None:
    deliver(
        *(transaction(at=_recent(), name=f"/page/{letter * 3}/") for letter in "abcdefghijklmnopqrstuvwxyz")
    )
    assert len(as_member.get(OVERVIEW).context["rows"]) == 25
    assert len(as_member.get(f"{OVERVIEW}?page=2").context["rows"]) == 1
    assert "/page/ccc/" in _text(as_member, f"{OVERVIEW}?q=CCC")
    assert "Nothing matches" in _text(as_member, f"{OVERVIEW}?q=zzzz")


def test_the_list_asks_as_often_for_many_as_for_few(
    as_member: Client, deliver: Delivery, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    deliver(*(transaction(at=_recent(), name=f"/page/{letter * 3}/") for letter in "abcdefghijklmnopqrst"))
    with django_assert_max_num_queries(20):
        as_member.get(OVERVIEW)


@pytest.mark.parametrize("period", ["1h", "24h", "7d", "30d", "90d"])
def test_each_period_has_figures(as_member: Client, slow: Json, period: str) -> None:
    group = TransactionGroup.objects.get()
    assert group.name in _text(as_member, f"{OVERVIEW}?period={period}")
    page = as_member.get(f"/performance/transactions/{group.pk}/?period={period}")
    assert page.context["sums"].count == 1
    assert sum(page.context["course"].counts) == 1
    assert page.context["quantiles"]["p95"] == pytest.approx(1000, rel=0.01)


def test_a_transaction_shows_where_its_time_goes_and_what_to_mend(as_member: Client, slow: Json) -> None:
    answer = as_member.get(f"/performance/transactions/{TransactionGroup.objects.get().pk}/")
    layers = {name: max(filter(None, values)) for name, values in answer.context["layers"].items()}
    assert layers == pytest.approx({"own code": 62, "database": 888, "templates": 50}, abs=0.1)
    page = " ".join(answer.content.decode().split())
    assert "SELECT * FROM rivers WHERE id = ?" in page
    assert "N+1" in page
    assert "slow query" in page
    [sample] = TransactionSample.objects.all()
    assert f"/performance/samples/{sample.pk}/" in page


def test_issues_stand_beside_the_transaction_that_they_happened_in(
    as_member: Client, deliver: Delivery, slow: Json
) -> None:
    trace = slow["contexts"]["trace"]["trace_id"]
    deliver(
        {"message": "of the same trace", "contexts": {"trace": {"trace_id": trace, "span_id": "1" * 16}}},
        {"message": "of the same name", "transaction": slow["transaction"]},
        {"message": "of another", "transaction": "/elsewhere/"},
    )
    page = _text(as_member, f"/performance/transactions/{TransactionGroup.objects.get().pk}/")
    assert "of the same trace" in page
    assert "of the same name" in page
    assert "of another" not in page
    sample = _text(as_member, f"/performance/samples/{TransactionSample.objects.get().pk}/")
    assert "of the same trace" in sample
    assert "of the same name" not in sample


def test_a_sample_shows_its_spans_and_others_of_its_trace(
    as_member: Client, deliver: Delivery, slow: Json
) -> None:
    sample = TransactionSample.objects.get()
    deliver(transaction(at=_recent(), trace=slow["contexts"]["trace"]["trace_id"], **TASK))
    page = _text(as_member, f"/performance/samples/{sample.pk}/")
    assert page.count('class="waterfall-bar"') == 10
    assert "projects/list.html" in page
    assert TASK["name"] in page


def test_a_sample_whose_file_is_gone_says_so(as_member: Client, slow: Json) -> None:
    sample = TransactionSample.objects.get()
    TransactionSample.objects.update(slot=99)
    assert "is gone" in _text(as_member, f"/performance/samples/{sample.pk}/")


@pytest.mark.parametrize("sort", ["total", "mean", "longest", "count", "nonsense"])
def test_queries_are_listed_with_who_asks_them(as_member: Client, slow: Json, sort: str) -> None:
    page = _text(as_member, f"/performance/queries/?sort={sort}")
    assert "SELECT sum(flow) FROM days" in page
    assert slow["transaction"] in page
    answer = as_member.get(f"/performance/queries/?sort={sort}")
    counts = {row.statement.text: row.count for row in answer.context["rows"]}
    assert counts == {"SELECT sum(flow) FROM days": 1, "SELECT * FROM rivers WHERE id = ?": 8}
    assert "rivers" in _text(as_member, "/performance/queries/?q=RIVERS")
    assert "Nothing matches" in _text(as_member, "/performance/queries/?q=lakes")


def test_metrics_are_listed_and_taken_apart(as_member: Client, deliver: Delivery) -> None:
    deliver(
        item(
            metric("requests", 40, _recent(), route="a/", status="200"),
            metric("requests", 2, _recent(), route="b/", status="500"),
            metric("train", 3.0, _recent(), kind="distribution", unit="second", model="forest"),
            metric("queue_age", 9, _recent(), kind="gauge", unit="second", queue="ml"),
            metric("odd/na me?", 1, _recent()),
        )
    )
    page = _text(as_member, "/performance/metrics/")
    for name in ("requests", "train", "queue_age", "odd/na me?"):
        assert name in page
    answer = as_member.get("/performance/metrics/requests/?by=status")
    assert [(one.value, one.figure) for one in answer.context["parts"]] == [("200", 40), ("500", 2)]
    answer = as_member.get("/performance/metrics/train/")
    assert max(filter(None, answer.context["course"]["p95"])) == pytest.approx(3, rel=0.01)
    assert as_member.get(reverse("performance:metric", args=["odd/na me?"])).status_code == 200
    for period in ("1h", "7d", "90d"):
        assert as_member.get(f"/performance/metrics/requests/?period={period}").status_code == 200
    assert as_member.get("/performance/metrics/unknown/").status_code == 404


def test_a_metric_is_added_up_to_the_minute_and_narrowed_by_a_label(
    as_member: Client, deliver: Delivery
) -> None:
    now = time.time() // 3600 * 3600 + 1830
    deliver(
        item(
            *(metric("requests", 40, now - ago, route="a/", status="200") for ago in (90, 3500, 3700)),
            metric("requests", 2, now - 90, route="b/:c", status="200"),
            metric("requests", 3, now - 90, route="b/:c", status="500"),
            *(
                metric("train", took, now - 90, kind="distribution", model="forest")
                for took in (1.0, 2.0, 30.0)
            ),
            metric("train", 5.0, now - 90, kind="distribution", model="trees", step="last", by="night"),
            metric("queue_age", 9, now - 300, kind="gauge", queue="ml"),
            metric("queue_age", 4, now - 90, kind="gauge", queue="ml"),
        ),
        received=now,
    )

    def asked(name: str, query: str) -> Any:
        answer = as_member.get(f"/performance/metrics/{name}/?{query}")
        assert answer.status_code == 200
        return answer.context

    with time_machine.travel(now, tick=False):
        # The hour of the chart's first step has more: 40 of them were before the time.
        found = asked("requests", "by=status&period=1h")
        assert found["whole"] == [("Sum", 85, True)]
        assert [(one.value, one.figure) for one in found["parts"]] == [("200", 82), ("500", 3)]
        found = asked("requests", "by=status&period=1h&only=route:b/:c")
        assert found["whole"] == [("Sum", 5, True)]
        assert [(one.value, one.figure) for one in found["parts"]] == [("500", 3), ("200", 2)]
        found = asked("train", "by=model")
        whole = {words: value for words, value, _ in found["whole"]}
        assert whole["Measured"] == 4
        assert whole["p99"] == pytest.approx(30, rel=0.01)
        assert [(one.value, one.number, one.figure) for one in found["parts"]] == [
            ("forest", 3, 11.0), ("trees", 1, 5.0),
        ]  # fmt: skip
        assert asked("queue_age", "")["whole"] == [("Now", 4, True), ("Highest", 9, True)]
        # Labels that are called as something of ours are labels all the same.
        assert [one.figure for one in asked("train", "by=step")["parts"]] == [5.0]
        assert asked("train", "only=by:night")["only"] == asked("train", "only=nonsense:x")["only"] == {}
        assert (
            'name="only" value="route:b/:c"'
            in as_member.get("/performance/metrics/requests/?only=route:b/:c").content.decode()
        )


def test_strangers_see_nothing_of_it(as_member: Client, deliver: Delivery, other_project: Project) -> None:
    deliver(
        transaction(span("db", 0, 600, "SELECT secret FROM others"), at=_recent(), name="/secret/"),
        item(metric("secret_metric", 1, _recent())),
        project=other_project,
    )
    assert "/secret/" not in _text(as_member, OVERVIEW)
    assert "secret" not in _text(as_member, "/performance/queries/")
    assert "secret_metric" not in _text(as_member, "/performance/metrics/")
    group, sample = TransactionGroup.objects.get(), TransactionSample.objects.get()
    for address in (
        f"/performance/transactions/{group.pk}/",
        f"/performance/samples/{sample.pk}/",
        "/performance/metrics/secret_metric/",
    ):
        assert as_member.get(address).status_code == 404, address


def test_hostile_names_are_text(as_admin: Client, deliver: Delivery) -> None:
    nasty = '<script>alert(1)</script>"onx="'
    deliver(
        transaction(
            span("db", 1, 2, f"SELECT {nasty} FROM a"), span(nasty, 2, 3, nasty), at=_recent(), name=nasty
        ),
        item(metric(nasty, 1, _recent(), **{"a<b>": nasty})),
    )
    group, sample = TransactionGroup.objects.get(), TransactionSample.objects.get()
    for address in (
        OVERVIEW,
        "/performance/queries/",
        "/performance/metrics/",
        reverse("performance:metric", args=[nasty]),
        f"/performance/transactions/{group.pk}/",
        f"/performance/samples/{sample.pk}/",
    ):
        assert "<script>alert" not in _text(as_admin, address), address
