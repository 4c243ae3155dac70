"""What is due by the clock: once, in one worker, and by no time that a clock's jump could move."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.db import DatabaseError

from monitor.digest import figures
from monitor.digest.clock import JOBS, ClockJob
from monitor.digest.clockwork import LOCK, Clockwork
from monitor.digest.forgetting_time import AT_MOST_TIMES, ForgettingTime
from monitor.digest.received_times import EARLIEST, LONGEST_SILENCE_S, ReceivedTimes
from monitor.digest.stopping import Stop
from monitor.issues.models import Issue
from tests.monitor_site.delivering import Delivery

NOW = 1_795_348_800.0
IN_2100 = 4_102_444_800.0


def clockwork(tmp_path: Path, *jobs: ClockJob, **also: Callable[..., None]) -> Clockwork:
    return Clockwork(jobs, tmp_path, Stop(), **also)


@pytest.mark.django_db
class TestJobs:
    def test_each_runs_when_its_time_has_come(self, tmp_path: Path) -> None:
        ran: list[tuple[str, float]] = []
        works = clockwork(
            tmp_path,
            ClockJob("often", 10, lambda now: ran.append(("often", now))),
            ClockJob("seldom", 60, lambda now: ran.append(("seldom", now))),
        )
        for monotonic in (1000.0, 1005.0, 1010.0, 1500.0):
            works.run_due(monotonic, NOW + monotonic)
        seen = [(name, now - NOW) for name, now in ran]
        assert seen == [
            ("often", 1000),
            ("seldom", 1000),
            ("often", 1010),
            # However late: once.
            ("often", 1500),
            ("seldom", 1500),
        ]

    def test_one_that_fails_stops_no_other_and_is_tried_again(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        ran: list[float] = []

        def fail(now: float) -> None:
            ran.append(now)
            raise ZeroDivisionError

        works = clockwork(tmp_path, ClockJob("failing", 10, fail), ClockJob("other", 10, ran.append))
        works.run_due(0.0, 1.0)
        works.run_due(20.0, 2.0)
        assert ran == [1.0, 1.0, 2.0, 2.0]
        assert "The job failing failed" in caplog.text

    def test_one_that_fails_again_and_again_is_tried_less_often_and_its_traceback_is_logged_once(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        ran: list[float] = []
        broken = True

        def run(now: float) -> None:
            ran.append(now)
            if broken:
                raise ZeroDivisionError

        works = clockwork(tmp_path, ClockJob("failing", 1, run))
        for second in range(100):
            works.run_due(float(second), float(second))
        assert ran == [0, 2, 6, 14, 30, 60, 90]
        assert caplog.text.count("Traceback") == 1
        broken = False
        ran.clear()
        for second in range(100, 125):
            works.run_due(float(second), float(second))
        assert ran == [120, 121, 122, 123, 124]

    def test_a_damaged_database_is_told(self, tmp_path: Path) -> None:
        told: list[Exception] = []
        works = clockwork(tmp_path, ClockJob("reading", 10, _find_damage), on_damage=told.append)
        works.run_due(0.0, 1.0)
        assert len(told) == 1

    def test_each_of_the_real_ones_may_run_twice_on_an_empty_database(self) -> None:
        assert len({job.name for job in JOBS}) == len(JOBS)
        for job in JOBS * 2:
            job.run(time.time())


def _find_damage(now: float) -> None:
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    raise DatabaseError from error


@pytest.mark.django_db(transaction=True)
def test_news_run_what_waits_for_them_long_before_its_time_and_nothing_else(tmp_path: Path) -> None:
    waits, other = threading.Semaphore(0), threading.Semaphore(0)
    works = clockwork(
        tmp_path,
        ClockJob("waits", 3600, lambda _: waits.release(), at_news=True),
        ClockJob("other", 3600, lambda _: other.release()),
    )
    thread = threading.Thread(target=works.run)
    thread.start()
    try:
        assert waits.acquire(timeout=60)
        assert other.acquire(timeout=60)
        for _ in range(3):
            works.tell_news()
            assert waits.acquire(timeout=60)
    finally:
        works._stop.request()
        works.tell_news()
        thread.join(60)
    assert not other.acquire(blocking=False)


@pytest.mark.django_db(transaction=True)
def test_only_who_has_the_lock_runs_them(tmp_path: Path) -> None:
    ran = threading.Event()
    waits = clockwork(tmp_path, ClockJob("one", 10, lambda _: ran.set()))
    descriptor = os.open(tmp_path / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    thread = threading.Thread(target=waits.run)
    thread.start()
    assert not ran.wait(0.2)
    os.close(descriptor)
    assert ran.wait(60)
    waits._stop.request()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.django_db
class TestForgettingTime:
    @pytest.fixture
    def elapsed(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """The monotonic clock, in its one entry."""
        clock = [1000.0]
        monkeypatch.setattr("monitor.digest.forgetting_time.time.monotonic", lambda: clock[0])
        return clock

    def test_it_is_the_time_as_long_as_nothing_jumps(self, elapsed: list[float]) -> None:
        times = ForgettingTime()
        for second in range(0, 100_000, 3600):
            elapsed[0] = 1000.0 + second
            assert times.at(NOW + second) == NOW + second

    def test_after_a_jump_ahead_it_runs_at_most_a_day_in_an_hour(self, elapsed: list[float]) -> None:
        times = ForgettingTime()
        times.at(NOW)
        elapsed[0] += 3600
        assert times.at(IN_2100) == NOW + 3600 * AT_MOST_TIMES
        elapsed[0] += 60
        # The clock is right again.
        assert times.at(NOW + 3660) == NOW + 3660

    def test_restarts_don_t_help_the_jump(self, elapsed: list[float]) -> None:
        ForgettingTime().at(NOW)
        for _ in range(10):
            assert ForgettingTime().at(IN_2100) == NOW

    def test_after_a_jump_back_nothing_is_old(self, elapsed: list[float]) -> None:
        times = ForgettingTime()
        times.at(NOW)
        elapsed[0] += 10
        assert times.at(5.0) == 5.0
        elapsed[0] += 10
        assert times.at(NOW + 20) == NOW + 20

    def test_at_first_it_is_that_of_what_was_received_last(self, elapsed: list[float]) -> None:
        figures.put({"last_received_at": NOW})
        assert ForgettingTime().at(IN_2100) == NOW

    def test_a_monitor_that_was_away_catches_up(self, elapsed: list[float]) -> None:
        ForgettingTime().at(NOW)
        times = ForgettingTime()
        later = NOW + 30 * 86400
        hours = 0
        while times.at(later + hours * 3600) < later + hours * 3600:
            hours += 1
            elapsed[0] += 3600
        assert 29 <= hours <= 33


class TestReceivedTimes:
    def test_times_that_can_be_are_believed(self) -> None:
        times = ReceivedTimes(NOW)
        assert times.believable(NOW + 5) == NOW + 5
        assert times.believable(NOW - 5 * 86400) == NOW - 5 * 86400
        assert times.last == NOW + 5

    @pytest.mark.parametrize("jump", [0.0, 5.0, EARLIEST - 1, IN_2100, NOW + LONGEST_SILENCE_S + 60])
    def test_for_others_stands_the_last_one_that_could_be(self, jump: float) -> None:
        times = ReceivedTimes(NOW)
        assert times.believable(jump) == NOW
        assert times.believable(NOW + 1) == NOW + 1

    def test_a_monitor_that_knows_nothing_yet_believes_all_but_the_past(self) -> None:
        assert ReceivedTimes(0.0).believable(IN_2100) == IN_2100
        assert ReceivedTimes(0.0).believable(0.0) == EARLIEST


@pytest.mark.django_db
def test_events_of_a_clock_in_2100_are_not_the_newest_for_ever(deliver: Delivery) -> None:
    with time_machine.travel(NOW, tick=False):
        deliver({"message": "before"})
    with time_machine.travel(IN_2100, tick=False):
        deliver({"message": "too late", "timestamp": NOW + 5})
    with time_machine.travel(5.0, tick=False):
        deliver({"message": "too early", "timestamp": NOW + 5})
    assert Issue.objects.count() == 3
    assert all(abs(issue.last_seen.timestamp() - NOW) < 60 for issue in Issue.objects.all())
