"""Each number of a report that has an address leads to where it can be counted again; all else leads to what it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import resolve

from monitor.alerts.models import Notification
from monitor.incidents.models import Incident, State
from monitor.issues.models import Issue
from monitor.projects.models import Project
from monitor.releases.models import Deploy
from monitor.reports.models import Kind, Report
from monitor.reports.services import write
from monitor.site.strategy_file import current_strategy
from monitor.stats.models import EventCount
from monitor.stats.outcomes import ACCEPTED, count_outcomes
from tests.monitor_site.incidents.agreeing import follow, reckoned
from tests.monitor_site.incidents.episodes import begun
from tests.monitor_site.reports.conftest import Past

KINDS = (Kind.DAILY, Kind.WEEKLY, Kind.MONTHLY)
Json = dict[str, Any]


def _full(past: Past, kind: Kind) -> Report:
    """A report with something in each of its parts, of a time in which another project had something, too."""
    period = past.period(kind)
    at = period.since + 6 * 3600
    past.error("ValueError", at=at, times=3, severity="P1")
    past.error("KeyError", at=at, times=2)
    past.requests(1000, 40, at=at)
    other = Project.objects.create(slug="other", name="Other")
    for project in (past.project, other):
        EventCount.objects.create(
            project=project,
            minute=int(at // 60),
            category="",
            level="info",
            environment="production",
            times=20,
        )
        # What was on either side of it does not count.
        for minute in (int(period.since // 60) - 1, int(period.until // 60)):
            EventCount.objects.create(project=project, minute=minute, level="info", times=500)
        for number, useful in enumerate((True, False, None)):
            begun("database", at + 60 * number, project=project, useful=useful, ended_at=at + 900)
        begun("database", period.since - 600, project=project, useful=False, ended_at=at)
        begun("database", period.until, project=project, useful=False, ended_at=period.until + 60)
        _incidents(project, at)
    count_outcomes({(past.project.pk, int(period.until - 1) // 60, ACCEPTED, "error", ""): 900_000})
    Issue.objects.filter(type="ValueError").update(substatus="new")
    Deploy.objects.create(release=past.project.releases.get(), environment="production", finished_at=at + 60)
    episode = begun("cache", at, project=past.project, ended_at=at + 60)
    for number, (made, belongs) in enumerate(
        (
            (at, {"episode": episode}),
            (at + 1, {"incident": Incident.objects.first()}),
            (period.since - 5, {"episode": episode}),
        )
    ):
        Notification.objects.create(
            once=str(number), channel="slack", kind="fired", message={}, created_at=made, not_before=made,
            state=Notification.State.FAILED, **belongs,
        )  # fmt: skip
    report = write(period, period.due)
    assert report is not None
    return report


def _incidents(project: Project, at: float) -> None:
    """One that is over and whose review is owed and overdue or not, one that is open, one without an owner."""
    number = Incident.objects.count()
    for took, severity in ((1200, "P1"), (None, "P2"), (600, "P0")):
        number += 1
        Incident.objects.create(
            number=number, title=f"Incident {number}", severity=severity, project=project, started_at=at - 30,
            detected_at=at, updated_at=at, acknowledged_at=at + 60 if took else None, rule="" if took else "database",
            resolved_at=at + took if took else None, state=State.RESOLVED if took else State.TRIGGERED,
        )  # fmt: skip


def _listed(page: Any) -> int:
    found: int = page["page"].paginator.count
    return found


DECISIONS: Mapping[str, Callable[[Any], str]] = {
    "is open": lambda page: quantity(_listed(page)),
    "has no owner": lambda page: quantity(sum(row.incident.owner is None for row in page["rows"])),
    "is nobody's": lambda page: quantity(page["grave"]),
    "of an incident is overdue": lambda page: quantity(_listed(page)),
    "reviews of incidents are overdue": lambda page: quantity(_listed(page)),
    "could not be delivered": lambda page: quantity(_listed(page)),
    "The budget of": lambda page: f"“{page['one'].slo.title.rstrip('.')}”",
    "The month will come to": lambda page: (
        f"{page['quota'].forecast:,} errors; {page['quota'].quota:,} are planned"
    ),
    "have no category": lambda page: (
        f"{sum(row.number for row in page['found'].rows if row.value in ('', 'uncategorised')):,}"
        f" of {page['found'].total:,} events"
    ),
}
"""By a part of the sentence: what the page makes of it, which the sentence must have."""


def quantity(number: int) -> str:
    return f"{number:,} "


def _check_decision(client: Client, decision: Json) -> str:
    part = next((part for part in DECISIONS if part in decision["words"]), None)
    assert part is not None, f"Nobody knows how to count again: {decision}"
    said = DECISIONS[part](follow(client, decision["url"]))
    assert said in decision["words"], (said, decision)
    return part


def _check_rule(client: Client, rule: Json) -> None:
    for key, useful in (("number", ""), ("useful", "&useful=yes"), ("useless", "&useful=no")):
        assert _listed(follow(client, rule["url"] + useful)) == rule[key], (key, rule)
    said = follow(client, rule["url"] + "&useful=said")["in_all"]
    assert (said.useful, said.useless) == (rule["useful"], rule["useless"])


NAMED: Mapping[str, Callable[[Any], str]] = {
    "issues:detail": lambda page: page["issue"].title,
    "incidents:detail": lambda page: f"#{page['incident'].number} {page['incident'].title}",
    "releases:detail": lambda page: page["release"].version,
    "slos:detail": lambda page: page["one"].slo.title,
    "alerts:rule": lambda page: page["text"].rule.title,
}
"""Pages of what a report names, and what they are headed with: no numbers."""


@pytest.mark.parametrize("kind", KINDS)
def test_each_address_of_a_report_says_what_the_report_says(past: Past, as_admin: Client, kind: Kind) -> None:
    report = _full(past, kind)
    # In the last second of its time: what is counted up to now is counted up to then.
    with time_machine.travel(past.period(kind).until - 1, tick=False):
        section = next(one for one in report.sections if one["project"]["slug"] == "hydroml")
        for figure in section.get("response", ()):
            if figure["value"] is not None:
                found = reckoned(as_admin, figure["name"], figure["url"])
                assert found == (pytest.approx(figure["value"]), figure["of"]), figure
        for rule in section["alerts"]["rules"]:
            _check_rule(as_admin, rule)
        parts = [_check_decision(as_admin, one) for one in section["decisions"]]
        _check_all_else(as_admin, report, section)
    asked = {"is open", "has no owner", "is nobody's", "could not be delivered", "The budget of"}
    assert set(parts) >= asked


def _check_all_else(client: Client, report: Report, section: Json) -> None:
    """Every link of its page is one of those, or leads to what it says."""
    page = client.get(f"/reports/{report.kind}/{report.name}/").text
    mine = page[page.index('aria-labelledby="p') :].partition("</section>")[0]
    counted = {one["url"] for one in (*section.get("response", ()), *section["decisions"])}
    counted |= {
        rule["url"] + more
        for rule in section["alerts"]["rules"]
        for more in ("", "&useful=yes", "&useful=no")
    }
    links = [
        (unescape(href), unescape(text))
        for href, text in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>([^<]*)</a>', mine)
    ]
    assert links
    for href, text in links:
        if href not in counted:
            view = resolve(href.partition("?")[0]).view_name
            assert view in NAMED, f"Nobody knows what {href} should say."
            assert NAMED[view](follow(client, href)) == text, href


def test_each_decision_that_there_may_be_was_followed(past: Past, as_admin: Client) -> None:
    """Over the three kinds of reports, all sentences."""
    seen = set()
    for kind in KINDS:
        Report.objects.all().delete()
        for model in (Incident, Notification, EventCount):
            model.objects.all().delete()
        Project.objects.filter(slug="other").delete()
        Deploy.objects.all().delete()
        report = _full(past, kind)
        words = [one["words"] for section in report.sections for one in section.get("decisions", ())]
        seen |= {part for part in DECISIONS for said in words if part in said}
    assert seen >= set(DECISIONS) - {"of an incident is overdue"}, set(DECISIONS) - seen


def test_the_strategy_has_goals_for_what_a_report_asks_of_it() -> None:
    """Else the test above would follow fewer links than it says."""
    assert set(current_strategy().incidents.review_due_s) >= {"P0", "P1"}
