"""Missed, timed out, late, failing, recovered: each once, and never for what could not have been received."""

import random

import pytest

from monitor.crons.course import UNKNOWN_MAX
from monitor.crons.models import CheckIn, CheckInStatus, CronEnvironment, CronMonitor, ReceivingGap, Watch
from tests.monitor_site.crons.jobs import EVERY_5, START, Jobs, after

ALL_DAY = (-60, 24 * 60)


@pytest.fixture
def watched(jobs: Jobs) -> Jobs:
    """The receiving end is there all the time."""
    jobs.receiving(*ALL_DAY)
    return jobs


def test_a_run_from_its_beginning_to_its_end(watched: Jobs) -> None:
    watched.check_in(0.1, "in_progress", run=1)
    assert watched.history() == [("in_progress", 0.1)]
    watched.check_in(2.1, "ok", run=1)
    run = CheckIn.objects.get()
    assert (run.status, run.duration) == ("ok", 120.0)
    environment = watched.environment()
    assert environment.next_due_at == after(5)
    assert environment.overdue_at == after(7)
    assert environment.name == "production"
    assert environment.monitor.slug == "nightly-sums"
    assert environment.monitor.name == "nightly sums"


def test_the_duration_that_was_sent_wins(watched: Jobs) -> None:
    watched.check_in(0, "in_progress", run=1)
    watched.check_in(2, "ok", run=1, duration=7.5)
    assert CheckIn.objects.get().duration == 7.5


def test_a_heartbeat_is_a_run_of_its_own(watched: Jobs) -> None:
    watched.check_in(3, "ok", duration=60)
    assert watched.history() == [("ok", 2)]


def test_the_end_that_overtakes_its_beginning(watched: Jobs) -> None:
    watched.check_in(1, "ok", run=1)
    watched.check_in(1.01, "in_progress", run=1)
    assert watched.history() == [("ok", 1)]
    watched.clock(60)
    assert ("timeout", 1) not in watched.history()


def test_without_an_id_the_latest_running_one_is_meant(watched: Jobs) -> None:
    watched.check_in(0, "in_progress", run=1)
    watched.check_in(5, "in_progress", run=2)
    watched.check_in(6, "ok", check_in_id="0" * 32)
    assert [status for status, _ in watched.history()] == ["timeout", "ok"]


def test_what_does_not_come_is_missed_once_for_each_due_time(watched: Jobs) -> None:
    watched.check_in(0, "ok")
    watched.clock(6)
    assert watched.history() == [("ok", 0)]
    for _ in range(3):
        watched.clock(13)
    assert watched.history() == [("ok", 0), ("missed", 5), ("missed", 10)]
    assert watched.told == [("missed", "failing", 7), ("missed", "failing", 12)]
    watched.check_in(15, "ok")
    assert watched.told[-1] == ("recovered", "ok", 15)
    assert watched.environment().failures == 0


def test_it_does_not_matter_when_the_monitor_gets_to_judge(watched: Jobs) -> None:
    """What a worker finds that was away for an hour, while the receiving end was there, is what it would have seen."""
    watched.check_ins((0, "ok", None, {}), (16, "ok", None, {}), (21, "ok", None, {}))
    watched.clock(22)
    assert watched.history() == [("ok", 0), ("missed", 5), ("missed", 10), ("ok", 16), ("ok", 21)]
    assert [kind for kind, _, _ in watched.told] == ["missed", "missed", "recovered"]


def test_a_segment_that_waits_stops_the_clock(watched: Jobs) -> None:
    watched.check_in(0, "ok")
    segments = watched.spool / "segments"
    segments.mkdir()
    waiting = segments / f"{int((START + 6 * 60) * 1000):013d}-1-abc.segment"
    waiting.touch()
    watched.clock(30)
    assert watched.history() == [("ok", 0)]
    waiting.unlink()
    watched.clock(30)
    assert watched.history()[-1] == ("missed", 25)


def test_what_comes_after_its_margin_is_late(watched: Jobs) -> None:
    watched.check_in(0, "ok")
    watched.clock(9.5)
    watched.check_in(8.5, "ok")
    missed, late = CheckIn.objects.order_by("started")[1:]
    assert (missed.status, missed.is_late) == ("missed", False)
    assert (late.status, late.is_late, late.expected) == ("ok", True, after(5))
    assert watched.environment().next_due_at == after(10)
    # A second run before the next due time is nobody's.
    watched.check_in(8.7, "ok")
    assert CheckIn.objects.order_by("started").last().expected is None  # type: ignore[union-attr]


def test_a_clock_that_is_a_little_ahead_misses_nothing(watched: Jobs) -> None:
    for due in (5, 10, 15):
        watched.check_in(due - 0.3, "ok")
    watched.clock(17.5)
    assert [status for status, _ in watched.history()] == ["ok"] * 3
    assert [run.expected for run in CheckIn.objects.order_by("started")] == [after(5), after(10), after(15)]
    assert not any(CheckIn.objects.values_list("is_late", flat=True))


