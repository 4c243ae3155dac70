"""The live engine: to the second through the real digest, killed and restarted anywhere, two at once, rules changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import transaction

from monitor.alerts import episodes, journal, live, rebuilding
from monitor.alerts.engine import Transition
from monitor.alerts.entries import decode, encode, together
from monitor.alerts.models import EngineSnapshot, EngineState, Episode, JournalRow, Notification
from monitor.alerts.streams import parse
from monitor.digest.facts import Fact
from monitor.incidents.models import Incident
from monitor.site.strategy_file import current_strategy
from strategy.model.strategy import Strategy
from strategy.model.watches import Quantity
from tests.monitor_site.alerts.clocked import START, Clocked
from tests.monitor_site.alerts.conftest import UseRules
from tests.monitor_site.delivering import Delivery


@pytest.fixture(params=["goes on", "restarted", "with a snapshot", "without memory"])
def interrupt(request: pytest.FixtureRequest) -> Callable[[], None]:
    """What happens to the process between one second and the next; the story must be the same."""

    def happens() -> None:
        if request.param == "goes on":
            return
        if request.param == "with a snapshot" and live._live is not None:
            one = live._live
            if EngineState.objects.filter(position=one._state.position, clock=one._state.clock).exists():
                rebuilding.save_snapshot(one.strategy, one._engine, one._state)
        if request.param == "without memory":
            EngineSnapshot.objects.all().delete()
        live.forget()

    return happens


def test_an_event_is_an_episode_until_it_has_left_the_window(
    clocked: Clocked, use_rules: UseRules, interrupt: Callable[[], None]
) -> None:
    use_rules("database")
    story = [("database", "fired", 5), ("database", "resolved", 65)]
    clocked.at(0)
    clocked.error(5.3)
    for second, known in ((6, 1), (30, 1), (64, 1), (65, 1), (66, 2), (100, 2)):
        interrupt()
        clocked.at(second)
        assert clocked.story() == story[:known], second
    # Told once, whatever happened in between.
    assert clocked.told() == [(one, "database") for one in ("pagerduty", "slack", "email", "github")]
    assert Incident.objects.count() == 1


def test_a_count_is_reached_to_the_second_and_one_less_is_not(
    clocked: Clocked, use_rules: UseRules, interrupt: Callable[[], None]
) -> None:
    """Ten in five minutes: the first leaves in the second in which the tenth would have come."""
    use_rules("critical-errors")
    clocked.at(0)
    for second in range(1, 10):
        clocked.error(second, category="cache", severity="P1")
    clocked.at(10)
    interrupt()
    clocked.error(301, category="cache", severity="P1")
    clocked.at(301.5)
    assert clocked.story() == []
    interrupt()
    clocked.error(301.9, category="cache", severity="P1")
    clocked.at(302.5)
    assert clocked.story() == [("critical-errors", "fired", 301)]
    assert Episode.objects.get().first_event_at.timestamp() == START + 2  # type: ignore[union-attr]


def test_the_cooldown_holds_over_a_restart(
    clocked: Clocked, use_rules: UseRules, interrupt: Callable[[], None]
) -> None:
    use_rules("database")
    clocked.at(0)
    clocked.error(1)
    clocked.at(62)
    for second in (200, 500, 900):
        interrupt()
        clocked.error(second)
        clocked.at(second + 1)
        assert len(clocked.story()) == 2
        clocked.at(second + 61)
    interrupt()
    clocked.error(950)
    clocked.at(951)
    clocked.at(962)  # 61 + 900: what still holds is told then
    assert clocked.story()[2:] == [("database", "fired", 961)]


def test_a_milder_rule_stays_silent_over_a_restart(
    clocked: Clocked, use_rules: UseRules, interrupt: Callable[[], None]
) -> None:
    use_rules("any-p0", "database")
    clocked.at(0)
    clocked.error(1)
    clocked.at(2)
    interrupt()
    clocked.error(30)
    clocked.at(31)
    interrupt()
    clocked.at(300)
    assert {rule for rule, _, _ in clocked.story()} == {"database"}


class KilledError(Exception):
    """Here the process ends."""


def test_killed_between_any_two_steps_nothing_is_lost_and_nothing_is_told_twice(
    clocked: Clocked, use_rules: UseRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time the process ends in another place: before the episode, after it, after its message, before the commit."""
    use_rules("database", cooldown_s=30)
    clocked.at(0)
    real = episodes.keep

    def killed_after(strategy: Strategy, transition: Transition, now: float) -> None:
        real(strategy, transition, now)
        raise KilledError

    def killed_before(strategy: Strategy, transition: Transition, now: float) -> None:
        raise KilledError

    expected = []
    for number, kill in enumerate((killed_before, killed_after, killed_before, killed_after)):
        begin = 200 * number + 10
        clocked.error(begin)
        for second in (begin + 1, begin + 61):
            with monkeypatch.context() as patched:
                patched.setattr(episodes, "keep", kill)
                with pytest.raises(KilledError):
                    clocked.at(second)
            before = len(clocked.story())
            clocked.at(second + 1)
            assert len(clocked.story()) == before + 1
        expected += [("database", "fired", begin), ("database", "resolved", begin + 60)]
    assert clocked.story() == expected
    assert Notification.objects.filter(kind="fired", channel="slack").count() == 4


