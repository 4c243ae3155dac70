from collections.abc import Callable
from pathlib import Path

import pytest

from strategy import Strategy, StrategyError, StrategyProblem, load_strategy
from strategy.loader import read_strategy
from strategy.problems import (
    BAD_DURATION,
    BAD_OVERRIDE,
    BAD_VALUE,
    CLASS_CLAIMED_TWICE,
    DOES_NOT_FIT,
    DUPLICATE_ID,
    MISSING_KEY,
    NOT_TOML,
    SECRET_IN_FILE,
    UNKNOWN_KEY,
    UNKNOWN_NAME,
    UNREADABLE_FILE,
    WRONG_TYPE,
)
from tests.strategy.conftest import SMALLEST, line_with

Problems = Callable[..., list[StrategyProblem]]
Read = Callable[..., Strategy]

RULE = """
[[alerts]]
id = "many"
title = "Many errors"
watches = "events"
threshold = 10
window = "5m"
severity = "P1"
cooldown = "1h"
runbook = "docs/runbooks/database.md"
"""
CHANNEL = """
[channels.slack]
kind = "slack"
enabled = false
from_env = { enabled = "SLACK_ON", url = "SLACK_URL", to = "SLACK_TO" }
"""


def changed(old: str, new: str, text: str = RULE) -> str:
    assert old in text
    return text.replace(old, new, 1)


