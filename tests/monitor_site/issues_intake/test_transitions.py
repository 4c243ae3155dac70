"""What events do to issues that somebody has resolved or ignored."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from monitor.issues import services
from monitor.issues.ageing import age_issues
from monitor.issues.models import Activity, Issue, Status, Substatus
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_intake.failing import failure

pytestmark = pytest.mark.django_db
DAY_S = 86400.0


def one() -> Issue:
    return Issue.objects.get()


def resolve(**how: object) -> None:
    services.resolve(Issue.objects.all(), "test", **how)  # type: ignore[arg-type]


def ignore(**how: object) -> None:
    services.ignore(Issue.objects.all(), "test", **how)  # type: ignore[arg-type]


def state() -> tuple[str, str]:
    return one().status, one().substatus


def test_a_new_issue_is_new(deliver: Delivery) -> None:
    deliver(failure())
    assert state() == (Status.UNRESOLVED, Substatus.NEW)


def test_a_resolved_issue_comes_back_with_the_next_event(deliver: Delivery) -> None:
    deliver(failure(release="r@1"))
    resolve()
    (event_id,) = deliver(failure(release="r@2"))
    assert state() == (Status.UNRESOLVED, Substatus.REGRESSED)
    activity = Activity.objects.get(kind="regressed")
    assert activity.data == {"event_id": event_id, "release": "r@2"}
    deliver(failure())
    assert Activity.objects.filter(kind="regressed").count() == 1


def test_an_event_that_had_happened_before_the_issue_was_resolved_changes_nothing(deliver: Delivery) -> None:
    deliver(failure())
    resolve()
    deliver(failure(timestamp=time.time() - 3600))
    assert one().status == Status.RESOLVED
    assert one().times == 2


def test_resolved_in_a_release_older_ones_do_not_bring_it_back(deliver: Delivery) -> None:
    deliver(failure(release="r@1.9.0"), failure(release="r@1.10.0"))
    resolve(in_release="r@1.10.0")
    deliver(failure(release="r@1.9.0"), failure())
    assert one().status == Status.RESOLVED
    deliver(failure(release="r@1.10.0"))
    assert state() == (Status.UNRESOLVED, Substatus.REGRESSED)
    assert one().resolved_in_release == ""


def test_resolved_in_a_release_a_later_one_brings_it_back(deliver: Delivery) -> None:
    deliver(failure(release="r@1.9.0"))
    resolve(in_release="r@1.9.0")
    deliver(failure(release="r@1.10.0"))
    assert state() == (Status.UNRESOLVED, Substatus.REGRESSED)


def test_releases_without_a_version_are_in_the_order_in_which_they_were_heard_of(deliver: Delivery) -> None:
    at = time.time()
    for number, release in enumerate(("ff00aa", "cc11bb", "aa22cc")):
        deliver(failure("Other", release=release), received=at - 1000 + number)
    deliver(failure(release="ff00aa"))
    issue = Issue.objects.get(type="ValueError")
    services.resolve([issue], "test", in_release="cc11bb")
    deliver(failure(release="ff00aa"))
    issue.refresh_from_db()
    assert issue.status == Status.RESOLVED
    deliver(failure(release="aa22cc"))
    issue.refresh_from_db()
    assert issue.substatus == Substatus.REGRESSED


def test_resolved_in_the_next_release_only_one_that_was_not_known_brings_it_back(deliver: Delivery) -> None:
    deliver(failure(release="r@1"), failure("Other", release="r@2"))
    issue = Issue.objects.get(type="ValueError")
    services.resolve([issue], "test", in_next_release=True)
    deliver(failure(release="r@1"), failure(release="r@2"), failure())
    issue.refresh_from_db()
    assert issue.status == Status.RESOLVED
    deliver(failure(release="r@3"))
    issue.refresh_from_db()
    assert issue.substatus == Substatus.REGRESSED
    assert not issue.resolved_in_next_release


def test_an_ignored_issue_stays_so(deliver: Delivery) -> None:
    deliver(failure())
    ignore()
    deliver(*(failure() for _ in range(5)))
    assert one().status == Status.IGNORED


def test_ignored_until_it_has_happened_so_often_more(deliver: Delivery) -> None:
    deliver(failure())
    ignore(times=3)
    deliver(failure(), failure())
    assert one().status == Status.IGNORED
    deliver(failure(tags={"suppressed": "5"}))
    assert state() == (Status.UNRESOLVED, Substatus.ESCALATING)
    assert Activity.objects.get(kind="unignored").data == {"ignored_until_times": 4}


def test_ignored_until_a_moment_an_event_after_it_wakes_it(deliver: Delivery) -> None:
    deliver(failure())
    ignore(until=now() + timedelta(hours=1))
    deliver(failure())
    assert one().status == Status.IGNORED
    deliver(failure(), received=time.time() + 3700)
    assert state() == (Status.UNRESOLVED, Substatus.ONGOING)
    assert one().ignored_until is None


def test_ignored_until_a_moment_time_alone_wakes_it(deliver: Delivery) -> None:
    deliver(failure())
    ignore(until=now() + timedelta(hours=1))
    age_issues(time.time() + 3500)
    assert one().status == Status.IGNORED
    age_issues(time.time() + 3700)
    assert state() == (Status.UNRESOLVED, Substatus.ONGOING)


def test_after_a_week_a_new_issue_is_an_ongoing_one(deliver: Delivery) -> None:
    at = time.time()
    deliver(failure(), received=at - 8 * DAY_S)
    deliver(failure("Younger"), received=at)
    age_issues(at)
    assert Issue.objects.get(type="ValueError").substatus == Substatus.ONGOING
    assert Issue.objects.get(type="Younger").substatus == Substatus.NEW


def test_what_is_not_seen_any_more_resolves_itself(deliver: Delivery) -> None:
    at = time.time()
    deliver(failure(), received=at - 15 * DAY_S)
    deliver(failure("Younger"), received=at - 13 * DAY_S)
    age_issues(at)
    assert Issue.objects.get(type="ValueError").status == Status.RESOLVED
    assert Issue.objects.get(type="Younger").status == Status.UNRESOLVED
    assert Activity.objects.get(kind="resolved").at == datetime.fromtimestamp(at, UTC)
    deliver(failure())
    assert Issue.objects.get(type="ValueError").substatus == Substatus.REGRESSED
