"""Who is told, and when quiet hours are over: 20:00 to 08:00 in Vienna, and weekends."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.telling import quiet_until, telling
from strategy.loader import load_strategy

STRATEGY = load_strategy(env={})
RULES = {rule.id: rule for rule in STRATEGY.alerts}
VIENNA = ZoneInfo("Europe/Vienna")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA).timestamp()


@pytest.mark.parametrize(
    ("moment", "over"),
    [
        ("2026-11-18 19:59:59", "2026-11-18 19:59:59"),
        ("2026-11-18 20:00:00", "2026-11-19 08:00:00"),
        ("2026-11-19 07:59:59", "2026-11-19 08:00:00"),
        ("2026-11-19 08:00:00", "2026-11-19 08:00:00"),
        ("2026-11-20 21:00:00", "2026-11-23 08:00:00"),  # Friday evening to Monday
        ("2026-11-21 12:00:00", "2026-11-23 08:00:00"),
        ("2026-03-28 12:00:00", "2026-03-30 08:00:00"),  # over the change to summer time
    ],
)
def test_the_end_of_quiet_hours(moment: str, over: str) -> None:
    assert quiet_until(STRATEGY.quiet_hours, STRATEGY.business_hours, at(moment)) == at(over)


def test_quiet_hours_within_a_day_and_working_weekends() -> None:
    quiet = replace(STRATEGY.quiet_hours, start="12:00", end="13:00", weekends=False)
    assert quiet_until(quiet, STRATEGY.business_hours, at("2026-11-21 12:30:00")) == at("2026-11-21 13:00:00")
    assert quiet_until(quiet, STRATEGY.business_hours, at("2026-11-21 13:00:00")) == at("2026-11-21 13:00:00")


def test_only_what_can_wait_waits() -> None:
    night = at("2026-11-19 02:00:00")
    assert telling(STRATEGY, RULES["database"], "production", night).not_before == night
    new = telling(STRATEGY, RULES["new-issue"], "production", night)
    assert (new.channels, new.recipients, new.not_before) == (("slack",), (), at("2026-11-19 08:00:00"))


def test_nobody_is_told_of_environments_without_alerts_unless_the_rule_names_them() -> None:
    rule = RULES["database"]
    assert telling(STRATEGY, rule, "development", 0).channels == ()
    assert telling(STRATEGY, rule, "production", 0).recipients == ("on_call", "lead", "product")
    named = replace(rule, environments=("staging",), channels=("slack",))
    assert telling(STRATEGY, named, "staging", 0).channels == ("slack",)
