"""The clock climbs the steps to the second, each once, and says what is overdue; time is moved, not waited for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import User
from monitor.alerts.models import Notification
from monitor.incidents import business_time, clock, handling
from monitor.incidents.duties import duties_of
from monitor.incidents.models import Incident, TimelineEntry, Told
from monitor.incidents.reach import Reach, reach_of
from monitor.incidents.status import publish
from monitor.issues.models import Issue, IssueUser
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from strategy.model.people import BusinessHours
from tests.monitor_site.incidents.episodes import NOON, alerted, begun, ended

VIENNA = ZoneInfo("Europe/Vienna")
MONDAY = datetime(2026, 11, 30, 10, 0, tzinfo=VIENNA).timestamp()
MINUTE, HOUR = 60, 3600


def escalations() -> list[tuple[str, list[str]]]:
    """Channel and roles of each message, in the order in which they were queued."""
    found = Notification.objects.filter(kind="escalated").order_by("pk")
    return [(one.channel, one.recipients) for one in found]


def steps() -> list[str]:
    return list(TimelineEntry.objects.filter(kind="escalated").order_by("pk").values_list("text", flat=True))


def test_a_p0_climbs_to_the_second_and_each_step_is_told_once(project: Project) -> None:
    alerted("database", NOON, project=project)
    seen = []
    for second in (899, 900, 901, 1799, 1800, 3599, 3600, 3601, 90_000):
        clock.watch(NOON + second)
        clock.watch(NOON + second)
        seen.append((second, len(steps())))
    assert seen == [
        (899, 0), (900, 1), (901, 1), (1799, 1), (1800, 2), (3599, 2), (3600, 3), (3601, 3), (90_000, 3),
    ]  # fmt: skip
    assert steps()[0] == "Escalated to Team lead: nobody has acknowledged it after 15 min."
    assert steps()[2].startswith("Escalated to CTO and Vendor support:")
    assert escalations() == [
        ("pagerduty", ["lead"]), ("slack", ["lead"]), ("email", ["lead"]),
        ("pagerduty", ["manager"]), ("email", ["manager"]),
        ("pagerduty", ["cto", "vendor"]), ("email", ["cto", "vendor"]),
    ]  # fmt: skip


def test_while_nothing_is_due_and_nothing_changes_nothing_is_asked(
    project: Project, member: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    incident = alerted("database", NOON, project=project)
    clock.watch(NOON + 1)
    clock.watch(NOON + 2)
    with django_assert_num_queries(0):
        clock.watch(NOON + 899)
    handling.acknowledge(incident, member, NOON + 899)
    incident.refresh_from_db()
    clock.watch(NOON + 899)
    clock.watch(NOON + 900)
    assert len(steps()) == 1


def test_an_acknowledged_p0_climbs_on_until_it_is_resolved(project: Project, member: User) -> None:
    incident = alerted("database", NOON, project=project)
    handling.acknowledge(incident, member, NOON + 60)
    clock.watch(NOON + 1800)
    assert len(steps()) == 2
    assert "it is not resolved after 30 min" in steps()[1]
    handling.resolve(incident, member, NOON + 2000)
    clock.watch(NOON + 9000)
    assert len(steps()) == 2


def test_an_acknowledged_p1_climbs_no_further(project: Project, member: User) -> None:
    incident = alerted("ml-processing", NOON, project=project)
    clock.watch(NOON + 900)
    handling.acknowledge(incident, member, NOON + 901)
    clock.watch(NOON + 9000)
    assert len(steps()) == 1
    assert escalations() == [("slack", ["lead"]), ("email", ["lead"])]


def test_a_clock_that_stood_still_tells_what_it_missed_once(project: Project) -> None:
    alerted("database", NOON, project=project)
    clock.watch(NOON + 5000)
    clock.watch(NOON + 5001)
    assert len(steps()) == 3


def test_one_that_came_back_climbs_anew(project: Project) -> None:
    incident = ended(alerted("database", NOON, project=project), NOON + 1000)
    alerted("database", NOON + 1100, project=project)
    clock.watch(NOON + 1999)
    assert steps() == []
    clock.watch(NOON + 2000)
    assert len(steps()) == 1
    incident.refresh_from_db()
    assert incident.reopened == 1


def test_a_p2_waits_for_business_hours(project: Project) -> None:
    # NOON is a Sunday: an hour of business time has passed on Monday at 10:00 in Vienna.
    alerted("content", NOON, project=project)
    clock.watch(MONDAY - 1)
    assert steps() == []
    clock.watch(MONDAY)
    assert steps() == ["Escalated to Team lead: nobody has acknowledged it after 1260 min."]


def test_a_message_and_its_row_are_one(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is killed between the two leaves neither."""
    alerted("database", NOON, project=project)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("monitor.incidents.telling.told", fail)
        with pytest.raises(RuntimeError):
            clock.watch(NOON + 900)
    assert (steps(), Told.objects.count()) == ([], 0)
    clock.watch(NOON + 901)
    assert len(steps()) == 1


