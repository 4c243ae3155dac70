"""When jobs are due, also on the days on which clocks change."""

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.crons.config import config_of
from monitor.crons.schedule import CRONTAB, INTERVAL, UNITS, Schedule, ScheduleError

NEW_YORK = "America/New_York"


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def crontab(line: str, zone: str = "UTC") -> Schedule:
    return Schedule(CRONTAB, crontab=line, timezone=zone)


def every(value: int, unit: str, zone: str = "UTC") -> Schedule:
    return Schedule(INTERVAL, value=value, unit=unit, timezone=zone)


def dues(schedule: Schedule, start: datetime, number: int) -> list[datetime]:
    found = []
    for _ in range(number):
        start = schedule.next_after(start)
        found.append(start)
    return found


@pytest.mark.parametrize(
    ("line", "after", "due"),
    [
        ("*/5 * * * *", "2026-11-22T10:02:00", "2026-11-22T10:05:00"),
        ("*/5 * * * *", "2026-11-22T10:05:00", "2026-11-22T10:10:00"),
        ("0 3 * * MON", "2026-11-22T10:00:00", "2026-11-23T03:00:00"),
        ("0 0 29 2 *", "2026-11-22T10:00:00", "2028-02-29T00:00:00"),
        ("@daily", "2026-11-22T10:00:00", "2026-11-23T00:00:00"),
        ("@Hourly", "2026-11-22T10:00:00.5", "2026-11-22T11:00:00"),
    ],
)
def test_crontab_lines(line: str, after: str, due: str) -> None:
    assert crontab(line).next_after(at(after)) == at(due)


def test_a_crontab_line_counts_in_its_own_time_zone() -> None:
    due = crontab("0 3 * * *", "Asia/Kathmandu").next_after(at("2026-11-22T00:00:00"))
    assert due == at("2026-11-22T21:15:00")
    assert due.tzinfo is UTC


def test_a_time_that_the_clock_leaves_out_comes_right_after_it() -> None:
    # In New York, 2026-03-08 has no 02:30.
    found = dues(crontab("30 2 * * *", NEW_YORK), at("2026-03-07T12:00:00"), 2)
    assert found == [at("2026-03-08T03:00:00", NEW_YORK), at("2026-03-09T02:30:00", NEW_YORK)]


def test_a_time_that_comes_twice_is_due_once() -> None:
    # In New York, 2026-11-01 has 01:30 twice.
    found = dues(crontab("30 1 * * *", NEW_YORK), at("2026-10-31T12:00:00"), 2)
    assert found == [at("2026-11-01T05:30:00"), at("2026-11-02T06:30:00")]
    # Also for who asks between the two.
    assert crontab("30 1 * * *", NEW_YORK).next_after(at("2026-11-01T06:10:00")) == at("2026-11-02T06:30:00")


def test_what_is_due_each_hour_is_so_25_times_on_the_long_day() -> None:
    found = dues(crontab("0 * * * *", NEW_YORK), at("2026-11-01T03:59:00"), 26)
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {timedelta(hours=1)}


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        (every(10, "minute"), "2026-11-22T10:00:30", "2026-11-22T10:10:30"),
        (every(2, "hour", NEW_YORK), "2026-11-01T05:30:00", "2026-11-01T07:30:00"),
        # A day later by the clock on the wall, which is 25 hours.
        (every(1, "day", NEW_YORK), "2026-10-31T16:00:00", "2026-11-01T17:00:00"),
        (every(2, "week"), "2026-11-22T10:00:00", "2026-12-06T10:00:00"),
        (every(1, "month"), "2026-01-31T10:00:00", "2026-02-28T10:00:00"),
        (every(13, "month"), "2026-12-15T10:00:00", "2028-01-15T10:00:00"),
        (every(1, "year"), "2028-02-29T10:00:00", "2029-02-28T10:00:00"),
    ],
)
def test_intervals(schedule: Schedule, after: str, due: str) -> None:
    assert schedule.next_after(at(after)) == at(due)