def test_what_runs_too_long_times_out_once(watched: Jobs) -> None:
    watched.check_in(0, "in_progress", run=1)
    for _ in range(2):
        watched.clock(4.9)
    assert watched.history() == [("timeout", 0)]
    assert watched.told == [("timeout", "failing", 4)]


def test_a_sign_of_life_lets_it_run_longer(watched: Jobs) -> None:
    watched.check_in(0, "in_progress", run=1)
    watched.check_in(3, "in_progress", run=1)
    watched.clock(5)
    assert watched.history() == [("in_progress", 0)]


def test_an_end_after_the_time_out_does_not_undo_it(watched: Jobs) -> None:
    watched.check_in(0, "in_progress", run=1)
    watched.clock(4.5)
    watched.check_in(4.9, "ok", run=1)
    run = CheckIn.objects.get()
    assert (run.status, run.ended_as, run.duration) == ("timeout", "ok", pytest.approx(294))
    assert watched.told[-1][0] == "recovered"
    # Sent twice, it says nothing new.
    watched.check_in(4.95, "error", run=1)
    assert CheckIn.objects.get().ended_as == "ok"


def test_an_end_that_came_in_time_is_no_time_out_however_late_it_is_digested(watched: Jobs) -> None:
    watched.check_ins((0, "in_progress", 1, {}), (3.9, "ok", 1, {}))
    watched.clock(60)
    assert watched.history()[0] == ("ok", 0)


def test_failures_and_successes_in_a_row_turn_it(watched: Jobs) -> None:
    config = {**EVERY_5, "failure_issue_threshold": 3, "recovery_threshold": 2}
    for minute, status in (
        (0, "error"),
        (5, "error"),
        (10, "ok"),
        (15, "error"),
        (20, "error"),
        (25, "error"),
    ):
        watched.check_in(minute, status, monitor_config=config)
    assert [status for _, status, _ in watched.told] == ["ok", "ok", "ok", "ok", "failing"]
    watched.check_in(30, "ok", monitor_config=config)
    assert watched.environment().is_failing
    watched.check_in(35, "ok", monitor_config=config)
    assert not watched.environment().is_failing
    assert watched.told[-1] == ("recovered", "ok", 35)


def test_nobody_is_told_of_a_muted_monitor(watched: Jobs) -> None:
    watched.check_in(0, "ok")
    CronMonitor.objects.update(is_muted=True)
    watched.clock(8)
    assert watched.history()[-1] == ("missed", 5)
    assert watched.told == []


def test_nothing_of_a_disabled_monitor_is_missed(watched: Jobs) -> None:
    watched.check_in(0, "ok")
    CronMonitor.objects.update(is_disabled=True)
    watched.check_in(5, "ok")
    watched.clock(60)
    assert [status for status, _ in watched.history()] == ["ok", "ok"]


def test_without_a_schedule_nothing_is_missed(watched: Jobs) -> None:
    watched.check_in(0, "ok", monitor_config=None)
    watched.clock(600)
    assert watched.history() == [("ok", 0)]


def test_a_configuration_that_is_wrong_is_said_and_costs_no_check_in(watched: Jobs) -> None:
    watched.check_in(0, "ok")
    watched.check_in(5, "ok", monitor_config={"schedule": {"type": "crontab", "value": "soon"}})
    monitor = CronMonitor.objects.get()
    assert "soon" in monitor.config_problem
    assert monitor.crontab == "*/5 * * * *"
    assert len(watched.history()) == 2
    watched.check_in(10, "ok")
    assert CronMonitor.objects.get().config_problem == ""


def test_a_new_schedule_counts_from_when_it_came(watched: Jobs) -> None:
    watched.check_in(0, "ok", environment="staging")
    watched.check_in(1, "ok")
    hourly = {**EVERY_5, "schedule": {"type": "interval", "value": 1, "unit": "hour"}}
    watched.check_in(5, "ok", monitor_config=hourly)
    due = {environment.name: environment.next_due_at for environment in CronEnvironment.objects.all()}
    assert due == {"production": after(65), "staging": after(65)}


def test_what_could_not_be_received_is_unknown_and_not_missed(jobs: Jobs) -> None:
    jobs.receiving(-60, 6, "1")
    jobs.check_in(0, "ok")
    jobs.check_in(5, "ok")
    jobs.clock(6)
    # Away for twenty minutes; nothing is judged in this time.
    jobs.clock(20)
    assert jobs.history() == [("ok", 0), ("ok", 5)]
    jobs.receiving(26, 40, "2")
    jobs.clock(40)
    assert jobs.history() == [("ok", 0), ("ok", 5), ("unknown", 10), ("missed", 30), ("missed", 35)]
    unknown = CheckIn.objects.get(status=CheckInStatus.UNKNOWN)
    # 10, 15, 20 and 25, whose time ended after the monitor had come back.
    assert unknown.times == 4
    assert [kind for kind, _, _ in jobs.told] == ["missed", "missed"]


