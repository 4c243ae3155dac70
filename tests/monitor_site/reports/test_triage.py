"""The list that is worked on in the morning: what stands on it, in which order, and what is done with it."""

from __future__ import annotations

import time

from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from monitor.access.models import AuditEntry, User
from monitor.issues.models import Issue, Status, Substatus
from monitor.projects.models import Project
from monitor.reports.models import Kind
from monitor.reports.triage import to_triage
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.reports.conftest import Past


def names(project: Project) -> list[str]:
    return [issue.type for issue in to_triage([project.pk], time.time())]


def test_the_worst_stands_first_and_what_is_somebodys_does_not(past: Past, member: User) -> None:
    for kind, severity in (("Late", "P3"), ("Down", "P0"), ("Odd", "P2"), ("Grave", "P1"), ("Back", "P2")):
        past.error(kind, at=time.time() - 60, severity=severity)
    Issue.objects.filter(type="Back").update(substatus=Substatus.REGRESSED)
    past.error("Mine", at=time.time() - 60, severity="P0")
    Issue.objects.filter(type="Mine").update(assigned_to=member)
    past.error("Done", at=time.time() - 60, severity="P0")
    Issue.objects.filter(type="Done").update(status=Status.RESOLVED)
    past.error("Known", at=time.time() - 60, severity="P3")
    Issue.objects.filter(type="Known").update(substatus=Substatus.ONGOING)
    assert names(past.project) == ["Down", "Grave", "Back", "Odd", "Late"]


def test_a_grave_one_that_goes_on_waits_too(past: Past) -> None:
    past.error("Goes on", at=time.time() - 60, severity="P1")
    past.error("Long ago", at=time.time() - 10 * 86_400, severity="P1")
    Issue.objects.update(substatus=Substatus.ONGOING)
    assert names(past.project) == ["Goes on"]


def test_assigning_resolving_and_ignoring_empty_it(past: Past, as_member: Client, member: User) -> None:
    for kind in ("One", "Two", "Three"):
        past.error(kind, at=time.time() - 60)
    one, two, three = (Issue.objects.get(type=kind) for kind in ("One", "Two", "Three"))
    for issue, action in ((one, "assign:me"), (two, "resolve"), (three, "ignore:escalating")):
        answer = as_member.post("/reports/triage/act/", {"issue": [issue.pk], "action": action}, follow=True)
        assert answer.redirect_chain == [("/reports/triage/", 302)]
    one.refresh_from_db()
    assert one.assigned_to == member
    assert names(past.project) == []
    assert "Nothing waits" in as_member.get("/reports/triage/").text
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "issue.assigned", "issue.resolved", "issue.ignored",
    }  # fmt: skip


def test_nothing_else_is_done_here_and_not_by_strangers(
    past: Past, other_project: Project, deliver: Delivery, as_member: Client, as_viewer: Client
) -> None:
    past.error(at=time.time() - 60)
    issue = Issue.objects.get()
    for action in ("delete", "merge", "nothing", ""):
        as_member.post("/reports/triage/act/", {"issue": [issue.pk], "action": action, "confirmed": "1"})
    assert (
        as_viewer.post("/reports/triage/act/", {"issue": [issue.pk], "action": "resolve"}).status_code == 403
    )
    deliver({"message": "of others", "level": "error"}, project=other_project)
    hidden = Issue.objects.get(project=other_project)
    as_member.post("/reports/triage/act/", {"issue": [hidden.pk, "x", "9" * 30], "action": "resolve"})
    assert set(Issue.objects.values_list("status", flat=True)) == {Status.UNRESOLVED}
    assert "of others" not in as_member.get("/reports/triage/").text


def test_a_viewer_looks_without_boxes(past: Past, as_viewer: Client) -> None:
    past.error(at=time.time() - 60)
    page = as_viewer.get("/reports/triage/").text
    assert "KeyError" in page
    assert 'type="checkbox" name="issue"' not in page


def test_the_list_asks_as_often_however_long_it_is(
    past: Past, as_member: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        past.error(f"Kind{number}", at=time.time() - 60)
    with django_assert_num_queries(7):
        as_member.get("/reports/triage/")


def test_the_morning_list_is_kept_as_it_stood(past: Past) -> None:
    past.error("Waits", at=past.period(Kind.TRIAGE).until - 60, severity="P0")
    report = past.written(Kind.TRIAGE)
    assert report.sections[0]["number"] == 1
    Issue.objects.update(status=Status.RESOLVED)
    report.refresh_from_db()
    assert report.sections[0]["issues"][0]["title"] == "Waits: rain_mm"