def test_updates_are_owed_and_a_note_sets_them_back(project: Project, member: User) -> None:
    incident = alerted("database", NOON, project=project)
    overdue = TimelineEntry.objects.filter(kind="overdue")
    clock.watch(NOON + 899)
    assert not overdue.exists()
    clock.watch(NOON + 900)
    clock.watch(NOON + 1000)
    assert overdue.get().text == "An update is due, and is overdue."
    told = Notification.objects.filter(kind="update_due")
    assert {one.channel for one in told} == {"slack", "email"}  # nobody is paged for a word
    handling.note(incident, "The pool is full.", member, NOON + 1200)
    clock.watch(NOON + 2099)
    assert overdue.count() == 1
    clock.watch(NOON + 2100)
    assert overdue.count() == 2


def test_a_review_is_owed_within_a_day(project: Project, member: User) -> None:
    incident = ended(alerted("database", NOON, project=project), NOON + 600)
    clock.watch_reviews(NOON + 600 + 24 * HOUR - 1)
    assert not Told.objects.exists()
    clock.watch_reviews(NOON + 600 + 24 * HOUR)
    clock.watch_reviews(NOON + 600 + 25 * HOUR)
    assert incident.timeline.get(kind="overdue").text == "The review is due, and is overdue."
    assert Notification.objects.filter(kind="update_due").count() == 2


def _touched(project: Project, touched: int, others: int) -> Incident:
    issue, other = (
        Issue.objects.create(
            project=project, number=number, title="boom", level="error", first_seen=NOON, last_seen=NOON
        )
        for number in (1, 2)
    )
    users = [bytes([number]) * 8 for number in range(touched + others)]
    IssueUser.objects.bulk_create(IssueUser(issue=issue, user=user) for user in users[:touched])
    IssueUser.objects.bulk_create(IssueUser(issue=other, user=user) for user in users)
    return alerted("database", NOON, project=project, issues=[issue.pk])


def test_a_p0_that_touches_many_owes_a_public_word(project: Project, member: User) -> None:
    incident = _touched(project, 2, 8)
    assert reach_of(incident) == Reach(2, 10)
    assert incident.timeline.count() == 1
    clock.watch(NOON + 1799)
    owed = incident.timeline.filter(kind="overdue", details__duty="public_update")
    assert not owed.exists()
    clock.watch(NOON + 1800)
    clock.watch(NOON + 1900)
    assert owed.get().text == "The status page owes users a word, and is overdue."
    publish(
        incident, title="Slow", impact="degraded", features=[], stage="investigating", text="We look.",
        by=member, now=NOON + 2000,
    )  # fmt: skip
    duties = duties_of(current_strategy(), incident, reach_of(incident))
    assert "public_update" not in {duty.kind for duty in duties}


