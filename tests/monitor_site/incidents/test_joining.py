"""One fault makes many alerts, and one incident."""

from __future__ import annotations

import pytest

from monitor.alerts.models import Notification
from monitor.incidents import handling, joining, services
from monitor.incidents.models import Incident, State
from monitor.issues.models import Issue
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.incidents.episodes import NOON, alerted, begun, ended


def _issue(project: Project, number: int = 1, **more: object) -> Issue:
    return Issue.objects.create(
        project=project, number=number, title="boom", level="error", first_seen=NOON, last_seen=NOON, **more
    )


def test_an_episode_opens_an_incident_with_what_it_knows(project: Project) -> None:
    issue = _issue(project, category="database")
    incident = alerted(
        "database", project=project, issues=[issue.pk], release="hydroml@1.4.2", first_event_at=NOON - 30
    )
    assert (incident.number, incident.severity, incident.state) == (1, "P0", State.TRIGGERED)
    assert (incident.rule, incident.category, incident.release) == ("database", "database", "hydroml@1.4.2")
    assert incident.runbook == "docs/runbooks/database.md"
    assert incident.started_at.timestamp() == NOON - 30
    assert incident.detected_at.timestamp() == NOON
    assert list(incident.issues.all()) == [issue]
    assert [entry.kind for entry in incident.timeline.all()] == ["opened"]
    assert incident.episodes.get().rule == "database"


def test_a_severity_that_opens_none_opens_none_but_joins_one_that_is_open(project: Project) -> None:
    assert services.open_or_update(begun("latency-p95", project=project), NOON) is None
    incident = alerted("database", project=project)
    assert alerted("latency-growth", NOON + 5, project=project) == incident
    incident.refresh_from_db()
    assert (incident.severity, incident.rule) == ("P0", "database")


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("database", "database", "the same rule"),
        ("database", "any-p0", "a rule of the same fault"),
        ("any-p0", "database", "a rule of the same fault"),
        ("database", "server-errors-half", "at the same time and place"),
        ("server-errors-half", "database", "at the same time and place"),
    ],
)
def test_what_belongs_together_is_one(project: Project, first: str, second: str, why: str) -> None:
    incident = alerted(first, project=project)
    assert alerted(second, NOON + 20, project=project, key="another") == incident
    assert f"({why})" in incident.timeline.get(kind="alert").text
    incident.refresh_from_db()
    assert (incident.rule, incident.category) == ("database", "database")
    assert incident.runbook == "docs/runbooks/database.md"


def test_faults_of_their_own_are_incidents_of_their_own(project: Project, other_project: Project) -> None:
    numbers = {
        alerted("database", project=project).number,
        alerted("ml-processing", NOON + 1, project=project).number,
        alerted("database", NOON + 2, project=project, environment="staging").number,
        alerted("database", NOON + 3, project=other_project).number,
    }
    assert numbers == {1, 2, 3, 4}


def test_they_share_an_issue(project: Project) -> None:
    issue = _issue(project)
    incident = alerted("configuration", project=project, issues=[issue.pk])
    joined = alerted("queue", NOON + 1, project=project, issues=[issue.pk])
    assert joined == incident
    assert alerted("queue", NOON + 2, project=project, issues=[], environment="staging") != incident


def test_what_joins_by_its_effects_brings_no_issues_along(project: Project) -> None:
    mine, noise = _issue(project, category="database"), _issue(project, 2)
    incident = alerted("database", project=project, issues=[mine.pk])
    assert (
        alerted("errors-over-10-a-minute", NOON + 20, project=project, issues=[mine.pk, noise.pk]) == incident
    )
    assert list(incident.issues.all()) == [mine]
    # Nor does it join another fault for an issue that happened to be there.
    other = alerted("ml-processing", NOON + 7200, project=project, issues=[noise.pk])
    again = alerted(
        "errors-over-10-a-minute", NOON + 14_400, project=project, issues=[noise.pk], environment="x"
    )
    assert again not in (incident, other)


def test_effects_an_hour_later_are_a_fault_of_their_own(project: Project) -> None:
    incident = alerted("database", project=project)
    later = NOON + joining.EFFECT_JOINS_WITHIN_S
    assert alerted("server-errors-half", later, project=project) == incident
    Incident.objects.all().delete()
    incident = alerted("database", project=project)
    assert alerted("main-feature-down", later + 1, project=project) != incident


def test_a_sharper_rule_raises_the_severity_and_gives_its_name(project: Project) -> None:
    incident = alerted("budget-fast", project=project)
    assert incident.severity == "P1"
    alerted("database", NOON + 30, project=project)
    incident.refresh_from_db()
    assert (incident.severity, incident.title) == ("P0", "The database fails")
    assert incident.timeline.get(kind="severity").text == "Severity P1 → P0: The database fails"


def test_a_lesser_rule_that_names_a_cause_does_not_give_its_name(project: Project) -> None:
    issue = _issue(project, category="file")
    incident = alerted("main-feature-down", project=project)
    before = (incident.title, incident.rule, incident.severity, incident.runbook, incident.category)
    joined = alerted("new-issue", NOON + 30, project=project, issues=[issue.pk])
    assert joined == incident
    joined.refresh_from_db()
    assert (joined.title, joined.rule, joined.severity, joined.runbook, joined.category) == before
    assert "An error that was never seen before" in incident.timeline.get(kind="alert").text
    # One that is as bad does.
    alerted("database", NOON + 60, project=project)
    joined.refresh_from_db()
    assert (joined.title, joined.category) == ("The database fails", "database")


