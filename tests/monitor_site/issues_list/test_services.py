"""What people do with issues: the change, the activity, the audit entry, and who may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils.timezone import now

from monitor.access.models import AuditEntry, User
from monitor.issues import services
from monitor.issues.ageing import wake_ignored
from monitor.issues.deletion import erase_deleted
from monitor.issues.escalation import wake_escalated
from monitor.issues.models import (
    Activity,
    DeletedPayload,
    Issue,
    IssueHash,
    IssueHour,
    IssueTag,
    IssueUser,
    Status,
    StoredEvent,
    Substatus,
)
from monitor.issues.services import ActionError
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

HOUR = 3600


@pytest.fixture
def issue(deliver: Delivery) -> Issue:
    deliver(failure("load"))
    return Issue.objects.get()


def kinds(issue: Issue) -> list[str]:
    """What people and the monitor did, the oldest first."""
    return [
        one.kind for one in Activity.objects.filter(issue=issue).order_by("pk") if one.kind != "first_seen"
    ]


def audited() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "action", "target"))


def test_resolving_is_written_down_twice_and_done_once(issue: Issue, member: User) -> None:
    assert services.resolve([issue], member) == [issue.pk]
    assert services.resolve([issue], member) == []
    issue.refresh_from_db()
    assert (issue.status, issue.substatus) == (Status.RESOLVED, Substatus.NEW)
    assert issue.status_changed_at is not None
    assert abs(issue.status_changed_at - now()) < timedelta(minutes=1)
    assert kinds(issue) == ["resolved"]
    assert audited() == [("mary@example.org", "issue.resolved", "HYDROML-1 ValueError: no rain")]


def test_resolving_in_a_release_after_resolving_changes_the_terms(issue: Issue, member: User) -> None:
    services.resolve([issue], member)
    assert services.resolve([issue], member, in_release="1.5") == [issue.pk]
    assert services.resolve([issue], member, in_next_release=True) == [issue.pk]
    issue.refresh_from_db()
    assert (issue.resolved_in_release, issue.resolved_in_next_release) == ("", True)
    data = [one.data for one in Activity.objects.filter(kind="resolved").order_by("pk")]
    assert data == [{}, {"in_release": "1.5"}, {"in_next_release": True}]
    with pytest.raises(ActionError, match="one of the two"):
        services.resolve([issue], member, in_release="1.5", in_next_release=True)


def test_a_resolved_issue_that_happens_again_is_regressed(
    issue: Issue, deliver: Delivery, member: User
) -> None:
    services.resolve([issue], member)
    deliver(failure("load"))
    issue.refresh_from_db()
    assert (issue.status, issue.substatus) == (Status.UNRESOLVED, Substatus.REGRESSED)


def test_unresolving_makes_it_ongoing_and_undoing_leaves_it_as_it_was(issue: Issue, member: User) -> None:
    services.resolve([issue], member, in_release="1.5")
    assert services.unresolve([issue], member, as_it_was=True) == [issue.pk]
    issue.refresh_from_db()
    assert (issue.status, issue.substatus, issue.resolved_in_release) == ("unresolved", "new", "")
    services.resolve([issue], member)
    services.unresolve([issue], member)
    issue.refresh_from_db()
    assert (issue.status, issue.substatus) == ("unresolved", "ongoing")
    assert services.unresolve([issue], member) == []


def test_ignored_for_a_time_it_comes_back_when_it_is_over(issue: Issue, member: User) -> None:
    until = now() + timedelta(hours=1)
    services.ignore([issue], member, until=until)
    wake_ignored((until - timedelta(minutes=1)).timestamp())
    issue.refresh_from_db()
    assert (issue.status, issue.ignored_until) == (Status.IGNORED, until)
    wake_ignored((until + timedelta(minutes=1)).timestamp())
    issue.refresh_from_db()
    assert issue.status == Status.UNRESOLVED


def test_ignored_for_so_many_times_it_comes_back_after_these(
    issue: Issue, deliver: Delivery, member: User
) -> None:
    services.ignore([issue], member, times=3)
    deliver(failure("load"), failure("load"))
    issue.refresh_from_db()
    assert issue.status == Status.IGNORED
    deliver(failure("load"))
    issue.refresh_from_db()
    assert (issue.status, issue.substatus) == (Status.UNRESOLVED, Substatus.ESCALATING)


def test_ignored_until_it_escalates_it_comes_back_in_a_far_busier_hour(
    issue: Issue, deliver: Delivery, member: User
) -> None:
    """The busiest hour of the week had 5: an hour with more than 15 is far busier."""
    start = now().replace(minute=30)
    hour = int(start.timestamp() // HOUR)
    IssueHour.objects.filter(issue=issue).delete()
    IssueHour.objects.create(issue=issue, hour=hour - 40, times=5)
    IssueHour.objects.create(issue=issue, hour=hour - 24 * 8, times=1_000)
    with time_machine.travel(start, tick=False):
        services.ignore([issue], member, until_escalating=True)
        issue.refresh_from_db()
        assert issue.ignored_until_rate == 16
        deliver(failure("load", suppressed=14))
        wake_escalated(start.timestamp())
        issue.refresh_from_db()
        assert issue.status == Status.IGNORED
        deliver(failure("load"))
        wake_escalated(start.timestamp() + HOUR)
    issue.refresh_from_db()
    assert (issue.status, issue.substatus, issue.ignored_until_rate) == ("unresolved", "escalating", None)
    assert kinds(issue)[-1] == "unignored"
    wake_escalated(start.timestamp() + HOUR)
    assert kinds(issue).count("unignored") == 1


def test_a_quiet_issue_escalates_at_ten_an_hour(issue: Issue, member: User) -> None:
    services.ignore([issue], member, until_escalating=True)
    issue.refresh_from_db()
    assert issue.ignored_until_rate == 10


def test_ignoring_anew_is_on_the_new_terms_alone(issue: Issue, member: User) -> None:
    services.ignore([issue], member, until=now() + timedelta(hours=1), times=5, until_escalating=True)
    assert services.ignore([issue], member) == [issue.pk]
    issue.refresh_from_db()
    assert (issue.ignored_until, issue.ignored_until_times, issue.ignored_until_rate) == (None, None, None)


@pytest.mark.parametrize("terms", [{"until": now() - timedelta(seconds=1)}, {"times": 0}, {"times": -1}])
def test_terms_that_are_over_before_they_begin_are_refused(issue: Issue, member: User, terms: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(ActionError, match="choose"):
        services.ignore([issue], member, **terms)
    issue.refresh_from_db()
    assert issue.status == Status.UNRESOLVED


def test_assigning_to_somebody_and_to_nobody(issue: Issue, member: User, admin: User) -> None:
    assert services.assign([issue], member, admin) == [issue.pk]
    assert services.assign([issue], member, admin) == []
    assert services.assign([issue], member, None) == [issue.pk]
    assert [one.data for one in Activity.objects.filter(kind="assigned").order_by("pk")] == [
        {"to": admin.pk, "name": "Ada"},
        {"to": None},
    ]


def test_nobody_is_assigned_what_they_cannot_see(
    deliver: Delivery, other_project: Project, issue: Issue, member: User, admin: User
) -> None:
    deliver(failure("theirs"), project=other_project)
    with pytest.raises(ActionError, match="must be able to see and change its project, Other"):
        services.assign(Issue.objects.all(), admin, member)
    assert not Issue.objects.filter(assigned_to__isnull=False).exists()
    assert audited() == []


def test_a_comment_has_words(issue: Issue, member: User) -> None:
    services.comment(issue, member, "  seen on the gauge at Oberrhein  ")
    assert Activity.objects.get(kind="comment").data == {"text": "seen on the gauge at Oberrhein"}
    for text in ("  ", "x" * 10_001):
        with pytest.raises(ActionError):
            services.comment(issue, member, text)
    assert [action for _, action, _ in audited()] == ["issue.commented"]


def test_one_entry_for_each_project_however_many_issues(
    deliver: Delivery, other_project: Project, admin: User
) -> None:
    deliver(*(failure(f"f{number}") for number in range(30)))
    deliver(failure("theirs"), project=other_project)
    assert len(services.resolve(Issue.objects.all(), admin)) == 31
    assert Activity.objects.filter(kind="resolved").count() == 31
    first, second = AuditEntry.objects.order_by("pk")
    assert first.target.startswith("30 issues: HYDROML-1, HYDROML-2")
    assert first.details["count"] == len(first.details["issues"]) == 30
    assert (second.target, second.project) == ("OTHER-1 ValueError: no rain", other_project)


def test_more_issues_than_one_statement_takes(project: Project, member: User) -> None:
    Issue.objects.bulk_create(
        Issue(project=project, number=number, title="x", level="error", first_seen=1, last_seen=1)
        for number in range(1, 1202)
    )
    assert len(services.resolve(Issue.objects.all(), member)) == 1201
    assert len(services.ignore(Issue.objects.all(), member, times=5, until_escalating=True)) == 1201
    assert services.delete(Issue.objects.all(), member) == 1201
    assert not Issue.objects.exists()


def test_a_process_may_act_too(issue: Issue) -> None:
    services.resolve([issue], "retention")
    assert Activity.objects.get(kind="resolved").user is None
    assert audited()[0][0] == "retention"


@pytest.mark.django_db(transaction=True)
def test_deleting_leaves_nothing_and_what_comes_again_is_new(deliver: Delivery, member: User) -> None:
    deliver(
        deliver.envelope(
            failure("load", user="7", tags={"a": "b"}),
            ({"type": "attachment", "filename": "x.txt"}, b"a secret"),
            event_id="ab" * 16,
        ),
        failure("other"),
    )
    issue, other = Issue.objects.order_by("number")
    place = StoredEvent.objects.get(issue=issue)
    assert services.delete([issue], member) == 1
    for model in (IssueHash, IssueHour, IssueTag, IssueUser, StoredEvent, Activity):
        assert set(model.objects.values_list("issue", flat=True)) <= {other.pk}
    assert audited()[-1] == ("mary@example.org", "issue.deleted", "HYDROML-1 ValueError: no rain")
    # The worker takes the payload, and the attachment's, out of what the disk has.
    assert DeletedPayload.objects.count() == 2
    erase_deleted(0.0)
    assert not DeletedPayload.objects.exists()
    from monitor.digest.payloads import PayloadLostError, payload_store

    with pytest.raises(PayloadLostError, match="erased"):
        payload_store().read(place.block_id, place.slot)
    left = StoredEvent.objects.get(issue=other)
    assert b"no rain" in payload_store().read(left.block_id, left.slot)

    deliver(failure("load"))
    again = Issue.objects.latest("number")
    assert (again.number, again.times) == (3, 1)
    assert again.pk not in (issue.pk, other.pk)