# Each: an id; what is added to the smallest strategy, or (what, for what) is replaced in it; the text of the line
# that is to be named; a part of the way out.
WRONG = {
    "an unknown key": (UNKNOWN_KEY, changed("window", "windw"), "windw", 'Did you mean "window"?'),
    "an unknown section": (UNKNOWN_KEY, "\n[chanels.slack]\nkind = 'slack'\n", "[chanels.slack]", 'mean "channels"?'),
    "a missing key": (MISSING_KEY, ('title = "Backend"\n', ""), "[owners.backend]", "Add title: a text."),
    "a missing severity": (MISSING_KEY, ("P4 = {", "P5 = {"), "[severities]", "Add [severities.P4]"),
    "a severity that is none": (UNKNOWN_NAME, ("P4 = {", "P5 = {"), "P5 = {", "P0, P1, P2, P3, P4"),
    "no uncategorised": (
        MISSING_KEY,
        ("[categories.uncategorised]", "[categories.rest]"),
        "[categories.database]",
        "[categories.uncategorised]",
    ),
    "an empty list": (
        MISSING_KEY, ('classes = ["django.db.Error"]', "fingerprint = []"), "fingerprint = []", "at least 1"
    ),
    "a text for a number": (WRONG_TYPE, changed("threshold = 10", "threshold = [10]"), "threshold", "a number, a share"),
    "a text for a switch": (WRONG_TYPE, ("retryable = true", 'retryable = "yes"'), "retryable = \"yes\"", "without quotes"),
    "a table for a list": (WRONG_TYPE, "\n[ignored.Http404]\nreason = 'x'\n", "[ignored.Http404]", "[[ignored]]"),
    "a list for a table": (WRONG_TYPE, "\n[[sending]]\nallowed_hosts = []\n", "[[sending]]", "[table]"),
    "a status without a page": (BAD_VALUE, ("http_status = 503", "http_status = 502"), "http_status = 502", "500, 503"),
    "a share that is a per cent": (BAD_VALUE, "\n[sampling]\ntraces = { production = 10 }\n", "traces =", '"10%"'),
    "a class that is no name": (BAD_VALUE, ("django.db.Error", "django db"), "django db", "redis.exceptions.RedisError"),
    "a variable that Sentry lacks": (
        BAD_VALUE, ("classes = [", 'fingerprint = ["a", "{{ endpoint }}"]\nclasses = ['), "{{ endpoint }}", "error.type"
    ),
    "an expression that is none": (BAD_VALUE, "\n[scrubbing.patterns]\niban = '([A-Z'\n", "iban =", "Mend it"),
    "a time zone that is none": (BAD_VALUE, "\n[business_hours]\ntime_zone = 'Wien'\n", "time_zone", "Europe/Vienna"),
    "a duration in words": (BAD_DURATION, changed('"5m"', '"5 minuts"'), "5 minuts", '"5m"'),
    "a duration without a unit": (BAD_DURATION, ('respond = "15m"', 'respond = "15"'), "P1 = {", "ms, s, m, h, d, w"),
    "a rule's unknown severity": (UNKNOWN_NAME, changed('"P1"', '"P9"'), 'severity = "P9"', "Known here: P0, P1"),
    "a rule's unknown category": (
        UNKNOWN_NAME, changed("threshold", 'categories = ["databse"]\nthreshold'), "databse", 'Did you mean "database"?'
    ),
    "a rule's unknown feature": (
        UNKNOWN_NAME,
        changed("threshold = 10", 'threshold = "5%"\nfeatures = ["upload"]').replace('"events"', '"feature_failures"'),
        "features =",
        "None is defined",
    ),
    "a rule's unknown channel": (
        UNKNOWN_NAME, changed("threshold", 'channels = ["slak"]\nthreshold') + CHANNEL, "slak", 'Did you mean "slack"?'
    ),
    "a step's unknown role": (
        UNKNOWN_NAME,
        CHANNEL + '\n[[escalation]]\nseverities = ["P0"]\nafter = "15m"\nroles = ["boss"]\nchannels = ["slack"]\n',
        "boss",
        "Known here: lead",
    ),
    "an unknown rule to yield to": (
        UNKNOWN_NAME, changed("threshold", 'yields_to = ["mny"]\nthreshold'), "yields_to", 'Did you mean "many"?'
    ),
    "a sampled environment that is none": (
        UNKNOWN_NAME, "\n[sampling]\ntraces = { prod = 0.1 }\n", "traces =", "Known here: production"
    ),
    "a class in two categories": (
        CLASS_CLAIMED_TWICE,
        ("retryable = false\n", 'retryable = false\nclasses = [\n  "OSError",\n  "django.db.Error",\n]\n'),
        '  "django.db.Error",',
        "Leave it in one",
    ),
    "two rules of one id": (DUPLICATE_ID, RULE + changed('"many"', '"many"  # 2'), "# 2", "another id"),
    "a secret in the file": (SECRET_IN_FILE, CHANNEL + 'url = "https://hooks.example/T0/B0"\n', "hooks.example", "from_env"),
    "a rule without its window": (DOES_NOT_FIT, changed('window = "5m"\n', ""), "[[alerts]]", "events in the window"),
    "a key that says nothing": (DOES_NOT_FIT, changed("threshold", 'baseline = "7d"\nthreshold'), "baseline", "Take it out"),
    "a share for a count": (DOES_NOT_FIT, changed("= 10", '= "5%"'), "threshold", "as in 10"),
    "a threshold of nothing": (DOES_NOT_FIT, changed("= 10", "= 0"), "threshold", "From 1 to"),
    "an explicit group that only splits": (
        DOES_NOT_FIT,
        '\n[[fingerprints]]\nid = "a"\nreason = "b"\nclasses = ["OSError"]\nfingerprint = ["x", "{{ default }}"]\n',
        "{{ default }}",
        "only split",
    ),
    "a goal without a budget": (
        DOES_NOT_FIT, '\n[slos.all]\ntitle = "All"\nmeasures = "availability"\ngoal = "100%"\n', "goal =", '"99.9%"'
    ),
    "a feature that nothing does": (DOES_NOT_FIT, '\n[features.x]\ntitle = "X"\n', 'title = "X"', "Name what users call"),
    "solved before seen": (DOES_NOT_FIT, ('resolve = "4h"', 'resolve = "1m"'), "P1 = {", "longer"),
    "a channel that cannot speak": (DOES_NOT_FIT, CHANNEL.replace("false", "true"), "enabled = true", "Set SLACK_URL"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_each_kind_of_mistake_is_told_with_its_line_and_the_way_out(case: str, problems: Problems) -> None:
    problem_id, change, line, way_out = WRONG[case]
    added, replaced = (change, ("", "")) if isinstance(change, str) else ("", change)
    found = [problem for problem in problems(added, replaced=replaced) if problem.id == problem_id]
    assert len(found) == 1, found
    assert found[0].line == line_with(line, added, replaced=replaced)
    assert way_out in found[0].hint


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    added = changed('"5m"', '"5 minuts"').replace('"P1"', '"P9"') + CHANNEL.replace("kind", "knd")
    found = problems(added, replaced=("retryable = true", "retryable = 1"))
    assert [problem.id for problem in found] == [
        WRONG_TYPE,
        BAD_DURATION,
        UNKNOWN_NAME,
        MISSING_KEY,
        UNKNOWN_KEY,
    ]
    assert [problem.line for problem in found] == sorted(problem.line or 0 for problem in found)


def test_one_mistake_in_a_table_does_not_make_others(problems: Problems) -> None:
    (only,) = problems(RULE, replaced=("http_status = 503", "http_status = 504"))
    assert only.id == BAD_VALUE


def test_a_file_that_is_no_toml_names_the_line() -> None:
    with pytest.raises(StrategyError) as caught:
        _read_text("[a]\nx = 1\ny = = 2\n")
    (problem,) = caught.value.problems
    assert (problem.id, problem.line) == (NOT_TOML, 3)


def test_a_file_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match=r"nowhere\.toml cannot be read") as caught:
        load_strategy(tmp_path / "nowhere.toml", env={})
    assert caught.value.problems[0].id == UNREADABLE_FILE


def test_the_file_can_be_named_by_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(SMALLEST)
    assert load_strategy(env={"STRATEGY_FILE": str(file)}).path == file


def test_the_smallest_strategy_has_defaults_for_all_else(read: Read) -> None:
    strategy = read()
    assert strategy.scrubbing.max_breadcrumbs == 50
    assert strategy.retention.events_s == 90 * 86_400
    assert strategy.severities["P3"].resolve_s is None


def test_a_variable_overrides_what_names_it(read: Read) -> None:
    rule = changed("threshold", 'from_env = { threshold = "MOST" }\nthreshold')
    (plain,) = read(rule).alerts
    (overridden,) = read(rule, env={"MOST": " 25 "}).alerts
    assert plain.threshold is not None
    assert overridden.threshold is not None
    assert (plain.threshold.value, overridden.threshold.value) == (10, 25)


def test_a_channel_is_set_up_by_variables_alone_and_keeps_its_secret(read: Read) -> None:
    env = {"SLACK_ON": "1", "SLACK_URL": "https://hooks.example/T0", "SLACK_TO": "#a, #b"}
    slack = read(CHANNEL, env=env).channels["slack"]
    assert (slack.enabled, slack.url, slack.to) == (True, "https://hooks.example/T0", ("#a", "#b"))
    assert "hooks.example" not in repr(slack)


@pytest.mark.parametrize(
    ("env", "variable"),
    [
        ({"SLACK_ON": "perhaps"}, "SLACK_ON"),
        ({"SLACK_ON": "1"}, "SLACK_ON"),
        ({"MOST": "-3"}, "MOST"),
        ({"MOST": "x"}, "MOST"),
    ],
)
def test_a_bad_variable_is_named_and_its_value_is_not_shown(
    env: dict[str, str], variable: str, problems: Problems
) -> None:
    rule = changed("threshold", 'from_env = { threshold = "MOST" }\nthreshold')
    (problem,) = problems(rule + CHANNEL, env=env)
    assert problem.id == BAD_OVERRIDE
    assert variable in problem.message
    assert "perhaps" not in str(problem)
    assert problem.line == line_with(variable, rule + CHANNEL)


def test_the_error_says_everything_as_a_log_line_would() -> None:
    with pytest.raises(StrategyError) as caught:
        _read_text(SMALLEST.replace("http_status = 503", "http_status = 504"))
    assert "strategy.toml has 1 problem:" in str(caught.value)
    assert "categories.database.http_status" in str(caught.value)


def _read_text(text: str) -> Strategy:
    return read_strategy(text, env={}, file=Path("strategy.toml"))