def test_what_a_person_said_of_the_severity_stands(project: Project, member: object) -> None:
    incident = alerted("budget-fast", project=project)
    handling.set_severity(incident, "P2", member, NOON + 10)  # type: ignore[arg-type]
    alerted("database", NOON + 30, project=project)
    incident.refresh_from_db()
    assert incident.severity == "P2"


def test_it_resolves_itself_when_its_last_alert_is_over(project: Project) -> None:
    incident = alerted("database", project=project)
    second = begun("server-errors-half", NOON + 20, project=project)
    services.open_or_update(second, NOON + 20)
    first = incident.episodes.get(rule="database")
    first.ended_at = incident.detected_at
    first.save()
    services.episode_ended(first, NOON + 60)
    incident.refresh_from_db()
    assert incident.is_open
    ended(incident, NOON + 400)
    assert incident.state == State.RESOLVED
    assert incident.resolved_by_alerts
    assert incident.resolved_at is not None
    assert incident.resolved_at.timestamp() == NOON + 400
    assert incident.timeline.last().text == "Resolved by itself: all of its alerts are over."  # type: ignore[union-attr]
    told = Notification.objects.filter(incident=incident, kind="resolved")
    assert {one.channel for one in told} == {"pagerduty", "slack", "email"}
    assert {one.message["thread"] for one in told} == {"incident-1"}


def test_one_that_comes_back_at_once_was_not_over(project: Project, member: object) -> None:
    incident = ended(alerted("database", project=project), NOON + 60)
    assert alerted("database", NOON + 60 + joining.REOPENS_WITHIN_S, project=project) == incident
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_at, incident.reopened) == (State.TRIGGERED, None, 1)
    ended(incident, NOON + 4000)
    later = alerted("database", NOON + 4001 + joining.REOPENS_WITHIN_S, project=project)
    assert later != incident
    # Whoever said that it was over, said so: what comes then is another one.
    handling.resolve(later, member, NOON + 6000)  # type: ignore[arg-type]
    assert alerted("database", NOON + 6001, project=project) not in (incident, later)


def test_a_mitigated_one_that_alerts_again_is_no_longer_mitigated(project: Project, member: object) -> None:
    incident = alerted("database", project=project)
    handling.mitigate(incident, member, NOON + 60)  # type: ignore[arg-type]
    alerted("any-p0", NOON + 90, project=project)
    incident.refresh_from_db()
    assert (incident.state, incident.mitigated_at) == (State.INVESTIGATING, None)


def test_an_incident_opened_by_hand_is_not_ended_by_alerts(project: Project, member: object) -> None:
    issue = _issue(project, category="database")
    incident = services.open_by_hand(
        project,
        title="Charts are empty",
        severity="P1",
        now=NOON,
        by=member,  # type: ignore[arg-type]
        environment="production",
        issues=[issue],
    )
    assert alerted("database", NOON + 10, project=project) == incident
    ended(incident, NOON + 60)
    assert incident.is_open
    assert incident.title == "Charts are empty"


def test_a_return_names_the_one_before(project: Project) -> None:
    issue = _issue(project)
    first = ended(alerted("configuration", project=project, issues=[issue.pk]), NOON + 60)
    day = 86_400
    second = alerted("configuration", NOON + 29 * day, project=project, issues=[issue.pk])
    assert second.recurrence_of == first
    ended(second, NOON + 29 * day + 60)
    other = _issue(project, 2)
    third = alerted("configuration", NOON + 30 * day, project=project, issues=[other.pk])
    assert third.recurrence_of is None
    ended(third, NOON + 30 * day + 60)
    fourth = alerted("configuration", NOON + 31 * day, project=project, issues=[issue.pk])
    assert fourth.recurrence_of == second


def test_what_has_no_issues_returns_by_rule_and_key(project: Project) -> None:
    first = ended(alerted("missed-check-in", project=project, key="nightly"), NOON + 60)
    again = alerted("missed-check-in", NOON + 90_000, project=project, key="nightly")
    assert again.recurrence_of == first
    ended(again, NOON + 90_060)
    assert alerted("missed-check-in", NOON + 180_000, project=project, key="weekly").recurrence_of is None


def test_of_effects_nobody_knows_what_returned_until_a_cause_joins(project: Project) -> None:
    issue = _issue(project, category="database")
    first = ended(alerted("database", project=project, issues=[issue.pk]), NOON + 60)
    ended(alerted("server-errors-half", NOON + 86_400, project=project, key="all"), NOON + 86_460)
    second = alerted("server-errors-half", NOON + 180_000, project=project, key="all")
    assert second.recurrence_of is None
    alerted("database", NOON + 180_010, project=project, issues=[issue.pk])
    second.refresh_from_db()
    assert second.recurrence_of == first
    assert second.timeline.filter(kind="recurrence").count() == 1


def test_issues_of_other_projects_are_not_linked(
    project: Project, other_project: Project, deliver: Delivery
) -> None:
    theirs = _issue(other_project)
    incident = alerted("database", project=project, issues=[theirs.pk, 999])
    assert not incident.issues.exists()
