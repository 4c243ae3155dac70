"""Every rule of the strategy fires at its second, and not just below."""

import pytest

from monitor.alerts.engine import Transition
from monitor.alerts.rehearsal import rehearse
from monitor.alerts.streams import parse
from strategy.loader import load_strategy
from tests.monitor_site.alerts.streams_of_rules import DAY, REHEARSALS, START, Stream

STRATEGY = load_strategy(env={})
RULES = {rule.id: rule for rule in STRATEGY.alerts}
BELOW = [
    pytest.param(rule_id, stream, id=f"{rule_id}-{number}")
    for rule_id, rehearsal in REHEARSALS.items()
    for number, stream in enumerate(rehearsal.just_below)
]


def rehearsed(rule_id: str, stream: Stream) -> list[Transition]:
    until = max(entry["time"] for entry in stream) + 40 * DAY
    told = rehearse(STRATEGY, map(parse, stream), until=until)
    return [transition for transition in told if transition.rule.id == rule_id]


def test_every_rule_has_a_rehearsal() -> None:
    assert set(REHEARSALS) == set(RULES)
    assert all(rehearsal.just_below for rehearsal in REHEARSALS.values())


@pytest.mark.parametrize("rule_id", REHEARSALS)
def test_it_fires_at_the_right_second(rule_id: str) -> None:
    rehearsal = REHEARSALS[rule_id]
    first = rehearsed(rule_id, rehearsal.firing)[0]
    assert (first.kind, first.at) == ("fired", START + rehearsal.after_s)
    assert first.environment == "production"


@pytest.mark.parametrize("rule_id", REHEARSALS)
def test_an_episode_whose_condition_ends_by_time_is_resolved(rule_id: str) -> None:
    kinds = [transition.kind for transition in rehearsed(rule_id, REHEARSALS[rule_id].firing)]
    by_answer_only = RULES[rule_id].watches in ("missed_check_in", "failed_probe")
    assert kinds == (["fired"] if by_answer_only else ["fired", "resolved"])


@pytest.mark.parametrize(("rule_id", "stream"), BELOW)
def test_just_below_it_does_not_fire(rule_id: str, stream: Stream) -> None:
    assert rehearsed(rule_id, stream) == []
