"""Metrics, from the spool to what alerts and objectives read."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from django.db.models import Sum

from monitor.metrics import keeping, observers, series
from monitor.metrics.models import MetricDay, MetricHour, MetricMinute, MetricSeries, SeenSums
from monitor.metrics.observers import Increment
from monitor.metrics.selectors import (
    Where,
    error_rate,
    feature_success,
    latest,
    points,
    quantiles,
    rate,
    ratio,
    requests_by,
    sums,
    task_success,
    total,
)
from monitor.metrics.tiers import FINE_S
from monitor.projects.models import Project
from monitor.stats.models import OutcomeCount
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric

NOON = time.time() // 86400 * 86400 - 43_200
"""Of yesterday: the beginning of an hour, and within the time in which minutes are kept."""


def _request(value: float, at: float, route: str, status: str, **more: str) -> dict[str, object]:
    return metric("requests", value, at, route=route, status=status, **more)


@pytest.fixture
def everywhere(project: Project) -> Where:
    return Where([project.pk])


def test_requests_are_added_up_by_whatever_is_asked(deliver: Delivery, project: Project) -> None:
    deliver(
        item(
            _request(7, NOON + 5, "projects/", "200"),
            _request(2, NOON + 50, "projects/", "500"),
            _request(4, NOON + 61, "data/", "404", release="hydroml@2.0.0"),
        ),
        item(
            _request(3, NOON + 9, "projects/", "200"), _request(9, NOON, "x/", "200", environment="staging")
        ),
    )
    here = Where([project.pk], environment="production")
    assert requests_by(here, NOON, NOON + 120, by=("route", "status")) == {
        ("projects/", "200"): 10,
        ("projects/", "500"): 2,
        ("data/", "404"): 4,
    }
    assert requests_by(here, NOON, NOON + 60) == {("projects/",): 12}
    assert requests_by(here, NOON, NOON + 120, by=("release",)) == {
        ("hydroml@1.0.0",): 12,
        ("hydroml@2.0.0",): 4,
    }
    assert requests_by(here, NOON, NOON + 120, by=("route",), status=["404", "500"]) == {
        ("projects/",): 2,
        ("data/",): 4,
    }
    assert total(Where([project.pk]), "requests", NOON, NOON + 60) == 21
    assert total(Where([project.pk], release="hydroml@2.0.0"), "requests", NOON, NOON + 120) == 4


def test_only_the_servers_faults_are_errors(deliver: Delivery, everywhere: Where) -> None:
    deliver(item(*(_request(10, NOON, "a/", status) for status in ("200", "302", "404", "500", "503"))))
    found = error_rate(everywhere, NOON, NOON + 60)
    assert (found.total, found.bad, found.bad_share) == (50, 20, 0.4)
    assert error_rate(everywhere, NOON, NOON + 60, route="b/").share is None


def test_what_users_must_mend_is_neither_success_nor_failure(deliver: Delivery, everywhere: Where) -> None:
    for name, label in (("feature_uses", "feature"), ("tasks", "task")):
        deliver(
            item(
                metric(name, 6, NOON, outcome="ok", **{label: "data"}),
                metric(name, 2, NOON, outcome="failed", **{label: "data"}),
                metric(name, 5, NOON, outcome="refused", **{label: "data"}),
                metric(name, 9, NOON, outcome="failed", **{label: "other"}),
            )
        )
    assert feature_success(everywhere, ["data"], NOON, NOON + 60).share == 0.75
    assert feature_success(everywhere, ["data", "other"], NOON, NOON + 60).bad == 11
    assert task_success(everywhere, NOON, NOON + 60, task="data").share == 0.75


def test_a_ratio_is_made_of_counts_or_the_mean_of_a_gauge(deliver: Delivery, everywhere: Where) -> None:
    deliver(
        item(
            metric("cache_lookups", 70, NOON, outcome="hit"),
            metric("cache_lookups", 30, NOON, outcome="miss"),
            metric("fill", 0.2, NOON, kind="gauge"),
            metric("fill", 0.4, NOON + 61, kind="gauge"),
        )
    )
    found = ratio(everywhere, "cache_hit_ratio", NOON, NOON + 120)
    assert (found.share, found.total) == (0.7, 100)
    assert ratio(everywhere, "fill", NOON, NOON + 120).share == pytest.approx(0.3)
    assert ratio(everywhere, "unknown", NOON, NOON + 120).share is None


def test_a_payload_that_comes_again_counts_once(deliver: Delivery, everywhere: Where) -> None:
    thing = item(_request(5, NOON, "a/", "200"))
    deliver(thing, thing)
    deliver(thing)
    assert total(everywhere, "requests", NOON, NOON + 60) == 5
    counts = dict(
        OutcomeCount.objects.filter(category="trace_metric", outcome__in=("digested", "duplicate"))
        .values("outcome")
        .annotate(n=Sum("quantity"))
        .values_list("outcome", "n")
    )
    assert counts == {"digested": 1, "duplicate": 2}


def test_the_same_bytes_in_another_project_are_another_payload(
    deliver: Delivery, everywhere: Where, other_project: Project
) -> None:
    thing = item(_request(5, NOON, "a/", "200"))
    deliver(thing)
    deliver(thing, project=other_project)
    assert total(everywhere, "requests", NOON, NOON + 60) == 5
    assert total(Where([other_project.pk]), "requests", NOON, NOON + 60) == 5


def test_stretches_over_hours_are_exact_at_their_edges(deliver: Delivery, everywhere: Where) -> None:
    start = NOON - 6 * 3600
    # One each minute for six hours.
    deliver(item(*(_request(1, start + 60 * n + 1, "a/", "200") for n in range(360))))
    for first, minutes in ((0, 360), (17, 300), (1, 59), (59, 122), (30, 330), (0, 1)):
        since = start + 60 * first
        assert total(everywhere, "requests", since, since + 60 * minutes) == minutes, (first, minutes)


def test_steps_of_a_chart_have_no_holes(deliver: Delivery, everywhere: Where) -> None:
    deliver(item(*(_request(n, NOON + 600 * n, "a/", "200") for n in (1, 2, 5))))
    assert rate(everywhere, "requests", NOON, NOON + 3600, 600) == [0, 1, 2, 0, 0, 5]
    assert rate(everywhere, "requests", NOON, NOON + 7200, 3600) == [8, 0]
    assert rate(everywhere, "unknown", NOON, NOON + 120) == [0, 0]


def test_a_gauge_is_what_it_was_last_and_two_servers_are_two(deliver: Delivery, everywhere: Where) -> None:
    deliver(
        item(
            metric("queue_age", 9, NOON + 20, kind="gauge", unit="second", queue="ml"),
            metric("queue_age", 4, NOON + 40, kind="gauge", unit="second", queue="ml"),
            metric("queue_age", 7, NOON + 30, kind="gauge", unit="second", queue="ml", server="web-2"),
        )
    )
    # Late, and older than what is known.
    deliver(item(metric("queue_age", 99, NOON + 1, kind="gauge", unit="second", queue="ml")))
    found = {one.labels["server.address"]: (one.value, one.at) for one in latest(everywhere, "queue_age")}
    assert found == {"web-1": (4, NOON + 40), "web-2": (7, NOON + 30)}
    [step] = points(everywhere, "queue_age", NOON, NOON + 60, 60)
    assert (step.low, step.high, step.count, step.last) == (4, 99, 4, 4)


def test_quantiles_of_a_distribution_are_right_within_one_percent(
    deliver: Delivery, everywhere: Where
) -> None:
    for part in range(4):
        values = range(part, 4000, 4)
        deliver(item(*(metric("train", n + 1, NOON + part, kind="distribution") for n in values)))
    found = quantiles(everywhere, "train", NOON, NOON + 60, [0.5, 0.95, 0.99])
    assert found == pytest.approx([2000, 3800, 3960], rel=0.011)
    assert quantiles(everywhere, "none", NOON, NOON + 60, [0.5]) == [None]


def test_labels_without_end_end_up_as_other_and_still_count(
    deliver: Delivery, everywhere: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MAX_SERIES", 5)
    deliver(item(*(metric("hits", 1, NOON, path=f"/{n}") for n in range(40))))
    deliver(item(metric("hits", 1, NOON, path="/more"), metric("hits", 1, NOON, path="/0")))
    by_path = sums(everywhere, "hits", NOON, NOON + 60, by=("path",))
    assert len(by_path) == 6
    assert by_path[("/0",)] == 2
    assert sum(by_path.values()) == 42
    assert sums(everywhere, "hits", NOON, NOON + 60, by=("<other>",))[("<other>",)] == 36


def test_names_without_end_become_one(
    deliver: Delivery, everywhere: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MAX_NAMES", 3)
    deliver(item(*(metric(f"name-{n}", 1, NOON) for n in range(10))))
    assert MetricSeries.objects.values("name").distinct().count() == 4
    assert total(everywhere, "<other>", NOON, NOON + 60) == 7


@pytest.mark.parametrize(
    "bad",
    [
        {"value": "three"},
        {"value": None},
        {"value": -1.0},
        {"value": True},
        {"name": ""},
        {"name": "x" * 500},
        {"name": ["a"]},
        {"type": "histogram"},
        {"attributes": 7, "type": 4},
    ],
)
def test_what_is_no_metric_is_left_out_and_counted_and_the_others_stay(
    deliver: Delivery, everywhere: Where, bad: dict[str, object]
) -> None:
    good = metric("hits", 1, NOON)
    deliver(item(good, {**good, **bad}, "nonsense"))
    assert total(everywhere, "hits", NOON, NOON + 60) == 1
    left_out = OutcomeCount.objects.get(category="trace_metric", outcome="not_kept")
    assert (left_out.quantity, left_out.reason) == (2, "unreadable")


def test_a_clock_past_belief_counts_as_received(deliver: Delivery, everywhere: Where) -> None:
    deliver(item(metric("hits", 1, 12.0), metric("hits", 2, NOON + 10**9)), received=NOON + 30)
    assert total(everywhere, "hits", NOON, NOON + 60) == 3


def test_no_secret_is_kept_in_a_label(deliver: Delivery) -> None:
    deliver(
        item(metric("hits", 1, NOON, password="hunter2-hunter2", mail="ada@example.org", route="a/<int:pk>/"))
    )
    [labels] = MetricSeries.objects.values_list("labels", flat=True)
    assert "hunter2" not in labels
    assert "ada@" not in labels
    assert "a/<int:pk>/" in labels


def test_observers_hear_each_figure_once(
    deliver: Delivery, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Increment] = []

    def hear(increments: Sequence[Increment]) -> None:
        heard.extend(increments)

    monkeypatch.setattr(observers, "observers", [hear])
    thing = item(metric("failed_logins", 3, NOON), metric("failed_logins", 4, NOON + 1))
    deliver(thing)
    deliver(thing)
    [one] = heard
    assert (one.project_id, one.name, one.total, one.minute) == (project.pk, "failed_logins", 7, NOON // 60)


def test_stretches_over_days_are_exact_at_their_edges(deliver: Delivery, everywhere: Where) -> None:
    start = NOON - 48 * 3600
    # One each half hour for two days: days in the middle, hours and minutes around them.
    deliver(item(*(_request(1, start + 1800 * n + 60, "a/", "200") for n in range(96))))
    for first, number in ((0, 96), (3, 80), (11, 75), (24, 48)):
        since = start + 1800 * first
        assert total(everywhere, "requests", since, since + 1800 * number) == number, (first, number)
    assert sum(rate(everywhere, "requests", start, NOON, 86_400)) == 96


def test_minutes_go_after_some_days_and_hours_and_days_stay(deliver: Delivery, everywhere: Where) -> None:
    deliver(item(metric("hits", 5, NOON)))
    later = NOON + FINE_S + 120
    keeping.forget_old(later)
    assert not MetricMinute.objects.exists()
    assert [row.total for row in MetricHour.objects.all()] == [5]
    keeping.forget_old(NOON + 50 * 86_400)
    assert not MetricHour.objects.exists()
    assert [row.total for row in MetricDay.objects.all()] == [5]
    keeping.forget_old(later + 500 * 86_400)
    assert not MetricDay.objects.exists()
    assert not MetricSeries.objects.exists()
    assert not SeenSums.objects.exists()
