"""Old counts are kept by the hour, and add up to what they were."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from monitor.projects.models import Project
from monitor.stats.coarsening import EVENTS_FINE_S, OUTCOMES_FINE_S, coarsen
from monitor.stats.models import EventCount, OutcomeCount

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC).timestamp()
BEFORE = int((NOW - OUTCOMES_FINE_S) // 3600) * 60
"""The first minute that is left as it is."""
EVENTS_BEFORE = int((NOW - EVENTS_FINE_S) // 3600) * 60


def _outcome(minute: int, quantity: int, reason: str = "", project: int = 1) -> None:
    OutcomeCount.objects.create(
        project_id=project,
        minute=minute,
        outcome="refused",
        category="error",
        reason=reason,
        quantity=quantity,
    )


def _kept() -> list[tuple[object, ...]]:
    return sorted(OutcomeCount.objects.values_list("project_id", "minute", "reason", "quantity"))


@pytest.mark.django_db
def test_minutes_of_an_hour_become_one() -> None:
    hour = BEFORE - 60
    for minute, quantity in ((hour, 1), (hour + 1, 10), (hour + 59, 100), (hour - 1, 1000)):
        _outcome(minute, quantity)
    _outcome(hour + 2, 5, "too_large")
    _outcome(hour + 3, 7, project=2)
    coarsen(NOW)
    assert _kept() == [
        (1, hour - 60, "", 1000),
        (1, hour, "", 111),
        (1, hour, "too_large", 5),
        (2, hour, "", 7),
    ]


@pytest.mark.django_db
def test_what_is_young_stays_by_the_minute() -> None:
    for minute in (BEFORE, BEFORE + 1):
        _outcome(minute, 1)
    coarsen(NOW)
    assert [row[1] for row in _kept()] == [BEFORE, BEFORE + 1]


@pytest.mark.django_db
def test_what_comes_late_is_added_the_next_time() -> None:
    _outcome(BEFORE - 1, 3)
    coarsen(NOW)
    _outcome(BEFORE - 2, 4)
    coarsen(NOW)
    coarsen(NOW)
    assert _kept() == [(1, BEFORE - 60, "", 7)]


def test_events_keep_what_tells_them_apart(project: Project) -> None:
    for minute, category, times in ((1, "database", 2), (2, "database", 3), (3, "cache", 4)):
        EventCount.objects.create(
            project=project, minute=EVENTS_BEFORE - 60 + minute, category=category, level="error", times=times
        )
    coarsen(NOW)
    assert sorted(EventCount.objects.values_list("minute", "category", "times")) == [
        (EVENTS_BEFORE - 60, "cache", 4),
        (EVENTS_BEFORE - 60, "database", 5),
    ]


class ExactnessTest(TestCase):
    """Whatever is counted when."""

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 300), st.integers(1, 2), st.sampled_from(["", "a"]), st.integers(1, 10**9)
            ),
            max_size=40,
            unique_by=lambda row: row[:3],
        )
    )
    def test_sums_of_each_hour_stay_exact(self, rows: list[tuple[int, int, str, int]]) -> None:
        OutcomeCount.objects.all().delete()
        wanted: Counter[tuple[int, int, str]] = Counter()
        for ago, project, reason, quantity in rows:
            minute = BEFORE + 60 - ago
            _outcome(minute, quantity, reason, project)
            wanted[minute // 60, project, reason] += quantity
        coarsen(NOW)
        found: Counter[tuple[int, int, str]] = Counter()
        for project, minute, reason, quantity in _kept():
            found[minute // 60, project, reason] += quantity  # type: ignore[operator,index]
            assert minute >= BEFORE or minute % 60 == 0  # type: ignore[operator]
        assert found == wanted
        total = OutcomeCount.objects.aggregate(Sum("quantity"))["quantity__sum"] or 0
        assert total == sum(row[3] for row in rows)
