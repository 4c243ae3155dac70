"""The figures of a month of incidents that was made up by hand, and reckoned on paper: November 2026, in Vienna.

    #  severity  started         detected  acknowledged  resolved   came back
    1  P0        2 Nov 10:00:00  +60 s     +120 s        +20 min    no
    2  P0        9 Nov 10:00:00  +30 s     +240 s        +50 min    of 1
    3  P1        9 Nov 15:00:00  +90 s     +600 s        +3 h       no
    4  P2        16 Nov 10:00    +0 s      nobody        +20 h      no (resolved itself)
    5  P1        23 Nov 10:00    +120 s    nobody        open       no
    6  P3        24 Nov 10:00    +60 s     +180 s        +1 h       no (no goal for P3)

`started` to detected, detected to acknowledged, started to resolved.

MTTD  (60 + 30 + 90 + 0 + 120 + 60) / 6 = 360 / 6                       = 60 s
MTTA  (120 + 240 + 600 + 180) / 4 = 1140 / 4                            = 285 s
MTTR  (1200 + 3000 + 10800 + 72000 + 3600) / 5 = 90600 / 5              = 18120 s
      P0 (1200 + 3000) / 2 = 2100 s, P1 10800 s, P2 72000 s
In time (P0 30 min, P1 4 h, P2 24 h): 1 yes, 2 no, 3 yes, 4 yes, 5 no (open for a week), 6 is not judged: 3 of 5 = 60 %
Came back: 1 of 6
Of no use: three alerts were judged, one was of no use: 1 of 3
Category: 90 of 100 events have one
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils.html import escape

from monitor.incidents.figures import Figures, Stretch, figures, months, weeks
from monitor.incidents.models import Incident, State
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from monitor.stats.models import EventCount
from tests.monitor_site.incidents.agreeing import check, follow
from tests.monitor_site.incidents.episodes import begun

VIENNA = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=VIENNA)
NOVEMBER = Stretch(datetime(2026, 11, 1, tzinfo=VIENNA), datetime(2026, 12, 1, tzinfo=VIENNA), "Nov 2026")


def _incident(
    project: Project,
    number: int,
    severity: str,
    started: str,
    detected: float,
    acknowledged: float | None,
    resolved: float | None,
    before: Incident | None = None,
) -> Incident:
    start = datetime.fromisoformat(f"2026-11-{started}").replace(tzinfo=VIENNA)
    found = start + timedelta(seconds=detected)
    return Incident.objects.create(
        number=number,
        title=f"number {number}",
        severity=severity,
        state=State.TRIGGERED if resolved is None else State.RESOLVED,
        project=project,
        environment="production",
        started_at=start,
        detected_at=found,
        updated_at=found,
        acknowledged_at=None if acknowledged is None else found + timedelta(seconds=acknowledged),
        resolved_at=None if resolved is None else start + timedelta(seconds=resolved),
        recurrence_of=before,
    )


@pytest.fixture
def month(project: Project, other_project: Project) -> Project:
    first = _incident(project, 1, "P0", "02 10:00", 60, 120, 20 * 60)
    _incident(project, 2, "P0", "09 10:00", 30, 240, 50 * 60, first)
    _incident(project, 3, "P1", "09 15:00", 90, 600, 3 * 3600)
    _incident(project, 4, "P2", "16 10:00", 0, None, 20 * 3600)
    _incident(project, 5, "P1", "23 10:00", 120, None, None)
    _incident(project, 6, "P3", "24 10:00", 60, 180, 3600)
    # None of these count: another project, another month.
    _incident(other_project, 7, "P0", "03 10:00", 9999, 9999, 99999)
    october = _incident(project, 8, "P0", "01 00:00", 9999, 9999, 99999)
    Incident.objects.filter(pk=october.pk).update(
        started_at=NOVEMBER.since - timedelta(hours=1), detected_at=NOVEMBER.since - timedelta(seconds=1)
    )
    for number, useful in enumerate((True, True, False, None)):
        began = NOVEMBER.since.timestamp() + 3600 * number
        begun("database", began, project=project, useful=useful)
    minute = int(NOVEMBER.since.timestamp()) // 60 + 600
    for category, times in (("database", 70), ("cache", 20), ("uncategorised", 10)):
        EventCount.objects.create(
            project=project, minute=minute, environment="production", release="", level="error",
            category=category, severity="P2", times=times,
        )  # fmt: skip
    return project


def _of_november(project: Project, now: datetime = NOW) -> Figures:
    (found,) = figures(current_strategy(), [project], [NOVEMBER], now.timestamp())
    return found


def test_they_are_what_was_reckoned_on_paper(month: Project) -> None:
    found = _of_november(month)
    assert found.incidents == 6
    assert (found.detect.value, found.detect.of) == (60, 6)
    assert (found.acknowledge.value, found.acknowledge.of) == (285, 4)
    assert (found.resolve.value, found.resolve.of) == (18_120, 5)
    by_severity = {name: (one.value, one.of) for name, one in found.resolve_by_severity.items()}
    assert by_severity == {"P0": (2100, 2), "P1": (10_800, 1), "P2": (72_000, 1)}
    assert (found.in_time.value, found.in_time.of) == (0.6, 5)
    assert (found.recurrence.value, found.recurrence.of) == (pytest.approx(1 / 6), 6)
    assert (found.false_positives.value, found.false_positives.of) == (pytest.approx(1 / 3), 3)
    assert (found.coverage.value, found.coverage.of) == (0.9, 100)


def test_goals_are_those_of_the_strategy(month: Project) -> None:
    found = _of_november(month)
    met = {one.name: one.is_met for one in found.all}
    assert met == {
        "detect": True, "acknowledge": True, "resolve": False, "resolve_P0": False, "resolve_P1": True,
        "resolve_P2": True, "in_time": False, "recurrence": False, "false_positives": False, "coverage": False,
    }  # fmt: skip


def test_one_that_is_open_counts_as_late_only_when_its_time_is_over(month: Project) -> None:
    before = datetime(2026, 11, 23, 14, 0, tzinfo=VIENNA)
    assert _of_november(month, before).in_time.of == 4
    assert _of_november(month, before + timedelta(seconds=1)).in_time.of == 5


@pytest.mark.parametrize(
    ("figure", "numbers"),
    [
        ("detect", {1, 2, 3, 4, 5, 6}),
        ("acknowledge", {1, 2, 3, 6}),
        ("resolve", {1, 2, 3, 4, 6}),
        ("in_time", {1, 2, 3, 4, 5}),
        ("recurrence", {2}),
        ("resolve_P0", {1, 2}),
    ],
)
def test_each_leads_to_the_list_that_it_is_reckoned_from(
    month: Project, as_member: Client, figure: str, numbers: set[int], time_machine: object
) -> None:
    time_machine.move_to(NOW, tick=False)  # type: ignore[attr-defined]
    found = {one.name: one for one in _of_november(month).all}[figure]
    page = as_member.get(found.address).context
    assert {row.incident.number for row in page["rows"]} == numbers
    assert page["means"].number == len(numbers)
    if figure in ("detect", "acknowledge", "resolve"):
        assert getattr(page["means"], figure) == pytest.approx(found.value)


@pytest.mark.parametrize("name", [
    "detect", "acknowledge", "resolve", "resolve_P0", "resolve_P1", "resolve_P2", "in_time", "recurrence",
    "false_positives", "coverage",
])  # fmt: skip
def test_each_is_reckoned_again_from_what_its_address_lists(
    month: Project, as_member: Client, as_admin: Client, name: str, time_machine: object
) -> None:
    """Of one project, also by who sees others; an alert of the other project and one of October don't count."""
    time_machine.move_to(NOW, tick=False)  # type: ignore[attr-defined]
    other = Project.objects.get(slug="other")
    begun("database", NOVEMBER.since.timestamp() + 60, project=other, useful=False)
    begun("cache", NOVEMBER.since.timestamp() - 60, project=month, useful=False)
    found = {one.name: one for one in _of_november(month).all}
    for client in (as_member, as_admin):
        check(client, found[name])