def test_of_two_that_run_at_once_one_goes_on_and_each_thing_is_told_once(
    clocked: Clocked, use_rules: UseRules
) -> None:
    use_rules("database")
    clocked.at(0)
    mine, others = live.Live(current_strategy(), START), live.Live(current_strategy(), START)
    clocked.error(5)
    mine.advance(START + 6)
    with pytest.raises(live.OvertakenError):
        others.advance(START + 6)
    assert clocked.story() == [("database", "fired", 5)]
    assert len(clocked.told()) == 4
    # The other forgets what it had concluded, and takes over where the first has got to.
    again = live.Live(current_strategy(), START + 6)
    again.advance(START + 66)
    with pytest.raises(live.OvertakenError):
        mine.advance(START + 66)
    assert clocked.story() == [("database", "fired", 5), ("database", "resolved", 65)]


def test_a_burst_of_late_events_pages_nobody(clocked: Clocked, use_rules: UseRules) -> None:
    use_rules("database", "critical-errors", "errors-over-10-a-minute", "new-issue")
    clocked.at(0)
    for second in range(200):
        clocked.error(second - 86_400, received=10)
    clocked.at(11)
    clocked.at(400)
    assert clocked.story() == []


def test_what_waited_because_of_the_monitor_itself_is_judged_as_of_when_it_came(
    clocked: Clocked, use_rules: UseRules
) -> None:
    """The worker was away for ten minutes: an outage that lasted two of them is told, and over."""
    use_rules("database")
    clocked.at(0)
    for second in range(100, 220, 10):
        clocked.deliver.spooled(
            {
                "timestamp": START + second,
                "level": "error",
                "environment": "production",
                "tags": {"category": "database"},
            },
            received=START + second,
        )
    clocked.deliver()
    clocked.at(700)
    assert clocked.story() == [("database", "fired", 100), ("database", "resolved", 270)]


def test_nothing_is_concluded_from_silence_while_something_waits_in_the_spool(
    clocked: Clocked, use_rules: UseRules, deliver: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An episode is not over before all that came until its end has been read."""
    use_rules("database")
    clocked.at(0)
    clocked.error(5)
    clocked.at(6)
    monkeypatch.setattr("time.time_ns", lambda: (START + 40) * 1_000_000_000)
    error = {
        "timestamp": START + 40,
        "level": "error",
        "environment": "production",
        "tags": {"category": "database"},
    }
    deliver.spooled(error, received=START + 40)
    clocked.at(80)
    assert clocked.story() == [("database", "fired", 5)]
    clocked.deliver()
    clocked.at(90)
    assert clocked.story() == [("database", "fired", 5)]
    clocked.at(101)
    assert clocked.story()[1:] == [("database", "resolved", 100)]


def test_rules_that_change_are_held_against_what_came_before(clocked: Clocked, use_rules: UseRules) -> None:
    use_rules("critical-errors")
    clocked.at(0)
    for second in range(5):
        clocked.error(second, category="cache", severity="P1")
    clocked.at(6)
    assert clocked.story() == []
    use_rules("critical-errors", threshold=Quantity(5, "number"))
    clocked.at(7)
    assert clocked.story() == [("critical-errors", "fired", 4)]


def test_an_episode_whose_rule_is_gone_ends_and_says_so(clocked: Clocked, use_rules: UseRules) -> None:
    use_rules("database", "cache")
    clocked.at(0)
    clocked.error(5)
    clocked.at(6)
    use_rules("cache")
    clocked.at(8)
    episode = Episode.objects.get()
    assert episode.ended_at is not None
    assert episode.ended_because.startswith("The strategy has no such rule")
    assert Incident.objects.get().state == "resolved"
    clocked.at(100)
    assert Episode.objects.count() == 1


def test_what_a_batch_undoes_is_not_in_the_journal(clocked: Clocked, use_rules: UseRules) -> None:
    use_rules("database")
    clocked.at(0)

    def digest_and_fail() -> None:
        with transaction.atomic():
            clocked.error(5)
            raise KilledError

    with pytest.raises(KilledError):
        digest_and_fail()
    assert not JournalRow.objects.exists()


def test_the_journal_is_let_go_of_when_no_window_and_no_rehearsal_needs_it(
    clocked: Clocked, use_rules: UseRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules("database", "critical-errors")
    clocked.at(0)
    clocked.error(5)
    journal.forget_old(START + 5 * 86_400)
    assert JournalRow.objects.count() == 1, "The engine has not read it yet."
    clocked.at(86_400)
    clocked.error(86_401)
    clocked.at(5 * 86_400)
    monkeypatch.setattr(live, "_SAVE_EVERY_S", -1.0)
    clocked.at(5 * 86_400 + 1)
    journal.forget_old(START + 3 * 86_400)
    assert JournalRow.objects.count() == 1
    monkeypatch.setattr(journal, "MAX_BYTES", 0)
    journal.forget_old(START + 86_401 + 60 * 60)
    assert not JournalRow.objects.exists()


def test_a_clock_that_was_ahead_and_is_set_right_does_not_stop_the_rules(
    clocked: Clocked, use_rules: UseRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules("database")
    monkeypatch.setattr(live, "_SAVE_EVERY_S", -1.0)
    clocked.at(0)
    clocked.at(365 * 86_400)
    clocked.at(10)
    clocked.error(11)
    clocked.at(12)
    assert clocked.story() == [("database", "fired", 11)]


def test_of_a_flood_the_journal_has_a_line_for_each_second() -> None:
    tags = {"browser": "Firefox"}
    flood = [
        parse({"kind": "event", "time": START + n / 100, "issue": 7, "category": "cache", "severity": "P1"})
        for n in range(300)
    ]
    facts = [replace(one, tags=tags) for one in flood if isinstance(one, Fact)]
    kept = list(together([*facts, replace(facts[0], is_new=True)]))
    assert [(one.times, one.is_new) for one in kept] == [(100, False)] * 3 + [(1, True)]
    assert [decode(encode(one)) for one in kept] == kept


def _number(value: float) -> object:
    from strategy.model.watches import Quantity

    return Quantity(value, "number")
