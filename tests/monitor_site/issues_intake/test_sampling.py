"""A flood keeps a few payloads, and all of its counts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from monitor.issues.models import Issue, IssueHour, SampledEvent, StoredEvent
from monitor.issues.sampling import QUIET_S, keeps_payload
from monitor.retention import old_rows
from monitor.retention.pace import Pace
from monitor.stats.models import OutcomeCount
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_intake.failing import failure


def kept_of(count: int, first: int = 100) -> int:
    return sum(keeps_payload(number, 0.0, first=first) for number in range(count))


@pytest.mark.parametrize(
    ("events", "kept"), [(50, 50), (100, 100), (1_000, 190), (10_000, 280), (100_000, 370), (200_000, 380)]
)
def test_ninety_for_each_further_power_of_ten(events: int, kept: int) -> None:
    assert kept_of(events) == kept


@given(st.integers(0, 10**9), st.floats(QUIET_S, 1e9))
def test_after_five_minutes_one_is_kept_whatever_the_rate(number: int, since_s: float) -> None:
    assert keeps_payload(number, since_s, first=100)
    # A clock that has gone back keeps one too.
    assert keeps_payload(number, -since_s, first=100)


@pytest.mark.django_db
class TestFlood:
    def test_counts_are_exact_and_payloads_a_sample(self, deliver: Delivery) -> None:
        at = time.time() // 3600 * 3600
        for start in range(0, 1200, 300):
            deliver(*(failure(user={"id": n}) for n in range(start, start + 300)), received=at + start / 300)
        issue = Issue.objects.get()
        assert (issue.times, issue.users) == (1200, 1200)
        assert issue.stored == StoredEvent.objects.count() == 100 + 90 + 2
        assert SampledEvent.objects.count() == 1200 - issue.stored
        assert sum(IssueHour.objects.values_list("times", flat=True)) == 1200
        outcomes = {row.outcome: row.quantity for row in OutcomeCount.objects.filter(category="error")}
        assert outcomes == {"digested": issue.stored, "sampled": 1200 - issue.stored}

    def test_the_next_hour_begins_anew(self, deliver: Delivery, settings: Settings) -> None:
        settings.PAYLOADS_AN_HOUR = 3
        at = time.time() // 3600 * 3600
        for hour in range(2):
            deliver(*(failure() for _ in range(5)), received=at + hour * 3600)
        assert StoredEvent.objects.count() == 6

    def test_an_event_that_was_left_out_counts_once_too(self, deliver: Delivery, settings: Settings) -> None:
        settings.PAYLOADS_AN_HOUR = 1
        deliver(failure())
        again = failure(event_id="ab" * 16)
        for _ in range(3):
            deliver(dict(again))
        assert Issue.objects.get().times == 2
        assert SampledEvent.objects.count() == 1

    def test_another_issue_is_not_sampled_with_it(self, deliver: Delivery, settings: Settings) -> None:
        settings.PAYLOADS_AN_HOUR = 2
        deliver(*(failure() for _ in range(10)), failure("Other"))
        assert Issue.objects.get(type="Other").stored == 1

    def test_ids_are_forgotten_with_the_events(
        self, deliver: Delivery, settings: Settings, tmp_path: Path
    ) -> None:
        settings.PAYLOADS_AN_HOUR = 1
        at = time.time()
        deliver(*(failure() for _ in range(5)), received=at - 91 * 86400)
        deliver(*(failure() for _ in range(5)), received=at)
        assert SampledEvent.objects.count() == 8
        old_rows.forget_sampled(at, Pace(60))
        assert SampledEvent.objects.count() == 4
