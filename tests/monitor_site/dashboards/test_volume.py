"""Volume and cost: by project, category and reason, against the quota, and what it costs where somebody has said so."""

from __future__ import annotations

import time

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django.fixtures import Settings

from monitor import environment
from monitor.dashboards.look import Look
from monitor.dashboards.panels import draw
from monitor.projects.models import Project
from monitor.stats.outcomes import ACCEPTED, CLIENT_DISCARD, REFUSED, count_outcomes

NOON = 1_797_076_800
"""Saturday, 12 December 2026, 12:00 UTC: eleven and a half of the month's 31 days are over."""


@pytest.fixture
def a_month_so_far(project: Project, other_project: Project) -> None:
    """10,000 errors on each of the last ten days, of one project; some refused; a little of another one."""
    cache.clear()
    minute = NOON // 60
    outcomes = {(project.pk, minute - 1440 * day, ACCEPTED, "error", ""): 10_000 for day in range(10)}
    outcomes |= {
        (project.pk, minute, REFUSED, "error", "rate_limited"): 77,
        (project.pk, minute, CLIENT_DISCARD, "transaction", "sample_rate"): 4321,
        (project.pk, minute, ACCEPTED, "transaction", ""): 555,
        (other_project.pk, minute, ACCEPTED, "error", ""): 13,
    }
    count_outcomes(outcomes)


@pytest.mark.usefixtures("a_month_so_far")
def test_by_project_category_and_reason(as_viewer: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        page = as_viewer.get("/dashboards/volume/")
    text = page.content.decode()
    assert page.context["quota"].used == 100_000
    assert [(project.slug, used) for project, used, _ in page.context["by_project"]] == [("hydroml", 100_000)]
    assert [(row.category, row.month) for row in page.context["taken"]] == [
        ("error", 100_000),
        ("transaction", 555),
    ]
    assert "rate limit" in text
    assert "4,321" in text
    assert "sampled by the client" in text
    assert "Cost" not in text.replace("Volume and cost", "")


@pytest.mark.usefixtures("a_month_so_far")
def test_the_panel_forecasts_the_month(project: Project) -> None:
    with time_machine.travel(NOON, tick=False):
        panel = draw("volume", Look([project], "", NOON - 86_400, NOON))
    # 6.5 days of the last seven are over and had 70,000; 19.5 days are left: 100,000 + 19.5 × 70,000 ÷ 6.5.
    assert panel.figure == "10 %"
    assert panel.note == "of 1,000,000 this month; 310,000 at its end"
    assert panel.level == "ok"


@pytest.mark.usefixtures("a_month_so_far")
def test_what_it_costs_where_somebody_has_said_so(
    as_viewer: Client, settings: Settings, project: Project
) -> None:
    settings.EVENT_COST, settings.EVENT_CURRENCY = 0.0003, "USD"
    with time_machine.travel(NOON, tick=False):
        page = as_viewer.get("/dashboards/volume/").content.decode()
        panel = draw("volume", Look([project], "", NOON - 86_400, NOON))
    assert "30.00 USD" in page
    assert "93.00 USD" in page
    assert panel.note.endswith("310,000 at its end, which costs 93.00 USD")


def test_with_nothing_it_says_so(as_viewer: Client, project: Project) -> None:
    cache.clear()
    page = as_viewer.get("/dashboards/volume/").content.decode()
    assert "No error was sent this month" in page
    assert "Nothing was sent in the last 30 days." in page
    assert draw("volume", Look([project], "", time.time() - 86_400, time.time())).figure == "0 %"


@pytest.mark.parametrize("written", ["a lot", "-1", "nan", "inf"])
def test_a_cost_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("MONITOR_EVENT_COST", written)
    with pytest.raises(ImproperlyConfigured, match="MONITOR_EVENT_COST"):
        environment.number("MONITOR_EVENT_COST", 0.0)