def test_one_gap_is_one_row_however_often_it_is_judged(jobs: Jobs) -> None:
    jobs.receiving(-60, 6, "1")
    jobs.check_in(0, "ok")
    jobs.check_in(5, "ok")
    for minute in (22.5, 23, 27.5, 28, 33):
        jobs.receiving(22, minute, "2")
        jobs.clock(minute)
    assert jobs.history() == [("ok", 0), ("ok", 5), ("unknown", 10), ("missed", 25), ("missed", 30)]
    assert CheckIn.objects.get(status=CheckInStatus.UNKNOWN).times == 3


def test_a_run_whose_end_could_not_be_received_is_unknown_until_it_is(jobs: Jobs) -> None:
    jobs.receiving(-60, 1, "1")
    jobs.check_in(0, "in_progress", run=1)
    jobs.clock(1)
    jobs.receiving(3, 30, "2")
    jobs.clock(4.9)
    assert jobs.history()[0] == ("unknown", 0)
    jobs.check_in(4.95, "error", run=1)
    assert jobs.history()[0] == ("error", 0)
    assert jobs.told[0][0] == "error"


def test_a_check_in_sees_the_gap_before_it(jobs: Jobs) -> None:
    """The worker was away, too, and the first it gets is a check-in."""
    jobs.receiving(-60, 1, "1")
    jobs.check_in(0, "ok")
    jobs.receiving(12.5, 16, "2")
    jobs.check_in(16, "ok")
    assert jobs.history() == [("ok", 0), ("unknown", 5), ("ok", 16)]
    assert ReceivingGap.objects.count() == 1


def test_one_of_two_processes_is_enough(jobs: Jobs) -> None:
    jobs.receiving(-60, 3, "1")
    jobs.receiving(2, 20, "2")
    jobs.check_in(0, "ok")
    jobs.clock(8)
    assert jobs.history()[-1] == ("missed", 5)
    assert not ReceivingGap.objects.exists()


def test_a_clock_that_was_years_ahead_is_put_right(jobs: Jobs) -> None:
    jobs.receiving(-60, 3)
    jobs.check_in(0, "ok")
    jobs.clock(3)
    years = 60 * 24 * 365 * 5
    jobs.receiving(years, years + 1)
    jobs.clock(years + 1)
    assert jobs.history() == [("ok", 0), ("unknown", 5)]
    assert CheckIn.objects.get(status=CheckInStatus.UNKNOWN).times == UNKNOWN_MAX
    jobs.receiving(9, 60)
    jobs.check_in(10, "ok")
    assert jobs.environment().next_due_at == after(15)
    jobs.clock(17.5)
    assert jobs.history()[-1] == ("missed", 15)


def test_what_was_decided_before_the_clock_was_set_back_stays_decided(watched: Jobs) -> None:
    watched.check_in(0, "ok")
    watched.clock(13)
    watched.check_in(1, "ok")
    watched.clock(13)
    assert [status for status, _ in watched.history()] == ["ok", "ok", "missed", "missed"]
    assert [kind for kind, _, _ in watched.told].count("missed") == 2


def test_nothing_is_judged_before_anybody_was_seen_to_receive(jobs: Jobs) -> None:
    jobs.check_in(0, "ok")
    jobs.clock(600)
    assert jobs.history() == [("ok", 0)]


def both_there(jobs: Jobs) -> None:
    """And nobody from 40 to 52.5."""
    jobs.receiving(-60, 40, "1")
    jobs.receiving(52.5, 1000, "2")


@pytest.mark.parametrize("seed", range(6))
def test_judging_at_any_moments_gives_one_history(jobs: Jobs, seed: int) -> None:
    chance = random.Random(seed)
    sent = [(0.0, "ok", None, {})]
    for due in range(5, 120, 5):
        if chance.random() < 0.7:
            sent.append(
                (due + chance.choice([-0.4, 0.2, 1.5, 3.5]), chance.choice(["ok", "error"]), None, {})
            )
    sent = [one for one in sent if not 40 <= one[0] <= 52.5]
    both_there(jobs)
    jobs.check_ins(*sent)
    jobs.clock(125)
    at_once, told = jobs.history(), list(jobs.told)

    CronMonitor.objects.all().delete()
    ReceivingGap.objects.all().delete()
    Watch.objects.all().delete()
    jobs.told.clear()
    both_there(jobs)
    for one in sent:
        jobs.check_ins(one)
        if chance.random() < 0.5:
            jobs.clock(one[0] + 0.05)
    jobs.clock(125)
    assert (jobs.history(), jobs.told) == (at_once, told)
