"""Each number of a dashboard leads to where it can be counted again, and there it is the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from monitor.alerts.models import Episode
from monitor.dashboards.panel import Panel
from monitor.incidents.models import Incident
from monitor.issues.models import Issue
from monitor.performance.models import FindingKind, QueryFinding, Statement, TransactionGroup
from monitor.projects.models import Project
from monitor.releases.commits import CommitData
from monitor.releases.models import Release
from monitor.releases.services import set_commits
from monitor.rota.models import Person, Seat
from monitor.site.strategy_file import current_strategy
from monitor.stats.outcomes import ACCEPTED, count_outcomes
from tests.monitor_site.dashboards import recounting
from tests.monitor_site.dashboards.history import HOUR_S
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.incidents.agreeing import follow
from tests.monitor_site.incidents.episodes import begun
from tests.monitor_site.metrics.sending import item, metric

NAMES = tuple(current_strategy().dashboards)


@pytest.fixture
def told(two_days: float, deliver: Delivery, project: Project, other_project: Project) -> float:
    """The history of two days, with something for the panels that it leaves empty, and another project beside it."""
    deliver(
        {"message": "of others", "level": "error", "environment": "production", "timestamp": two_days - 60,
         "user": {"id": "x"}, "tags": {"severity": "P0", "category": "database"}},
        item(metric("requests", 500, two_days - 60, route="of others/", status="500")),
        project=other_project,
    )  # fmt: skip
    for number, useful in enumerate((True, False, False, None)):
        begun(
            "database", two_days - (number + 1) * HOUR_S, project=project, useful=useful,
            ended_at=None if number == 0 else two_days - number * HOUR_S,
        )  # fmt: skip
    begun("cache", two_days - 90 * HOUR_S, project=project, ended_at=two_days - 3 * HOUR_S, useful=False)
    begun("database", two_days - HOUR_S, project=other_project)
    at = datetime.fromtimestamp(two_days - 2 * HOUR_S, UTC)
    for made, environment, number in ((project, "", 50), (other_project, "production", 51)):
        Incident.objects.create(
            number=number, title=f"Opened by hand, {made}", severity="P2", project=made, environment=environment,
            started_at=at, detected_at=at, updated_at=at,
        )  # fmt: skip
    Issue.objects.filter(type="ZeroDivisionError").update(substatus="regressed")
    _commits(project)
    _slow_queries(project, two_days)
    Seat.objects.create(role="on_call", person=Person.objects.create(name="Jo"))
    minute = int(two_days // 60) - 5
    count_outcomes({(one.pk, minute, ACCEPTED, "error", ""): 40 + one.pk for one in (project, other_project)})
    return two_days


def _commits(project: Project) -> None:
    """Of each release in which issues were first seen, one that touches the file in which one of them failed."""
    failed_in = {issue.first_release: issue.culprit for issue in Issue.objects.filter(project=project)}
    for version, culprit in failed_in.items():
        file = f"{culprit.split(' ')[0].replace('.', '/')}.py"
        commit = CommitData(sha="c0ffee", repository="r", message="A change", files=((file, "M"),))
        set_commits(Release.objects.get(version=version), [commit], by="a test")


def _slow_queries(project: Project, now: float) -> None:
    group = TransactionGroup.objects.filter(project=project, environment="production").first()
    assert group is not None
    for number, kind in enumerate((FindingKind.SLOW, FindingKind.N_PLUS_ONE, FindingKind.N_PLUS_ONE)):
        statement = Statement.objects.create(
            project=project, text=f"SELECT {number} FROM rivers", key=bytes([number] * 16)
        )
        seen = datetime.fromtimestamp(now - (100 if number == 2 else 1) * HOUR_S, UTC)
        QueryFinding.objects.create(
            kind=kind, group=group, statement=statement, times=3, spans=30, total_ms=900, max_ms=600 + number,
            first_seen=seen, last_seen=seen, example=b"",
        )  # fmt: skip


def panels(client: Client, name: str, query: str) -> list[Panel]:
    drawn = follow(client, f"/dashboards/{name}/?more=1{query}")["drawn"]
    return [*drawn.first, *drawn.second, *drawn.more]


@pytest.mark.parametrize(
    "query", ["", "&period=7d&environment=&project=hydroml", "&period=1h", "&period=30d"]
)
@pytest.mark.parametrize("name", NAMES)
def test_each_number_is_counted_again_where_its_link_leads(
    as_admin: Client, told: float, name: str, query: str
) -> None:
    with time_machine.travel(told, tick=False):
        for panel in panels(as_admin, name, query):
            if not panel.empty:
                recounting.check_panel(as_admin, panel)


def test_with_that_history_no_panel_is_left_out(as_admin: Client, told: float) -> None:
    with time_machine.travel(told, tick=False):
        drawn = {panel.name: panel for name in NAMES for panel in panels(as_admin, name, "&period=7d")}
    assert [name for name, panel in drawn.items() if panel.empty] == []
    assert set(recounting.FIGURES) >= set(drawn)


def test_the_page_has_these_links_and_a_shared_one_has_none(as_admin: Client, told: float) -> None:
    with time_machine.travel(told, tick=False):
        html = as_admin.get("/dashboards/sre/?more=1").text
        for panel in panels(as_admin, "sre", ""):
            address = (panel.counted_url or panel.url).replace("&", "&amp;")
            assert f'<a href="{address}">{panel.figure}</a>' in html, panel.name


def test_a_figure_without_a_known_comparison_is_noticed(as_admin: Client, told: float) -> None:
    panel = Panel(title="x", about="x", figure="1", url="/issues/", name="something_new")
    with pytest.raises(KeyError, match="something_new"):
        recounting.check_panel(as_admin, panel)


@pytest.mark.parametrize("query", ["", "&period=7d&environment=&project=hydroml"])
def test_what_is_on_one_axis_leads_to_its_figures(as_admin: Client, told: float, query: str) -> None:
    with time_machine.travel(told, tick=False):
        for strand in follow(as_admin, f"/dashboards/correlation/?{query}")["strands"]:
            page = follow(as_admin, strand.url)
            assert page["together"] if strand.title == "p95 of requests" else page["whole"], strand.title


def test_volume_and_cost_lead_to_what_they_are_made_of(as_admin: Client, told: float) -> None:
    with time_machine.travel(told, tick=False):
        page = as_admin.get("/dashboards/volume/")
        address = page.context["events_url"]
        assert address.replace("&", "&amp;") in page.text
        counted = follow(as_admin, address)["found"]
        without = sum(row.number for row in counted.rows if row.value in ("", "uncategorised"))
        assert without == page.context["coverage"].uncategorised > 0
        assert counted.total == page.context["coverage"].total
        for project, used, _ in page.context["by_project"]:
            assert f'href="/dashboards/volume/?project={project.slug}"' in page.text
            assert follow(as_admin, f"/dashboards/volume/?project={project.slug}")["quota"].used == used > 0


def test_counted_events_lead_to_their_issues(as_admin: Client, told: float) -> None:
    with time_machine.travel(told, tick=False):
        for by in ("severity", "category", "type"):
            found = follow(as_admin, f"/dashboards/events/?by={by}")["found"]
            assert found.rows
            for row in found.rows:
                if row.url:
                    assert recounting.events(follow(as_admin, row.url)) == row.number, (by, row)


def test_what_is_asked_for_wrongly_is_counted_as_usual(as_admin: Client, told: float) -> None:
    page = follow(as_admin, "/dashboards/events/?by=nonsense&level=nonsense&severity=P0,nonsense")
    assert (page["by"], page["level"], page["severities"]) == ("severity", "errors", ["P0"])
    assert [row.value for row in page["found"].rows] == ["P0"]
    empty = as_admin.get("/dashboards/events/?since=2001-01-01&until=2001-01-02")
    assert "Nothing happened in this time" in empty.text
    nowhere = as_admin.get("/dashboards/events/?environment=nowhere")
    assert "Nothing in environment “nowhere”" in nowhere.text


def test_an_open_alert_is_open_in_the_list(as_admin: Client, told: float) -> None:
    """Also one that began before the time of the dashboard."""
    Episode.objects.filter(rule="cache").update(ended_at=None)
    with time_machine.travel(told, tick=False):
        health = next(one for one in panels(as_admin, "sre", "&period=1h") if one.name == "health")
        line = next(one for one in health.lines if one.label == "Open alerts")
        assert line.value == "3"
        recounting.check_panel(as_admin, health)
