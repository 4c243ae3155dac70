"""Pages of dashboards: every panel of the strategy, with a history and with nothing, and how often they ask."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client

from monitor.dashboards.panels import DRAWN
from monitor.digest.sql import database
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from strategy.model.following_up import PANELS
from tests.monitor_site.dashboards import history
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric

NAMES = tuple(current_strategy().dashboards)


def test_there_is_a_panel_for_each_name_that_the_strategy_may_use() -> None:
    assert set(DRAWN) == set(PANELS)


@pytest.mark.parametrize("name", NAMES)
def test_with_nothing_each_panel_says_what_will_be_here(as_viewer: Client, name: str) -> None:
    page = as_viewer.get(f"/dashboards/{name}/?more=1")
    assert page.status_code == 200
    drawn = page.context["drawn"]
    panels = [*drawn.first, *drawn.second, *drawn.more]
    assert [panel.name for panel in panels] == list(current_strategy().dashboards[name].panels)
    for panel in panels:
        assert panel.empty or panel.figure, panel.name
        assert panel.about


@pytest.mark.parametrize("name", NAMES)
def test_with_a_history_no_panel_is_empty(as_viewer: Client, two_days: float, name: str) -> None:
    page = as_viewer.get(f"/dashboards/{name}/?more=1")
    drawn = page.context["drawn"]
    empty = {panel.name for panel in (*drawn.first, *drawn.second, *drawn.more) if panel.empty}
    assert empty <= {"suspect_commits"}


def test_a_metric_is_linked_from_its_first_value_on(
    as_viewer: Client, deliver: Delivery, project: Project
) -> None:
    """Before it, the metric has no page that a link could open."""
    assert _linked_metrics(as_viewer, "/dashboards/correlation/") == []
    deliver(item(metric("requests", 5, time.time() - 60, route="projects/", status="500")))
    (link,) = _linked_metrics(as_viewer, "/dashboards/correlation/")
    assert as_viewer.get(link).status_code == 200


def _linked_metrics(client: Client, path: str) -> list[str]:
    page = client.get(path).content.decode()
    return [unescape(link) for link in re.findall(r'href="(/performance/metrics/[^"?]+/[^"]*)"', page)]


def test_what_is_shown_above_the_fold_and_what_is_asked_for(as_viewer: Client, project: Project) -> None:
    drawn = as_viewer.get("/dashboards/sre/").context["drawn"]
    assert [len(drawn.first), len(drawn.second), len(drawn.more)] == [4, 4, 0]
    assert drawn.hidden == len(current_strategy().dashboards["sre"].panels) - 8
    assert "panel-memory" not in as_viewer.get("/dashboards/sre/").content.decode()
    assert "panel-memory" in as_viewer.get("/dashboards/sre/?more=1").content.decode()


def test_the_part_that_renews_itself_is_the_same_as_in_the_page(as_viewer: Client, project: Project) -> None:
    part = as_viewer.get("/dashboards/sre/panels/?period=7d")
    assert b"<html" not in part.content
    assert b"panel-health" in part.content
    page = as_viewer.get("/dashboards/sre/?period=7d").content.decode()
    assert 'data-dashboard-every="15"' in page
    assert 'hx-get="/dashboards/sre/panels/?period=7d"' in page
    assert 'data-dashboard-every="60"' in as_viewer.get("/dashboards/business/").content.decode()


def test_a_dashboard_that_the_strategy_has_not(as_viewer: Client, project: Project) -> None:
    assert as_viewer.get("/dashboards/nothing/").status_code == 404
    assert as_viewer.get("/dashboards/nothing/panels/").status_code == 404


def test_the_index_has_all_of_them(as_viewer: Client, project: Project) -> None:
    page = as_viewer.get("/dashboards/").content.decode()
    for dashboard in current_strategy().dashboards.values():
        assert dashboard.title in page
        assert dashboard.audience in page


def test_of_other_projects_nothing_is_shown(
    as_viewer: Client, deliver: Delivery, other_project: Project
) -> None:
    now = time.time()
    deliver(
        item(metric("requests", 500, now - 60, route="secret/", status="500")),
        {"message": "a secret", "level": "error", "environment": "production", "user": {"id": "1"}},
        project=other_project,
    )
    for name in NAMES:
        page = as_viewer.get(f"/dashboards/{name}/?more=1&environment=")
        assert "secret" not in page.content.decode()
        assert "500 requests" not in page.content.decode()
    assert as_viewer.get("/dashboards/sre/?project=other").status_code == 404
    assert "secret" not in as_viewer.get("/dashboards/volume/").content.decode()


def test_how_often_the_database_is_asked_does_not_depend_on_what_is_stored(
    as_viewer: Client, two_days: float, deliver: Delivery
) -> None:
    """All statements, those past Django's cursors too."""
    before = {path: _statements(as_viewer, path) for path in PATHS}
    history.make(deliver, two_days - 60, days=1, begin_at=100)
    for path, number in before.items():
        assert number <= 140, path
        assert _statements(as_viewer, path) <= number, path


PATHS = (
    *(f"/dashboards/{name}/?more=1" for name in NAMES),
    "/dashboards/correlation/",
    "/dashboards/volume/",
)


def _statements(client: Client, path: str) -> int:
    cache.clear()
    told: list[str] = []
    database().set_trace_callback(told.append)
    try:
        assert client.get(path).status_code == 200
    finally:
        database().set_trace_callback(None)
    return sum(statement.startswith("SELECT") for statement in told)


def test_a_long_list_of_types_is_shown_in_pages(
    as_viewer: Client, deliver: Delivery, project: Project
) -> None:
    deliver(*({"exception": {"values": [{"type": f"Flood{n:03}Error", "value": "x"}]}} for n in range(103)))
    first, last = (as_viewer.get(f"/dashboards/events/?by=type&page={page}") for page in (1, 2))
    assert [page.text.count("data-item") for page in (first, last)] == [100, 3]
    assert "<dd>103</dd>" in first.text
    assert "by=type&amp;page=2" in first.text