def test_one_that_touches_a_tenth_does_not(project: Project) -> None:
    incident = _touched(project, 1, 9)
    clock.watch(NOON + 5000)
    assert not incident.timeline.filter(details__duty="public_update").exists()


def test_issues_that_join_an_episode_join_its_incident(project: Project) -> None:
    incident = alerted("database", NOON, project=project)
    issue = Issue.objects.create(
        project=project, number=1, title="boom", level="error", first_seen=NOON, last_seen=NOON
    )
    incident.episodes.update(issues=[issue.pk])
    clock.watch(NOON + 1)
    assert incident.issues.get() == issue


def test_old_incidents_are_forgotten_and_open_ones_never(project: Project) -> None:
    old = ended(alerted("database", NOON, project=project), NOON + 60)
    still_open = alerted("database", NOON + 7200, project=project)
    days = current_strategy().retention.incidents_s
    clock.forget_old(NOON + days)
    assert Incident.objects.count() == 2
    clock.forget_old(NOON + 61 + days)
    assert list(Incident.objects.all()) == [still_open]
    assert old.pk != still_open.pk


def test_the_page_shows_the_next_step_and_what_is_overdue(
    as_viewer: Client, project: Project, time_machine: Any
) -> None:
    time_machine.move_to(NOON + 480, tick=False)
    services_episode = begun("database", NOON, project=project)
    from monitor.incidents import services

    services.open_or_update(services_episode, NOON)
    html = as_viewer.get("/incidents/1/").content.decode()
    assert ">in 7 min</time>" in html
    time_machine.move_to(NOON + 960, tick=False)
    html = as_viewer.get("/incidents/1/").content.decode()
    assert "An update is due, and is overdue" in html


# Business hours

HOURS = BusinessHours(
    time_zone="Europe/Vienna", days=("mon", "tue", "wed", "thu", "fri"), start="09:00", end="18:00"
)


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA).timestamp()


@pytest.mark.parametrize(
    ("start", "seconds", "end"),
    [
        ("2026-11-27 17:30", HOUR, "2026-11-30 09:30"),  # Friday evening goes on on Monday
        ("2026-11-27 17:30", 30 * MINUTE, "2026-11-27 18:00"),
        ("2026-11-27 07:00", HOUR, "2026-11-27 10:00"),
        ("2026-11-28 12:00", 1, "2026-11-30 09:00:01"),
        ("2026-11-23 09:00", 45 * HOUR, "2026-11-27 18:00"),  # a working week
        # Clocks go forward on Sunday 29 March 2026 and back on Sunday 25 October: Monday begins at 09:00 all the same.
        ("2026-03-27 17:00", 2 * HOUR, "2026-03-30 10:00"),
        ("2026-10-23 17:00", 2 * HOUR, "2026-10-26 10:00"),
    ],
)
def test_business_hours_are_those_of_the_wall_clock(start: str, seconds: float, end: str) -> None:
    assert business_time.after(HOURS, _at(start), seconds) == _at(end)
    assert business_time.between(HOURS, _at(start), _at(end)) == seconds


@given(
    start=st.integers(1_770_000_000, 1_810_000_000),
    seconds=st.integers(1, 40 * HOUR),
    zone=st.sampled_from(["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    night=st.booleans(),
)
def test_what_passes_between_is_what_was_asked_for(start: int, seconds: int, zone: str, night: bool) -> None:
    """Also for a shift over midnight, and where clocks change by half an hour."""
    hours = BusinessHours(
        time_zone=zone,
        days=HOURS.days,
        start="22:00" if night else "09:00",
        end="06:00" if night else "18:00",
    )
    end = business_time.after(hours, start, seconds)
    assert end >= start + seconds
    assert business_time.between(hours, start, end) == pytest.approx(seconds, abs=1e-3)
    assert business_time.is_open(hours, end - 0.5)
