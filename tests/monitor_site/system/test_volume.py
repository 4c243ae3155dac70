"""What became of what was sent, the quota and its forecast, and coverage."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from monitor.digest.system.coverage import coverage
from monitor.digest.system.quota import quota
from monitor.digest.system.volume import traffic, volume
from monitor.projects.models import Project
from monitor.stats.models import EventCount, OutcomeCount

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = int(NOW.timestamp()) // 60
DAY = 1440


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def _count(
    project: int, ago: int, outcome: str, quantity: int, reason: str = "", category: str = "error"
) -> None:
    OutcomeCount.objects.create(
        project_id=project,
        minute=MINUTE - ago,
        outcome=outcome,
        category=category,
        reason=reason,
        quantity=quantity,
    )


def test_what_was_not_stored_is_told_by_reason_and_project(project: Project, other_project: Project) -> None:
    _count(project.pk, 5, "refused", 3, "rate_limited")
    _count(project.pk, 5 * DAY, "refused", 40, "rate_limited")
    _count(project.pk, 31 * DAY, "refused", 1000, "rate_limited")
    _count(project.pk, 5, "poison", 1, "invalid_json")
    _count(project.pk, 5, "accepted", 100)
    _count(other_project.pk, 5, "refused", 7, "disabled_key")
    _count(0, 5, "refused", 9, "unknown_key", "default")
    found = volume([project], with_unknown=True, now=NOW)
    assert [(row.project, row.reason_words, row.day, row.month) for row in found.lost] == [
        (None, "an unknown key", 9, 9),
        (project, "rate limit", 3, 43),
        (project, "invalid json", 1, 1),
    ]
    assert {words: (day, month) for words, day, month in found.by_outcome}["taken"] == (100, 100)


def test_what_came_without_a_known_key_is_for_those_who_see_all(project: Project) -> None:
    _count(0, 5, "refused", 9, "unknown_key")
    assert volume([project], with_unknown=False, now=NOW).rows == []


def test_what_clients_dropped_stands_by_itself(project: Project) -> None:
    _count(project.pk, 5, "client_discard", 12, "sample_rate", "transaction")
    found = volume([project], with_unknown=False, now=NOW)
    assert found.lost == []
    assert [(row.reason_words, row.category, row.day) for row in found.discarded] == [
        ("sampled by the client", "transaction", 12)
    ]


def test_errors_of_this_month_stand_against_the_quota(project: Project, other_project: Project) -> None:
    for days in range(40):
        _count(project.pk, days * DAY, "accepted", 100)
        _count(project.pk, days * DAY, "accepted", 1000, category="transaction")
    _count(other_project.pk, 10, "accepted", 50)
    found = quota([project, other_project], 10_000, now=NOW)
    assert found.used == 22 * 100 + 50
    assert dict(found.by_project) == {project: 2200, other_project: 50}
    assert found.by_day[-1] == 150
    assert len(found.by_day) == 30
    assert found.a_day == pytest.approx(333.3, abs=0.1)


def test_the_forecast_goes_on_as_in_the_last_seven_days(project: Project) -> None:
    for days in range(30):
        _count(project.pk, days * DAY, "accepted", 100 if days >= 7 else 1000)
    found = quota([project], 10_000, now=NOW)
    used = 7 * 1000 + 15 * 100
    # Half of the 22nd, and the 23rd to the 30th; seven days' events in six and a half days.
    assert found.used == used
    assert found.forecast == pytest.approx(used + 8.5 * 7000 / 6.5, rel=0.001)
    assert found.full_on is not None
    assert NOW < found.full_on < NOW + timedelta(days=2)


def test_a_quota_that_suffices_has_no_last_day(project: Project) -> None:
    _count(project.pk, 5, "accepted", 1)
    assert quota([project], 10_000, now=NOW).full_on is None


def test_a_month_that_has_just_begun_has_a_forecast(project: Project) -> None:
    start = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
    found = quota([project], 100, now=start)
    assert (found.used, found.forecast, found.share) == (0, 0, 0.0)


def test_coverage_is_the_share_that_has_a_category(project: Project) -> None:
    for ago, category, times in (
        (5, "database", 90),
        (10, "", 6),
        (70, "uncategorised", 4),
        (3 * DAY, "", 1000),
    ):
        EventCount.objects.create(
            project=project, minute=MINUTE - ago, category=category, level="error", times=times
        )
    found = coverage([project], 0.95, since=NOW - timedelta(hours=24), until=NOW)
    assert (found.total, found.uncategorised, found.share) == (100, 10, 0.9)
    assert not found.is_met
    # The hour without events is a gap, not a nought.
    assert found.by_hour[-3:] == [None, 0.0, 90 / 96]


def test_coverage_is_of_its_time_to_the_minute(project: Project) -> None:
    """A week in Vienna ends an hour before the day in UTC: what is of the next week is not of this one."""
    for ago, category in ((61, ""), (60, "database"), (1, "database"), (0, "")):
        EventCount.objects.create(
            project=project, minute=MINUTE - ago, category=category, level="error", times=1
        )
    for length in (timedelta(hours=1), timedelta(days=7)):
        found = coverage([project], 0.95, since=NOW - length, until=NOW)
        assert found.share == (1.0 if length == timedelta(hours=1) else 2 / 3)
        assert sum(share is not None for share in found.by_hour) == 1


def test_without_events_there_is_no_share(project: Project) -> None:
    found = coverage([project], 0.95, since=NOW - timedelta(days=30), until=NOW)
    assert found.share is None
    assert found.is_met
    assert set(found.by_hour) == {None}


@pytest.mark.parametrize(("hours", "places"), [(1, 7), (24, 25), (24 * 30, 31)])
def test_traffic_has_a_place_for_each_step(project: Project, hours: int, places: int) -> None:
    _count(project.pk, 0, "accepted", 5)
    _count(project.pk, hours * 60 - 1, "refused", 2, "too_large")
    labels, series = traffic([project], since=NOW - timedelta(hours=hours), until=NOW, with_unknown=False)
    assert len(labels) == len(series["taken"]) == places
    assert (series["taken"][-1], sum(series["refused"])) == (5, 2)
    assert "set aside" not in series
