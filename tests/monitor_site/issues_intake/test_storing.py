"""An event on its whole way: into its issue, its counts, its payload, and the facts that other rooms hear of."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from monitor.digest import facts
from monitor.digest.facts import Fact
from monitor.digest.payloads import payload_store
from monitor.events import Event
from monitor.issues.models import (
    Activity,
    Issue,
    IssueHash,
    IssueHour,
    IssueTag,
    IssueUser,
    StoredEvent,
    TagValue,
)
from monitor.projects.models import Project
from monitor.stats.models import EventCount
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_intake.failing import failure

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[Fact]]:
    """All facts that are told."""
    found: list[Fact] = []

    def hear(told: Sequence[Fact]) -> None:
        found.extend(told)

    facts.subscribers.append(hear)
    yield found
    facts.subscribers.remove(hear)


def payload(row: StoredEvent) -> Event:
    return Event.from_json(payload_store().read(row.block_id, row.slot))


def test_an_event_becomes_an_issue_with_a_payload(deliver: Delivery) -> None:
    tags = {"category": "data_quality", "severity": "P2"}
    (event_id,) = deliver(failure(tags=tags, release="r@1", environment="production"))
    issue = Issue.objects.get()
    assert (issue.title, issue.number, issue.times, issue.stored) == ("ValueError: no discharge", 1, 1, 1)
    assert (issue.type, issue.value, issue.platform) == ("ValueError", "no discharge", "python")
    assert (issue.category, issue.severity, issue.first_release) == ("data_quality", "P2", "r@1")
    row = StoredEvent.objects.get()
    assert (row.event_id, row.release, row.environment) == (event_id, "r@1", "production")
    assert row.hash == IssueHash.objects.get()
    assert payload(row).exceptions[0]["value"] == "no discharge"
    assert payload(row).event_id == event_id
    assert [one.kind for one in Activity.objects.all()] == ["first_seen"]


def test_nothing_secret_is_stored(deliver: Delivery) -> None:
    secret = "hunter2-hunter2"
    deliver(
        failure(
            value=f"cannot log in with password={secret}",
            extra={"api_key": secret},
            tags={"password": secret},
        )
    )
    row = StoredEvent.objects.get()
    assert secret not in payload_store().read(row.block_id, row.slot).decode()
    assert secret not in Issue.objects.get().value
    assert not TagValue.objects.filter(value__contains=secret).exists()


def test_issues_of_a_project_are_numbered_and_those_of_two_projects_are_two(
    deliver: Delivery, project: Project, other_project: Project
) -> None:
    deliver(failure("AError"), failure("BError"), failure("AError"))
    deliver(failure("CError"))
    deliver(failure("AError"), project=other_project)
    found = Issue.objects.values_list("project__slug", "number", "type", "times").order_by(
        "project", "number"
    )
    assert list(found) == [
        ("hydroml", 1, "AError", 2),
        ("hydroml", 2, "BError", 1),
        ("hydroml", 3, "CError", 1),
        ("other", 1, "AError", 1),
    ]


def test_what_the_sender_held_back_counts_everywhere(deliver: Delivery, heard: list[Fact]) -> None:
    now = time.time()
    deliver(failure(tags={"suppressed": "41", "feature": "upload"}), received=now)
    assert Issue.objects.get().times == 42
    assert StoredEvent.objects.get().times == 42
    assert IssueHour.objects.get().times == 42
    assert EventCount.objects.get().times == 42
    assert IssueTag.objects.get(tag__key="feature").times == 42
    assert [fact.times for fact in heard] == [42]
    assert not TagValue.objects.filter(key="suppressed").exists()


def test_users_are_counted_once_each(deliver: Delivery) -> None:
    users: list[dict[str, Any]] = [{"id": 1}, {"id": 2}, {"id": 1}, {"email": "ada@example.org"}]
    deliver(*(failure(user=user) for user in users))
    deliver(failure(user={"id": 2}), failure("BError", user={"id": 1}), failure())
    assert list(Issue.objects.order_by("number").values_list("users", flat=True)) == [3, 1]
    assert IssueUser.objects.count() == 4


def test_tags_are_counted_with_when_they_were_seen(deliver: Delivery) -> None:
    now = float(int(time.time()))
    deliver(
        failure(timestamp=now - 50, tags={"basin": "Inn"}), failure(timestamp=now, tags={"basin": "Enns"})
    )
    deliver(failure(timestamp=now - 100, tags={"basin": "Inn"}))
    rows = IssueTag.objects.filter(tag__key="basin").order_by("-times")
    found = [
        (row.tag.value, row.times, row.first_seen.timestamp(), row.last_seen.timestamp()) for row in rows
    ]
    assert found == [("Inn", 2, now - 100, now - 50), ("Enns", 1, now, now)]


def test_what_sentry_makes_tags_of_is_one_and_ids_are_none(deliver: Delivery) -> None:
    deliver(
        failure(
            level="fatal",
            logger="river",
            server_name="web-1",
            transaction="/projects/<id>/",
            contexts={
                "runtime": {"name": "CPython", "version": "3.11"},
                "trace": {"trace_id": uuid4().hex, "span_id": "a" * 16},
            },
            tags={"request_id": "abc", "error_id": "E-1234", "trace_id": "x", "celery_task_id": uuid4().hex},
        )
    )
    found = dict(TagValue.objects.values_list("key", "value"))
    assert found == {
        "level": "fatal",
        "logger": "river",
        "server_name": "web-1",
        "transaction": "/projects/<id>/",
        "runtime": "CPython 3.11",
    }
    assert StoredEvent.objects.get().error_id == "E-1234"


def test_a_tag_has_five_hundred_values_and_then_others(deliver: Delivery) -> None:
    for start in (0, 400, 800):
        deliver(*(failure(tags={"well.number": str(number)}) for number in range(start, start + 400)))
    # Known values are counted on under their names.
    deliver(*(failure(tags={"well.number": "7"}) for _ in range(5)))
    rows = IssueTag.objects.filter(tag__key="well.number")
    assert rows.count() == 501
    assert rows.get(tag__value="<other>").times == 700
    assert rows.get(tag__value="7").times == 6
    assert TagValue.objects.filter(key="well.number").count() == 501


def test_an_issue_has_the_worst_severity_seen_and_the_words_of_its_newest_events(deliver: Delivery) -> None:
    now = time.time()
    deliver(failure(value="old", timestamp=now - 7200, tags={"severity": "P1"}))
    deliver(failure(value="new", timestamp=now, level="warning", tags={"severity": "P3"}))
    deliver(failure(value="late", timestamp=now - 3600, level="fatal"))
    issue = Issue.objects.get()
    assert (issue.severity, issue.value, issue.level) == ("P1", "new", "warning")
    assert issue.first_seen.timestamp() == pytest.approx(now - 7200, abs=0.001)
    assert issue.last_seen.timestamp() == pytest.approx(now, abs=0.001)


def test_facts_say_what_an_event_was(deliver: Delivery, heard: list[Fact], project: Project) -> None:
    now = time.time()
    (first,) = deliver(
        failure(
            tags={"category": "data_quality", "severity": "P2", "feature": "upload"},
            release="r@1",
            environment="staging",
            transaction="/upload/",
            user={"id": 5},
            timestamp=now - 10,
        ),
        received=now,
    )
    deliver(failure())
    fact, later = heard
    assert (fact.is_new, later.is_new) == (True, False)
    assert (fact.time, fact.received) == (pytest.approx(now - 10), pytest.approx(now))
    assert (fact.project_id, fact.issue_id, fact.uid.hex()) == (project.pk, Issue.objects.get().pk, first)
    assert (fact.category, fact.severity, fact.level) == ("data_quality", "P2", "error")
    assert (fact.release, fact.environment, fact.transaction) == ("r@1", "staging", "/upload/")
    assert fact.tags["feature"] == "upload"
    assert fact.user == bytes(IssueUser.objects.get().user)


def test_a_duplicate_is_no_fact(deliver: Delivery, heard: list[Fact]) -> None:
    event = failure(event_id=uuid4().hex)
    deliver(dict(event))
    deliver(dict(event))
    assert len(heard) == 1


def test_a_subscriber_that_fails_undoes_its_event_alone(deliver: Delivery, heard: list[Fact]) -> None:
    def refuse(told: Sequence[Fact]) -> None:
        assert all(fact.level != "fatal" for fact in told), "no fatal ones"

    facts.subscribers.append(refuse)
    try:
        deliver(failure("AError"), failure("BError", level="fatal"), failure("CError"))
    finally:
        facts.subscribers.remove(refuse)
    assert sorted(Issue.objects.values_list("type", flat=True)) == ["AError", "CError"]


def test_events_are_counted_by_the_minute_in_which_they_happened(deliver: Delivery) -> None:
    now = time.time()
    deliver(
        failure(timestamp=now - 600, tags={"category": "timeout", "severity": "P1"}, release="r@1"),
        failure(timestamp=now),
        failure("BError", timestamp=now),
    )
    found = set(EventCount.objects.values_list("minute", "category", "severity", "release", "times"))
    assert found == {(int((now - 600) // 60), "timeout", "P1", "r@1", 1), (int(now // 60), "", "", "", 2)}


def test_an_event_with_every_oddity_is_stored(deliver: Delivery) -> None:
    deliver(
        {
            "message": "null \x00 and half a pair",
            "level": 17,
            "timestamp": "yesterday",
            "tags": [["a", None], 5],
        },
        {"exception": "no exception", "user": "nobody", "extra": [1, 2], "contexts": "none"},
        ("event", b'{"message": "NaN is not JSON", "extra": {"x": NaN, "big": ' + b"9" * 400 + b"}}"),
        ("event", b'{"message": "\\ud83d"}'),
    )
    assert Issue.objects.count() == 4


def test_a_clock_of_1970_or_2100_does_not_decide_when_an_event_was(deliver: Delivery) -> None:
    now = time.time()
    deliver(failure("AError", timestamp=5), failure("BError", timestamp=4_102_444_800), received=now)
    for issue in Issue.objects.all():
        assert issue.last_seen.timestamp() == pytest.approx(now)
