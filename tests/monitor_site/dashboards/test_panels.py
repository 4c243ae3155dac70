"""What panels say, held against what was sent, figure by figure."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from monitor.access import persons
from monitor.dashboards.affected import forget_old, users_affected
from monitor.dashboards.look import Look
from monitor.dashboards.models import AffectedUser
from monitor.dashboards.panel import Panel, change_of
from monitor.dashboards.panels import draw
from monitor.dashboards.together import moved_along, strands
from monitor.incidents.models import Incident, State
from monitor.issues.models import Issue
from monitor.projects.models import Project
from monitor.releases.models import Deploy, Release
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric

HOUR_S, DAY_S = 3600, 86_400


@pytest.fixture
def look(project: Project) -> Look:
    """The last 24 hours."""
    now = time.time()
    return Look([project], "production", now - DAY_S, now)


def _error(at: float, severity: str = "P2", **more: Any) -> dict[str, Any]:
    made = {
        "message": {"P0": "the basin is gone", "P1": "no model", "P2": "a gap", "P3": "a slow gauge"}[
            severity
        ],
        "level": "error",
        "timestamp": at,
        "environment": "production",
        "tags": {"severity": severity, "category": more.pop("category", "database")},
    }
    return made | more


def _figures(panel: Panel) -> dict[str, str]:
    return {line.label: line.value for line in panel.lines}


def test_error_rate_and_its_change(deliver: Delivery, look: Look) -> None:
    deliver(
        item(
            metric("requests", 980, look.until - HOUR_S, route="a/", status="200"),
            metric("requests", 20, look.until - HOUR_S, route="a/", status="503"),
            metric("requests", 100, look.until - 30 * HOUR_S, route="a/", status="200"),
        )
    )
    panel = draw("error_rate", look)
    assert (panel.figure, panel.note) == ("2 %", "20 of 1,000 requests")
    assert panel.change is not None
    assert (panel.change.words, panel.change.kind) == ("2 points more than before", "worse")
    [chart] = panel.charts
    assert [row.cells[0] for row in chart.rows if row.cells[0] != "–"] == ["2 %"]
    assert chart.threshold is not None
    assert "1 %" in chart.threshold.text


def test_critical_errors_are_p0_and_p1_of_this_environment(deliver: Delivery, look: Look) -> None:
    at = look.until - 1800
    deliver(
        _error(at, "P0"),
        _error(at, "P1"),
        _error(at, "P2"),
        _error(at, "P0", environment="staging"),
        _error(look.since - 1800, "P0"),
        _error(at, "P0", level="warning"),
    )
    panel = draw("critical_errors", look)
    assert (panel.figure, panel.level) == ("2", "failed")
    assert panel.change is not None
    assert panel.change.words == "2 times as before"
    everywhere = draw("critical_errors", replace(look, environment="", _memory={}))
    assert everywhere.figure == "3"
    assert draw("error_trend", replace(look, _memory={})).figure == "3"


def test_users_count_once_however_many_errors_they_meet(deliver: Delivery, look: Look) -> None:
    for user, hours in (("1", 1), ("1", 2), ("1", 2), ("2", 2), ("3", 30)):
        deliver(_error(look.until - hours * HOUR_S, user={"id": user}))
    deliver(_error(look.until - HOUR_S))
    deliver(_error(look.until - HOUR_S, user={"id": "9"}, environment="staging"))
    found = users_affected(look)
    assert found.number == 2
    assert sum(found.by_step) == 3
    assert users_affected(look.before).number == 1
    panel = draw("affected_users", look)
    assert panel.figure == "2"
    assert panel.change is not None
    assert panel.change.kind == "worse"


def test_an_event_that_comes_twice_affects_nobody_twice(deliver: Delivery, look: Look) -> None:
    event = _error(look.until - 60, event_id="a" * 32, user={"id": "1"})
    deliver(event)
    deliver(event)
    assert AffectedUser.objects.count() == 1


def test_an_erased_person_was_affected_by_nothing(deliver: Delivery, look: Look) -> None:
    deliver(_error(look.until - 60, user={"id": "person-1"}), _error(look.until - 60, user={"id": "2"}))
    assert users_affected(look).number == 2
    persons.erase("person-1", "a test")
    assert users_affected(replace(look, _memory={})).number == 1


def test_who_was_affected_is_forgotten_with_the_events(deliver: Delivery, look: Look) -> None:
    deliver(_error(look.until - 60, user={"id": "1"}))
    forget_old(look.until)
    assert AffectedUser.objects.exists()
    forget_old(look.until + 91 * DAY_S)
    assert not AffectedUser.objects.exists()


def test_coverage_on_the_panel_of_categories(deliver: Delivery, look: Look) -> None:
    at = look.until - 60
    deliver(*(_error(at) for _ in range(3)), _error(at, category="uncategorised"))
    panel = draw("categories", look)
    assert (panel.figure, panel.level) == ("75 %", "warning")
    assert _figures(panel) == {"database": "3", "uncategorised": "1"}


def test_new_issues_and_returned_ones(deliver: Delivery, look: Look) -> None:
    deliver(_error(look.since - HOUR_S, message="old"), _error(look.until - 60, message="new"))
    panel = draw("new_issues", replace(look, has_links=True))
    assert panel.figure == "1"
    assert [line.label for line in panel.lines] == ["new"]
    assert draw("regressions", look).figure == "0"
    Issue.objects.filter(title="old").update(substatus="regressed", last_seen=look.until)
    panel = draw("regressions", look)
    assert [panel.figure, panel.level, panel.lines[0].label] == ["1", "warning", "old"]


def test_retries_that_helped(deliver: Delivery, look: Look) -> None:
    at = look.until - 60
    deliver(
        item(
            metric("retried_tasks", 9, at, task="a", outcome="ok"),
            metric("retried_tasks", 1, at, task="b", outcome="failed"),
        )
    )
    panel = draw("retry_success", look)
    assert (panel.figure, panel.note) == ("90 %", "9 of 10 retried tasks")


def test_failed_tasks_without_those_that_were_refused(deliver: Delivery, look: Look) -> None:
    at = look.until - 60
    deliver(
        item(
            metric("tasks", 15, at, task="a", outcome="ok"),
            metric("tasks", 5, at, task="a", outcome="failed"),
            metric("tasks", 50, at, task="a", outcome="refused"),
        )
    )
    panel = draw("task_failures", look)
    assert (panel.figure, panel.note, _figures(panel)) == ("25 %", "5 of 20 runs", {"a": "5"})


def test_data_that_could_be_used_is_counted_in_files_and_not_in_seconds(
    deliver: Delivery, look: Look
) -> None:
    at = look.until - 60
    for outcome, number in (("ok", 3), ("refused", 1), ("failed", 1)):
        for _ in range(number):
            deliver(
                item(metric("processing_time_s", 99.0 + number, at + _, kind="distribution", outcome=outcome))
            )
    panel = draw("data_quality", look)
    assert panel.figure == "75 %"
    assert panel.note == "1 of 4 files refused; 1 failed by our fault"
    assert draw("processing_time", look).figure.startswith("1 min 4")


def test_features_by_their_titles_the_worst_first(deliver: Delivery, look: Look) -> None:
    at = look.until - 60
    deliver(
        item(
            metric("feature_uses", 90, at, feature="data", outcome="ok"),
            metric("feature_uses", 10, at, feature="data", outcome="failed"),
            metric("feature_uses", 99, at, feature="projects", outcome="ok"),
            metric("feature_uses", 1, at, feature="projects", outcome="failed"),
        )
    )
    panel = draw("feature_success", look)
    assert list(_figures(panel).items()) == [("Data sources", "90 %"), ("Projects", "99 %")]
    assert panel.figure == "94.5 %"


def test_a_queue_that_is_too_old_and_a_cache_that_misses(deliver: Delivery, look: Look) -> None:
    at = look.until - 90
    deliver(
        item(
            metric("queue_age_s", 700, at, kind="gauge"),
            metric("cache_lookups", 79, at, outcome="hit"),
            metric("cache_lookups", 21, at, outcome="miss"),
        )
    )
    assert [draw("queue_age", look).figure, draw("queue_age", look).level] == ["11 min 40 s", "warning"]
    cache = draw("cache_hit_ratio", look)
    assert (cache.figure, cache.level) == ("79 %", "warning")
    assert cache.charts[0].threshold is not None
    assert "80 %" in cache.charts[0].threshold.text


def test_incidents_and_how_long_they_took(look: Look, project: Project) -> None:
    began = look.until - 5 * HOUR_S
    for number, (severity, took) in enumerate(
        (("P0", 600), ("P0", 3600), ("P1", 1200), ("P1", None)), start=1
    ):
        Incident.objects.create(
            number=number,
            title=f"Incident {number}",
            severity=severity,
            project=project,
            environment="production",
            state=State.RESOLVED if took else State.TRIGGERED,
            started_at=began,
            detected_at=began + 30,
            updated_at=began,
            resolved_at=began + took if took else None,
        )
    panel = draw("resolution_time", look)
    assert (panel.figure, panel.note) == ("30 min", "of 3 incidents")
    told = _figures(panel)
    assert told["P0 resolved after"] == "35 min"
    assert told["P1 resolved after"] == "20 min"
    # The fourth is open, and past the four hours of its severity.
    assert told["Resolved in time"] == "50 %"
    assert told["Detected after"] == "30 s"
    incidents = draw("incidents", look)
    assert (incidents.figure, incidents.note) == ("4", "1 still open")
    assert [line.label for line in incidents.lines] == ["#4 Incident 4"]
    assert draw("health", look).figure == "Incident"


def test_what_lies_on_one_axis_with_deploys_as_marks(deliver: Delivery, look: Look) -> None:
    sent = []
    for hour in range(24):
        at, bad = look.until - hour * HOUR_S - 60, 40 if hour == 5 else 1
        sent += [
            metric("requests", 1000, at, route="a/", status="200"),
            metric("requests", bad, at, route="a/", status="500"),
            metric("queue_length", 3 * bad, at, kind="gauge"),
            metric("memory", 10**8 + (hour % 3) * 10**6, at, kind="gauge"),
            metric("cache_lookups", 100 - bad, at, outcome="hit"),
            metric("cache_lookups", bad, at, outcome="miss"),
        ]
    deliver(item(*sent), _error(look.until - 60, release="hydroml@1.0.0"))
    release = Release.objects.get()
    Deploy.objects.create(release=release, environment="production", finished_at=look.until - 6 * HOUR_S)
    Deploy.objects.create(release=release, environment="staging", finished_at=look.until - 7 * HOUR_S)
    found = {strand.title: strand for strand in strands(look)}
    assert {len(one.chart.slots) for one in found.values()} == {len(look.starts)}
    assert found["Length of the queue"].words == "rises with the error rate"
    assert found["Cache hits"].words == "falls as the error rate rises"
    assert found["Memory of a worker"].words == "does not move with the error rate"
    assert found["Age of the queue"].words == ""
    for strand in found.values():
        [mark] = strand.chart.marks
        assert mark.text == "Deploy of hydroml@1.0.0"
        assert float(mark.x.rstrip("%")) == pytest.approx(
            100 * (look.until - 6 * HOUR_S - look.starts[0]) / (len(look.starts) * HOUR_S), abs=0.01
        )


def test_what_moves_along_is_not_said_of_little() -> None:
    assert moved_along([1.0] * 5, [2.0] * 5) is None
    assert moved_along([1.0] * 20, list(range(20))) is None
    assert moved_along(
        [float(n) for n in range(20)], [None, *(2.0 * n for n in range(1, 20))]
    ) == pytest.approx(1)


@pytest.mark.parametrize(
    ("now", "before", "unit", "words", "kind"),
    [
        (150, 100, "", "50 % more than before", "worse"),
        (50, 100, "", "50 % less than before", "better"),
        (100, 100, "", "as before", "other"),
        (300, 100, "", "3 times as before", "worse"),
        (5, 0, "", "none before", "other"),
        (0.02, 0.0125, "share", "0.75 points more than before", "worse"),
    ],
)
def test_a_change_says_against_what_and_whether_that_is_good(
    now: float, before: float, unit: str, words: str, kind: str
) -> None:
    change = change_of(now, before, more_is=False, unit=unit)
    assert change is not None
    assert (change.words, change.kind) == (words, kind)


def test_nothing_is_compared_with_nothing() -> None:
    assert change_of(5, None, more_is=True) is None
    assert change_of(0, 0, more_is=True) is None


@pytest.mark.parametrize(
    "length_s", [HOUR_S, 6 * HOUR_S, DAY_S, 7 * DAY_S, 14 * DAY_S, 30 * DAY_S, 90 * DAY_S]
)
def test_every_period_has_some_dozens_of_steps_that_hold_all_of_it(project: Project, length_s: int) -> None:
    now = time.time()
    look = Look([project], "", now - length_s, now)
    assert 20 <= len(look.starts) <= 100
    assert look.starts[0] <= look.since < look.starts[1]
    assert look.starts[-1] <= look.until <= look.starts[-1] + look.step
    assert look.moments[0] == datetime.fromtimestamp(look.starts[0], UTC)


def test_links_lead_to_what_the_figure_was_made_of(as_viewer: Client, deliver: Delivery, look: Look) -> None:
    """The list behind a panel of issues has as many of them as the panel says."""
    deliver(_error(look.until - 60, "P0"), _error(look.until - 60, "P2"), _error(look.until - 60, "P3"))
    for name, number in (("critical_errors", 1), ("new_issues", 3)):
        panels = as_viewer.get(
            "/dashboards/sre/?more=1" if name == "critical_errors" else "/dashboards/development/"
        )
        drawn = panels.context["drawn"]
        panel = next(one for one in (*drawn.first, *drawn.second, *drawn.more) if one.name == name)
        listed = as_viewer.get(panel.url)
        assert len(listed.context["rows"]) == number, panel.url
