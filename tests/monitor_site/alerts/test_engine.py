"""Episodes: once, over to the second, silent in the cooldown and under a sharper rule; late and early clocks."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from monitor.alerts.engine import Engine, Transition
from monitor.alerts.measurements import Measurement
from monitor.alerts.rehearsal import rehearse
from monitor.alerts.streams import parse
from monitor.digest.facts import Fact
from strategy.loader import load_strategy
from strategy.model.strategy import Strategy
from strategy.model.watches import Quantity
from tests.monitor_site.alerts.streams_of_rules import DAY, HOUR, START, Entry, event, events, of

STRATEGY = load_strategy(env={})
Told = list[tuple[str, str, float]]


def only(*rule_ids: str, **changes: object) -> Strategy:
    """The strategy with these rules and no others."""
    rules = {rule.id: rule for rule in STRATEGY.alerts}
    chosen = []
    for rule_id in rule_ids:
        yields_to = tuple(name for name in rules[rule_id].yields_to if name in rule_ids)
        chosen.append(replace(rules[rule_id], **({"yields_to": yields_to} | changes)))
    return replace(STRATEGY, alerts=tuple(chosen))


def told(strategy: Strategy, stream: Iterable[Entry], *, until: int = DAY * 40) -> Told:
    transitions = rehearse(strategy, map(parse, stream), until=START + until)
    return [(each.rule.id, each.kind, each.at - START) for each in transitions]


def test_an_episode_is_told_once_and_is_over_when_the_last_has_left_the_window() -> None:
    stream = [event(after_s, category="database") for after_s in (0, 0, 30, 59, 100)]
    assert told(only("database"), stream) == [("database", "fired", 0), ("database", "resolved", 160)]


def test_what_comes_in_the_second_in_which_the_last_one_leaves_keeps_the_episode_open() -> None:
    stream = [event(0, category="database"), event(60, category="database")]
    assert told(only("database"), stream)[-1] == ("database", "resolved", 120)


def test_nothing_new_is_told_in_the_cooldown_and_what_still_holds_then_is() -> None:
    first_over, cooldown = 60, 15 * 60
    silent = [event(0, category="database"), event(200, category="database")]
    assert told(only("database"), silent) == [("database", "fired", 0), ("database", "resolved", first_over)]
    still = [event(0, category="database"), event(first_over + cooldown - 10, category="database")]
    assert told(only("database"), still)[2:] == [
        ("database", "fired", first_over + cooldown),
        ("database", "resolved", first_over + cooldown - 10 + 60),
    ]


def test_a_new_issue_in_the_cooldown_is_told_when_it_is_over() -> None:
    stream = [event(0, new=True, severity="P2"), event(400, new=True, severity="P2", issue=2)]
    assert told(only("new-issue"), stream) == [
        ("new-issue", "fired", 0),
        ("new-issue", "resolved", 300),
        ("new-issue", "fired", 600),
        ("new-issue", "resolved", 700),
    ]


def test_a_milder_rule_is_silent_while_a_sharper_one_speaks() -> None:
    outage = [event(0, category="database", severity="P0")]
    assert {rule for rule, _, _ in told(only("any-p0", "database"), outage)} == {"database"}


def test_a_milder_rule_speaks_a_window_after_the_sharper_one_when_it_holds_on_its_own() -> None:
    strategy = only("error-rate-5", "error-rate-2")
    spike = of("requests", 0, total=1000, bad=60)
    lasting = [of("requests", minute * 60, total=1000, bad=30) for minute in range(1, 40)]
    alone = told(strategy, [spike])
    assert alone == [("error-rate-5", "fired", 0), ("error-rate-5", "resolved", 300)]
    fired = [each for each in told(strategy, [spike, *lasting]) if each[1] == "fired"]
    sharper_ends = 60  # with the second minute the share of both is below 5 %
    assert fired == [("error-rate-5", "fired", 0), ("error-rate-2", "fired", sharper_ends + 15 * 60)]


def test_a_backlog_of_yesterday_pages_nobody() -> None:
    late = [
        each | {"received": START + DAY + index / 10}
        for index, each in enumerate(events(500, 50, severity="P0"))
    ]
    late.append(event(0, new=True, severity="P0", category="database") | {"received": START + DAY + 60})
    assert told(STRATEGY, late) == []


def test_a_backlog_that_is_read_late_goes_by_the_clock_of_the_reader() -> None:
    facts = [parse(each) for each in events(50, 30, severity="P0")]
    engine = Engine(STRATEGY)
    transitions: list[Transition] = []
    for fact in facts:
        assert isinstance(fact, Fact)
        transitions += engine.fact(fact, now=START + DAY)
    assert transitions == []


def test_what_is_somewhat_late_counts_in_its_own_second() -> None:
    on_time = [event(after_s) for after_s in range(10)]
    assert told(only("errors-over-10-a-minute"), [*on_time, event(0.5) | {"received": START + 59}]) == [
        ("errors-over-10-a-minute", "fired", 59),
        ("errors-over-10-a-minute", "resolved", 60),
    ]


def test_a_clock_of_the_future_counts_as_of_now() -> None:
    ahead = event(0, category="database") | {"time": START + DAY, "received": START}
    assert told(only("database"), [ahead]) == [("database", "fired", 0), ("database", "resolved", 60)]


def test_only_environments_with_alerts_are_looked_at_and_others_on_demand() -> None:
    outage = parse(event(0, category="database", environment="development"))
    assert isinstance(outage, Fact)
    assert Engine(STRATEGY).fact(outage) == []
    assert [each.rule.id for each in Engine(STRATEGY, also_in=["development"]).fact(outage)] == ["database"]


def test_projects_and_environments_are_counted_apart() -> None:
    ten = events(10, 9)
    others = [event(9, project=2), event(9, environment="staging")]
    assert told(only("errors-over-10-a-minute"), ten + others) == []


@pytest.mark.parametrize(
    ("per", "apart"),
    [
        ("issue", {"issue": 2}),
        ("route", {"transaction": "b"}),
        ("user", {"user": "b"}),
        ("client", {"tags": {"client": "b"}}),
    ],
)
def test_what_is_counted_together(per: str, apart: Entry) -> None:
    rule = only("errors-over-10-a-minute", per=per)
    same = {"transaction": "a", "user": "a", "tags": {"client": "a"}}
    eleven = events(11, 10, **same)
    assert [kind for _, kind, _ in told(rule, eleven)] == ["fired", "resolved"]
    assert told(rule, [*eleven[:-1], eleven[-1] | apart]) == []


def test_tags_narrow_a_rule() -> None:
    rule = only("database", categories=(), tags={"service": "weather"})
    assert told(rule, [event(0, tags={"service": "maps"}), event(1)]) == []
    assert told(rule, [event(2, tags={"service": "weather"})])[0] == ("database", "fired", 2)


def test_one_line_stands_for_as_many_as_it_says() -> None:
    assert told(only("errors-over-10-a-minute"), [event(0, times=11)])[0][2] == 0


def test_too_few_is_told_after_a_whole_window_without_and_is_over_with_the_next() -> None:
    rule = only(
        "failed-logins", counter="beats", fires="under", threshold=Quantity(1, "number"), yields_to=()
    )
    stream = [of("counter", 0, name="beats", value=1), of("counter", 100, name="beats", value=1)]
    assert told(rule, stream, until=HOUR)[:2] == [
        ("failed-logins", "fired", 60),
        ("failed-logins", "resolved", 100),
    ]
    silence = [of("counter", 0, name="other", value=1)]
    assert told(rule, silence, until=HOUR) == [("failed-logins", "fired", 60)]


def test_a_good_answer_ends_an_outage() -> None:
    answers = [of("probe", 15 * number, name="/livez", bad=bad) for number, bad in enumerate((1, 1, 1, 0))]
    assert told(only("application-down"), answers) == [
        ("application-down", "fired", 15),
        ("application-down", "resolved", 45),
    ]


def test_a_share_is_judged_by_all_that_came_in_its_second() -> None:
    bad_first = [of("requests", 0, total=100, bad=50), of("requests", 0, total=10_000)]
    assert told(only("error-rate-5"), bad_first) == []


def test_a_share_rises_when_good_ones_leave() -> None:
    stream = [of("requests", 0, total=1000), of("requests", 100, total=200, bad=10)]
    assert told(only("error-rate-5"), stream)[0] == ("error-rate-5", "fired", 300)


def test_a_burn_rate_ends_with_its_short_window() -> None:
    stream = [of("requests", 0, total=10_000, bad=200)]
    assert told(only("budget-fast"), stream) == [
        ("budget-fast", "fired", 0),
        ("budget-fast", "resolved", 300),
    ]


@pytest.mark.parametrize(
    ("objective", "bad", "good"),
    [
        ("user_errors", {"total": 100, "errored": 10}, {"total": 100, "bad": 10}),
        (
            "data_pipeline",
            {"name": "data", "total": 100, "bad": 10},
            {"name": "projects", "total": 100, "bad": 10},
        ),
        ("quick_pages", {"durations": [[1.1, 80], [0.1, 20]]}, {"durations": [[1.0, 80]]}),
    ],
)
def test_each_objective_is_measured_by_its_own(objective: str, bad: Entry, good: Entry) -> None:
    kind = {"user_errors": "sessions", "data_pipeline": "uses", "quick_pages": "durations"}[objective]
    rule = only("budget-fast", slos=(objective,))
    assert [each[1] for each in told(rule, [of(kind, **bad)])] == ["fired", "resolved"]
    assert told(rule, [of(kind, **good)]) == []


def test_an_error_rate_of_features_is_that_of_each_alone() -> None:
    rule = only("error-rate-5", features=("projects", "sign_in"))
    stream = [
        of("requests", 0, name="projects:list", total=100, bad=5),
        of("requests", 0, name="accounts:login", total=1000),
    ]
    transitions = [
        each for each in rehearse(rule, map(parse, stream), until=START + HOUR) if each.kind == "fired"
    ]
    assert [each.key for each in transitions] == ["projects"]


def test_the_evidence_is_what_the_rule_looks_at() -> None:
    stream = [
        *[event(after_s, issue=after_s, uid=f"{after_s:02x}", category="cache") for after_s in range(10)],
        event(9, issue=99),
    ]
    fired = next(
        iter(rehearse(only("cache"), [parse(each) for each in [*stream[:9], stream[10], stream[9]]]))
    )
    assert fired.evidence.issues == (9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
    assert fired.evidence.events[0] == "09"
    assert (fired.value, fired.key, fired.project_id) == (10, "all", 1)


def test_nothing_is_kept_of_what_has_left_its_windows() -> None:
    engine = Engine(only("issue-600-an-hour", "latency-p95"))
    for number in range(200):
        fact = parse(event(number, issue=number))
        assert isinstance(fact, Fact)
        engine.fact(fact)
        sums = parse(of("durations", number, name=f"route {number}", durations=[[0.1, 1]]))
        assert isinstance(sums, Measurement)
        engine.measure(sums)
    assert engine.watched_count == 400
    engine.tick(START + 2 * HOUR)
    assert engine.watched_count == 0