def test_all_figures_of_the_page_lead_to_what_they_are_reckoned_from(
    month: Project, as_admin: Client, time_machine: object
) -> None:
    """By week and by month, of all projects, of one, and of one environment."""
    time_machine.move_to(NOW, tick=False)  # type: ignore[attr-defined]
    followed = set()
    for narrowed in ("", "&project=hydroml", "&environment=production"):
        for step in ("week", "month"):
            html = as_admin.get(f"/incidents/figures/?by={step}{narrowed}")
            for column in html.context["columns"]:
                if column.incidents:
                    assert escape(column.address) in html.text
                    assert follow(as_admin, column.address)["means"].number == column.incidents
                for figure in column.all:
                    if figure.value is not None:
                        assert escape(figure.address) in html.text
                        check(as_admin, figure)
                        followed.add(figure.name)
    assert followed == {one.name for one in _of_november(month).all}


def test_in_a_stretch_without_incidents_there_is_nothing_to_judge(project: Project) -> None:
    found = _of_november(project)
    assert {one.value for one in found.all} == {None}
    assert {one.is_met for one in found.all} == {None}


def test_weeks_begin_on_mondays_and_months_on_the_first_where_the_business_is() -> None:
    strategy = current_strategy()
    # Sunday 23:30 UTC is Monday in Vienna.
    found = weeks(strategy, 3, datetime(2026, 11, 29, 23, 30, tzinfo=UTC))
    assert [f"{one.since:%a %d %b %H:%M}" for one in found] == [
        "Mon 16 Nov 00:00", "Mon 23 Nov 00:00", "Mon 30 Nov 00:00",
    ]  # fmt: skip
    # Over the end of summer time a week has an hour more.
    october = weeks(strategy, 1, datetime(2026, 10, 22, tzinfo=UTC))[0]
    assert october.until.timestamp() - october.since.timestamp() == 7 * 86_400 + 3600
    labels = [one.label for one in months(strategy, 3, datetime(2026, 1, 15, tzinfo=UTC))]
    assert labels == ["Nov 2025", "Dec 2025", "Jan 2026"]


def test_the_page_shows_them(month: Project, as_member: Client, time_machine: object) -> None:
    time_machine.move_to(NOW, tick=False)  # type: ignore[attr-defined]
    html = as_member.get("/incidents/figures/?by=month").content.decode()
    for said in ("4 min 45 s", "5 h 2 min", "60 %", "16.7 %", "33.3 %", "90 %"):
        assert said in html, said
    assert as_member.get("/incidents/figures/?by=week").status_code == 200
    assert as_member.get("/incidents/figures/?by=x").status_code == 200