@pytest.mark.parametrize(
    "schedule",
    [
        crontab(""),
        crontab("* * * *"),
        crontab("* * * * * *"),
        crontab("61 * * * *"),
        crontab("0 0 30 2 *"),
        crontab("every day"),
        crontab("* * * * *", "Mars/Olympus"),
        crontab("* * * * *", "../../etc/passwd"),
        every(0, "minute"),
        every(1, "second"),
        every(1, "day", "nowhere"),
        Schedule("never"),
    ],
)
def test_what_cannot_be_followed_is_refused(schedule: Schedule) -> None:
    with pytest.raises(ScheduleError):
        schedule.check()


def test_a_check_in_a_little_before_its_time_is_meant_for_it() -> None:
    assert crontab("0 3 * * *").early(at("2026-11-22T03:00:00")) == timedelta(seconds=60)
    assert crontab("* * * * *").early(at("2026-11-22T03:00:00")) == timedelta(seconds=30)


def test_a_schedule_in_words() -> None:
    assert every(1, "day").words() == "Every day"
    assert every(10, "minute").words() == "Every 10 minutes"
    assert "03:00" in crontab("0 3 * * *").words()


def test_a_configuration_as_celery_beat_sends_it() -> None:
    config = config_of(
        {
            "schedule": {"type": "crontab", "value": "*/5 * * * *"},
            "timezone": "Europe/Berlin",
            "checkin_margin": 3,
            "max_runtime": None,
            "recovery_threshold": 0,
        }
    )
    assert config.schedule == crontab("*/5 * * * *", "Europe/Berlin")
    assert (config.checkin_margin, config.max_runtime, config.recovery_threshold) == (3, 30, 1)


def test_a_configuration_as_the_api_takes_it() -> None:
    assert config_of({"schedule_type": "interval", "schedule": [2, "hour"]}).schedule == every(2, "hour")
    assert config_of({"schedule_type": "crontab", "schedule": "@daily"}).schedule == crontab("@daily")


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {},
        {"schedule": {"type": "interval", "value": "2", "unit": "hour"}},
        {"schedule": {"type": "interval", "value": True, "unit": "hour"}},
        {"schedule": {"type": "crontab", "value": 5}},
        {"schedule": {"type": "crontab", "value": "* * * * *"}, "max_runtime": -1},
        {"schedule": {"type": "crontab", "value": "* * * * *"}, "checkin_margin": "5"},
        {"schedule": {"type": "crontab", "value": "* * * * *"}, "timezone": 7},
        {"schedule": {"type": "crontab", "value": "1,2,3," * 40 + "4 * * * *"}},
    ],
)
def test_a_configuration_that_is_none_is_refused(raw: object) -> None:
    with pytest.raises(ScheduleError):
        config_of(raw)


SCHEDULES = st.one_of(
    st.builds(
        every, st.integers(1, 500), st.sampled_from(UNITS), st.sampled_from(["UTC", NEW_YORK, "Asia/Tokyo"])
    ),
    st.builds(
        crontab,
        st.sampled_from(["* * * * *", "*/7 2 * * *", "30 2 * * *", "15 1 * * 0", "0 0 31 * *", "@monthly"]),
        st.sampled_from(["UTC", NEW_YORK, "Australia/Lord_Howe"]),
    ),
)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@settings(deadline=None)
@given(SCHEDULES, MOMENTS)
def test_what_is_due_next_is_always_later(schedule: Schedule, moment: datetime) -> None:
    first = schedule.next_after(moment)
    assert first > moment
    assert schedule.next_after(first) > first


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(
                ["schedule", "type", "value", "unit", "timezone", "max_runtime", "schedule_type"]
            ),
            inner,
        ),
    )
)
def test_any_configuration_is_read_or_refused(raw: object) -> None:
    with contextlib.suppress(ScheduleError):
        config_of(raw).schedule.check()
