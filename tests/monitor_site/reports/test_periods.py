"""Days, weeks and months by the clock on the wall, with both days of the year on which it is put right."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.reports.models import Kind
from monitor.reports.periods import Period, before, latest_due, period_named
from strategy import load_strategy
from strategy.model.following_up import Digest

VIENNA = ZoneInfo("Europe/Vienna")
DIGEST = load_strategy().digest


def at(text: str, zone: ZoneInfo = VIENNA) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def test_a_digest_is_of_the_day_before_and_due_at_nine() -> None:
    early = latest_due(Kind.DAILY, DIGEST, VIENNA, at("2026-11-27T08:59:59"))
    due = latest_due(Kind.DAILY, DIGEST, VIENNA, at("2026-11-27T09:00"))
    assert early.name == "2026-11-25"
    assert due == Period(
        Kind.DAILY, "2026-11-26", at("2026-11-26T00:00"), at("2026-11-27T00:00"), at("2026-11-27T09:00")
    )


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_has_as_many_hours_as_the_clock_gives_it(day: str, hours: int) -> None:
    period = period_named(Kind.DAILY, day, DIGEST, VIENNA)
    assert period is not None
    assert (period.until - period.since) / 3600 == hours
    due = datetime.fromtimestamp(period.due, VIENNA)
    assert (due.hour, due.minute) == (9, 0)


def test_a_time_that_summer_time_leaves_out_comes_an_hour_later_and_one_that_comes_twice_comes_once() -> None:
    digest = Digest(at="02:30")
    left_out = latest_due(Kind.DAILY, digest, VIENNA, at("2026-03-29T12:00"))
    assert datetime.fromtimestamp(left_out.due, UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    twice = latest_due(Kind.DAILY, digest, VIENNA, at("2026-10-25T12:00"))
    assert datetime.fromtimestamp(twice.due, UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_weekly_review_looks_at_the_seven_days_before_it() -> None:
    period = latest_due(Kind.WEEKLY, DIGEST, VIENNA, at("2026-11-27T12:00"))
    assert period.name == "2026-11-23"
    assert (period.since, period.until) == (at("2026-11-16T00:00"), at("2026-11-23T00:00"))
    assert period.due == at("2026-11-23T10:00")
    assert before(period, VIENNA) == (at("2026-11-09T00:00"), at("2026-11-16T00:00"))


def test_the_monthly_report_is_of_the_month_before() -> None:
    period = latest_due(Kind.MONTHLY, DIGEST, VIENNA, at("2027-01-01T09:00"))
    assert period.name == "2026-12"
    assert (period.since, period.until) == (at("2026-12-01T00:00"), at("2027-01-01T00:00"))
    assert before(period, VIENNA) == (at("2026-11-01T00:00"), at("2026-12-01T00:00"))
    assert latest_due(Kind.MONTHLY, DIGEST, VIENNA, at("2027-01-01T08:59")).name == "2026-11"


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Kind.DAILY, "2026-13-01"), (Kind.DAILY, "20261127"), (Kind.WEEKLY, "2026-11-24"), (Kind.MONTHLY, "2026-1"),
     (Kind.MONTHLY, "9999-12"), (Kind.DAILY, "9999-12-31"), (Kind.TRIAGE, "x")],
)  # fmt: skip
def test_what_names_no_report_is_none(kind: Kind, name: str) -> None:
    assert period_named(kind, name, DIGEST, VIENNA) is None


@given(
    now=st.integers(1_735_689_600, 2_000_000_000),
    kind=st.sampled_from(list(Kind)),
    zone=st.sampled_from(
        ["Europe/Vienna", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]
    ),
)
def test_whatever_the_time_the_last_report_is_over_due_and_found_again_by_its_name(
    now: int, kind: Kind, zone: str
) -> None:
    period = latest_due(kind, DIGEST, ZoneInfo(zone), now)
    assert period.since < period.until <= period.due <= now
    assert period_named(kind, period.name, DIGEST, ZoneInfo(zone)) == period
