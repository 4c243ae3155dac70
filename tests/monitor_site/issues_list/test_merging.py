"""Several issues become one and are parted again: what is counted stays exact, and is never counted twice."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from monitor.access.models import AuditEntry, User
from monitor.feedback.models import Feedback
from monitor.issues import services
from monitor.issues.merging import merge
from monitor.issues.models import (
    Activity,
    Issue,
    IssueHash,
    IssueHour,
    IssueTag,
    IssueUser,
    Merge,
    SampledEvent,
    Status,
    StoredEvent,
)
from monitor.issues.services import ActionError
from monitor.issues.unmerging import unmerge
from monitor.projects.models import Project
from monitor.releases.models import Regression, Release
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

AGO = 6 * 3600
COLUMNS = (
    "number", "title", "culprit", "type", "value", "level", "category", "severity", "handled", "first_seen", "last_seen",
    "times", "users", "stored", "first_release", "last_release", "known_error",
)  # fmt: skip


def everything(issue: Issue) -> dict[str, Any]:
    """All that is counted and kept of an issue."""
    issue = Issue.objects.get(pk=issue.pk)
    return {
        **{name: getattr(issue, name) for name in COLUMNS},
        "pk": issue.pk,
        "hours": dict(IssueHour.objects.filter(issue=issue).values_list("hour", "times")),
        "tags": {
            (key, value): (times, first, last)
            for key, value, times, first, last in IssueTag.objects.filter(issue=issue).values_list(
                "tag__key", "tag__value", "times", "first_seen", "last_seen"
            )
        },
        "all_users": set(IssueUser.objects.filter(issue=issue).values_list("user", flat=True)),
        "events": set(StoredEvent.objects.filter(issue=issue).values_list("uid", flat=True)),
        "hashes": set(issue.hashes.values_list("hash", flat=True)),
    }


def happened(where: str, number: int, *, ago: float, **more: Any) -> dict[str, Any]:
    return failure(
        where,
        value=f"{where} fails",
        tags={"place": where, "number": str(number % 3), "severity": "P1" if where == "b" else "P2"},
        user=f"{where}-{number}" if number % 2 else "shared",
        timestamp=time.time() - ago,
        release=f"1.{number}",
        environment="production",
        **more,
    )


@pytest.fixture
def flood(settings: Settings) -> None:
    """Three payloads an hour are kept of an issue; what is beyond is sampled."""
    settings.PAYLOADS_AN_HOUR = 3


@pytest.fixture
def two(deliver: Delivery, flood: None) -> tuple[Issue, Issue]:
    """`a` is the older one; of both, more has happened than is kept."""
    deliver(*(happened("a", number, ago=AGO - number * 1800) for number in range(8)))
    deliver(*(happened("b", number, ago=AGO / 2 - number * 600, suppressed=number) for number in range(9)))
    a, b = Issue.objects.order_by("number")
    assert a.stored < a.times
    assert b.stored < b.times
    return a, b


def test_merging_adds_up_what_both_had(two: tuple[Issue, Issue], member: User) -> None:
    a, b = two
    before_a, before_b = everything(a), everything(b)
    target = merge([b, a], member)
    assert target == a
    after = everything(a)
    for name in ("times", "stored"):
        assert after[name] == before_a[name] + before_b[name]
    assert after["hours"] == {
        hour: before_a["hours"].get(hour, 0) + before_b["hours"].get(hour, 0)
        for hour in before_a["hours"] | before_b["hours"]
    }
    assert sum(after["hours"].values()) == after["times"]
    for tag in before_a["tags"] | before_b["tags"]:
        had = [one["tags"][tag] for one in (before_a, before_b) if tag in one["tags"]]
        assert after["tags"][tag] == (
            sum(times for times, _, _ in had),
            min(first for _, first, _ in had),
            max(last for _, _, last in had),
        )
    for name in ("all_users", "events", "hashes"):
        assert after[name] == before_a[name] | before_b[name]
    assert after["users"] == len(after["all_users"])
    assert (after["first_seen"], after["last_seen"]) == (before_a["first_seen"], before_b["last_seen"])
    assert after["severity"] == "P1"
    assert list(Issue.objects.all()) == [a]


def test_what_happens_later_goes_to_the_merged_issue(
    two: tuple[Issue, Issue], deliver: Delivery, member: User
) -> None:
    target = merge(two, member)
    times = Issue.objects.get(pk=target.pk).times
    deliver(happened("b", 1, ago=0), happened("a", 1, ago=0))
    assert Issue.objects.get().times == times + 2


def test_unmerging_gives_back_exactly_what_came(two: tuple[Issue, Issue], member: User) -> None:
    """What a flood had left out, too; and the address."""
    a, b = two
    before_a, before_b = everything(a), everything(b)
    merge([a, b], member)
    fresh = unmerge(a, before_b["hashes"], member)
    assert fresh.pk == b.pk
    assert everything(fresh) == before_b
    assert everything(a) == before_a
    assert not Merge.objects.exists()
    assert not IssueHash.objects.exclude(merged_from=None).exists()


def test_unmerging_counts_what_came_since(two: tuple[Issue, Issue], deliver: Delivery, member: User) -> None:
    a, b = two
    before_a, before_b = everything(a), everything(b)
    merge([a, b], member)
    # Another hour of receiving: payloads are kept again.
    later = time.time() + 3600
    deliver(happened("b", 50, ago=60, suppressed=4), received=later)
    deliver(happened("a", 60, ago=30), received=later + 1)
    unmerge(a, before_b["hashes"], member)
    after_a, after_b = everything(a), everything(b)
    assert after_b["times"] == before_b["times"] + 5
    assert after_a["times"] == before_a["times"] + 1
    assert after_b["tags"]["place", "b"][0] == before_b["tags"]["place", "b"][0] + 5
    assert ("place", "b") not in after_a["tags"]
    assert after_a["tags"]["place", "a"][0] == before_a["tags"]["place", "a"][0] + 1
    assert after_a["users"] == before_a["users"]
    assert after_b["users"] == before_b["users"]
    for issue in (after_a, after_b):
        assert sum(issue["hours"].values()) == issue["times"]
        assert issue["users"] == len(issue["all_users"])
    assert (after_a["title"], after_b["title"]) == ("ValueError: a fails", "ValueError: b fails")


def test_hashes_that_came_together_can_be_parted_singly(deliver: Delivery, member: User) -> None:
    """`c` came with `b`, which came with both: alone, `c` is counted by the events that are kept."""
    for name in "abc":
        deliver(*(happened(name, number, ago=AGO - 600 * number - ord(name) * 10) for number in range(4)))
    by_name = {issue.title[-7]: issue for issue in Issue.objects.all()}
    oldest = min(by_name.values(), key=lambda one: one.first_seen)
    before = {name: everything(issue) for name, issue in by_name.items()}
    youngest_first = sorted(by_name.values(), key=lambda one: one.first_seen, reverse=True)
    inner = merge(youngest_first[:2], member)
    outer = merge([inner, oldest], member)
    assert outer == oldest
    fresh = unmerge(outer, before["b"]["hashes"], member)
    assert everything(fresh)["times"] == before["b"]["times"]
    assert everything(fresh)["tags"] == before["b"]["tags"]
    assert everything(outer)["times"] == before["a"]["times"] + before["c"]["times"]


def test_a_merged_issue_takes_its_past_along(deliver: Delivery, member: User) -> None:
    """Merged into a third one and taken out again whole, it can be parted still."""
    for name in "abc":
        deliver(
            *(happened(name, number, ago=AGO - 600 * number - "cba".index(name) * 60) for number in range(3))
        )
    a, b, c = (Issue.objects.get(title=f"ValueError: {name} fails") for name in "abc")
    before = {name: everything(issue) for name, issue in (("a", a), ("b", b), ("c", c))}
    pair = merge([b, c], member)
    both = everything(pair)
    target = merge([pair, a], member)
    gone = pair if target == a else a
    restored = unmerge(target, both["hashes"] if gone == pair else before["a"]["hashes"], member)
    assert {target.pk, restored.pk} == {pair.pk, a.pk}
    assert everything(pair) == both
    source = c if pair == b else b
    again = unmerge(pair, before["c" if source == c else "b"]["hashes"], member)
    assert again.pk == source.pk
    for name, issue in (("a", a), ("b", b), ("c", c)):
        assert everything(issue) == before[name]


def test_old_addresses_lead_to_the_merged_issue(
    two: tuple[Issue, Issue], member: User, as_member: Client
) -> None:
    a, b = two
    sampled = SampledEvent.objects.filter(issue=b).first()
    assert sampled is not None
    merge(two, member)
    found = as_member.get(reverse("issues:list"), {"q": "HYDROML-2"})
    assert found.headers["Location"] == reverse("issues:detail", args=[a.pk])


def test_the_status_is_that_of_the_one_that_needs_work(two: tuple[Issue, Issue], member: User) -> None:
    a, b = two
    services.resolve([a], member)
    target = merge([a, b], member)
    assert target.status == Status.UNRESOLVED
    services.ignore([target], member, times=100)
    fresh = unmerge(target, two_hashes(b), member)
    target.refresh_from_db()
    assert fresh.status == target.status == Status.IGNORED
    for issue in (fresh, target):
        assert issue.ignored_until_times == issue.times + 100


def two_hashes(source: Issue) -> set[str]:
    """Those that came with a source that is no more."""
    merged = Merge.objects.get(source_id=source.pk)
    return set(IssueHash.objects.filter(pk__in=merged.hashes).values_list("hash", flat=True))


def test_activities_and_comments_go_along(two: tuple[Issue, Issue], member: User) -> None:
    a, b = two
    services.comment(b, member, "the gauge was moved")
    merge(two, member)
    assert Activity.objects.get(kind="comment").issue == a
    noted = Activity.objects.get(kind="merged")
    assert (noted.issue, noted.data["from"][0]["short_id"]) == (a, "HYDROML-2")
    assert AuditEntry.objects.filter(action="issue.merged").count() == 1


def test_what_other_rooms_keep_of_an_issue_goes_along(
    two: tuple[Issue, Issue], deliver: Delivery, member: User
) -> None:
    """Also where both have the same: of two regressions in one release one is enough."""
    a, b = two
    event = StoredEvent.objects.filter(issue=b)[0]
    deliver(
        ("user_report", {"event_id": event.event_id, "comments": "no rain at all", "name": "Gauge keeper"})
    )
    release = Release.objects.create(version="2.0", created_at=time.time())
    for issue in (a, b):
        Regression.objects.create(release=release, issue=issue, at=time.time())
    assert Feedback.objects.get().issue == b
    merge(two, member)
    assert Feedback.objects.get().issue == a
    assert Regression.objects.get().issue == a


def test_only_issues_of_one_project_are_merged(
    two: tuple[Issue, Issue], deliver: Delivery, other_project: Project, admin: User
) -> None:
    deliver(failure("theirs"), project=other_project)
    with pytest.raises(ActionError, match="HydroML and Other"):
        merge(Issue.objects.all(), admin)
    with pytest.raises(ActionError, match="two issues"):
        merge([two[0], two[0]], admin)
    assert Issue.objects.count() == 3


def test_one_hash_must_stay(two: tuple[Issue, Issue], member: User) -> None:
    target = merge(two, member)
    with pytest.raises(ActionError, match="one at least must stay"):
        unmerge(target, everything(target)["hashes"], member)
    with pytest.raises(ActionError, match="None of these"):
        unmerge(target, ["f" * 32], member)


def test_the_words_of_both_are_found_where_they_are(
    two: tuple[Issue, Issue], as_member: Client, member: User
) -> None:
    """The index of words follows merging and unmerging."""
    merge(two, member)
    assert len(as_member.get(reverse("issues:list"), {"q": '"b fails"'}).context["rows"]) <= 1
    unmerge(two[0], two_hashes(two[1]), member)
    [row] = as_member.get(reverse("issues:list"), {"q": '"b fails"'}).context["rows"]
    assert row.issue.pk == two[1].pk


def test_merging_takes_no_more_statements_for_more_rows(
    deliver: Delivery, member: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    deliver(*(happened("a", number, ago=AGO) for number in range(40)))
    deliver(*(happened("b", number, ago=AGO / 2) for number in range(40)))
    with django_assert_max_num_queries(70):
        merge(Issue.objects.all(), member)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), st.sampled_from("abcd"), st.integers(0, 3)),
        st.tuples(st.just("merge"), st.sets(st.sampled_from("abcd"), min_size=2, max_size=3), st.just(0)),
        st.tuples(st.just("unmerge"), st.sets(st.sampled_from("abcd"), min_size=1, max_size=2), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_nothing_is_lost_or_counted_twice(
    deliver: Delivery, project: Project, member: User, flood: None, steps: list[Any]
) -> None:
    """Whatever is merged and parted in whatever order."""
    Issue.objects.all().delete()
    IssueHash.objects.all().delete()
    total = 0
    hash_of: dict[str, str] = {}
    for kind, what, more in steps:
        if kind == "happen":
            deliver(happened(what, total, ago=60 * total % 7000, suppressed=more))
            total += 1 + more
            if what not in hash_of:
                hash_of[what] = _newest_hash(hash_of)
        else:
            _regroup(kind, {hash_of[name] for name in what if name in hash_of}, member)
    issues = [everything(issue) for issue in Issue.objects.all()]
    assert sum(one["times"] for one in issues) == total
    for one in issues:
        assert one["times"] == sum(one["hours"].values())
        assert one["times"] == sum(times for (key, _), (times, _, _) in one["tags"].items() if key == "level")
        assert one["stored"] == len(one["events"])
        assert one["users"] == len(one["all_users"])
        assert one["first_seen"] <= one["last_seen"]
    for event in StoredEvent.objects.select_related("hash"):
        assert event.hash is not None
        assert event.issue_id == event.hash.issue_id


def _newest_hash(known: dict[str, str]) -> str:
    return IssueHash.objects.exclude(hash__in=known.values()).values_list("hash", flat=True).get()


def _regroup(kind: str, hashes: set[str], by: User) -> None:
    """As far as it can be done: some are merged already, or alone."""
    issues = list(Issue.objects.filter(hashes__hash__in=hashes).distinct())
    try:
        if kind == "merge":
            merge(issues, by)
        elif issues:
            unmerge(issues[0], hashes, by)
    except ActionError:
        return
