"""Objectives from what is stored: each measure, and the same burn rates as the alert rules have them."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from uuid import uuid4

import pytest

from monitor.alerts.engine import Engine, Transition
from monitor.alerts.engine_conditions import Burn
from monitor.alerts.measurements import REQUESTS, Measurement
from monitor.metrics.selectors import Where
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from monitor.slos.selectors import Objective, objective_of, objectives
from strategy.model.alerting import AlertRule
from strategy.model.service_levels import Slo
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric
from tests.monitor_site.slos.conftest import Minute, Traffic


def _slo(name: str) -> Slo:
    return current_strategy().slos[name]


def _rules() -> list[AlertRule]:
    return [rule for rule in current_strategy().alerts if rule.watches == "burn_rate"]


def _random_traffic(now: float, seed: int) -> list[Minute]:
    """Minutes of the last six hours, not all of them, and hours of the last three days."""
    dice = random.Random(seed)
    minute = now // 60 * 60
    fine = [minute - 60 * ago for ago in range(380) if dice.random() < 0.4]
    coarse = [minute - 3600 * ago for ago in range(7, 80) if dice.random() < 0.7]
    return [
        (at, total := dice.randrange(1, 400), dice.randrange(0, total + 1) // 3) for at in (*fine, *coarse)
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pages_and_rules_say_the_same_burn_rate(traffic: Traffic, here: Where, now: float, seed: int) -> None:
    minutes = _random_traffic(now, seed)
    traffic(minutes)
    objective = objective_of(_slo("availability"), here, now)
    assert len(_rules()) == 3
    for rule in _rules():
        burn = Burn(rule, objective.slo.error_budget)
        for at, total, bad in sorted(minutes):
            burn.add(int(at), total, bad)
        fires, pace = burn.judge(int(now))
        watch = next(one for one in objective.watches if one.rule.id == rule.id)
        assert watch.long == pace > 0
        assert watch.short == burn._pace(burn.short)
        assert watch.fires == fires


def test_the_engine_fires_in_the_second_in_which_the_page_says_so(
    traffic: Traffic, here: Where, project: Project, now: float
) -> None:
    minute = now // 60 * 60
    # 2 % of the requests of an hour fail, 20 times what is allowed, in the last five minutes as in all of them.
    minutes = [(minute - 60 * ago, 100, 2) for ago in range(60)]
    traffic(minutes)
    engine = Engine(current_strategy())
    told: list[Transition] = []
    for at, total, bad in sorted(minutes):
        told += engine.measure(
            Measurement(
                kind=REQUESTS,
                time=at,
                received=at,
                environment="production",
                project_id=project.pk,
                name="projects/",
                total=total,
                bad=bad,
            )
        )
    told += engine.tick(now)
    fired = [one for one in told if one.rule.id == "budget-fast" and one.kind == "fired"]
    assert [one.key for one in fired] == ["availability"]
    watch = objective_of(_slo("availability"), here, now).watches[0]
    assert watch.rule.id == "budget-fast"
    assert watch.fires
    assert watch.long == fired[0].value == pytest.approx(20)


def test_half_of_a_budget_of_a_month(traffic: Traffic, here: Where, now: float) -> None:
    traffic([(now - 86_400 * day, 1000, 0) for day in range(20)])
    traffic([(now - 86_400 * 3 - 600, 1000, 10)])
    found = objective_of(_slo("availability"), here, now)
    assert (found.counted.total, found.counted.bad) == (21_000, 10)
    assert found.left == pytest.approx(1 - 10 / 21)
    assert found.bad_left == pytest.approx(11)
    assert found.minutes_left == pytest.approx(43.2 * 11 / 21)
    assert sum(found.course.total) == 21_000
    assert sum(found.course.bad) == 10
    assert found.burned_down[-1] == pytest.approx(found.left)
    assert found.state == "kept"
    assert found.words == (
        "99.95 % of 21,000 requests were answered; 52.4 % of the budget is left;"
        " at the pace of the last 6 h it lasts."
    )


def test_what_is_older_than_the_window_is_forgiven(traffic: Traffic, here: Where, now: float) -> None:
    traffic([(now - 86_400 * 29, 1000, 1), (now - 60, 1000, 0)])
    assert objective_of(_slo("availability"), here, now).counted.bad == 1
    later = objective_of(_slo("availability"), here, now + 86_400 * 2)
    assert (later.counted.total, later.counted.bad) == (1000, 0)
    assert sum(later.course.total) == 1000


def test_an_overspent_budget_says_by_how_much(traffic: Traffic, here: Where, now: float) -> None:
    traffic([(now - 600, 10_000, 25)])
    found = objective_of(_slo("availability"), here, now)
    assert found.state == "spent"
    assert found.left == pytest.approx(-1.5)
    assert found.forecast().lasts_s == 0
    assert found.words.endswith("the budget is used up, 15 requests too many went wrong.")


def test_other_environments_and_projects_spend_nothing(
    deliver: Delivery, here: Where, other_project: Project, now: float
) -> None:
    bad = metric("requests", 50, now - 60, route="a/", status="500")
    deliver(item(metric("requests", 50, now - 60, route="a/", status="500", environment="staging")))
    deliver(item(bad), project=other_project)
    deliver(item(metric("requests", 100, now - 60, route="a/", status="200")))
    assert objective_of(_slo("availability"), here, now).counted.bad == 0
    everywhere = replace(here, environment="")
    assert objective_of(_slo("availability"), everywhere, now).counted.bad == 50


def test_uses_of_features_and_what_is_refused(deliver: Delivery, here: Where, now: float) -> None:
    deliver(
        item(
            metric("feature_uses", 90, now - 60, feature="projects", outcome="ok"),
            metric("feature_uses", 10, now - 60, feature="projects", outcome="failed"),
            metric("feature_uses", 40, now - 60, feature="projects", outcome="refused"),
            metric("feature_uses", 7, now - 60, feature="data", outcome="failed"),
        )
    )
    found = objective_of(_slo("feature_success"), here, now)
    assert (found.counted.total, found.counted.bad) == (100, 10)
    assert found.burn(3600) == pytest.approx(10)
    assert objective_of(_slo("data_pipeline"), here, now).achieved == 0
    # Availability of some features: what was refused was answered.
    some = replace(_slo("availability"), features=("projects",))
    narrowed = objective_of(some, here, now)
    assert (narrowed.counted.total, narrowed.counted.bad) == (140, 10)
    assert sum(narrowed.course.total) == 140


def test_sessions_that_met_an_error(deliver: Delivery, here: Where, now: float) -> None:
    for status in ("exited", "errored", "crashed", "abnormal", "exited"):
        deliver(
            (
                "session",
                {
                    "sid": str(uuid4()),
                    "init": True,
                    "started": now - 60,
                    "timestamp": now,
                    "status": "exited" if status == "errored" else status,
                    "errors": int(status == "errored"),
                    "attrs": {"release": "hydroml@1.0.0", "environment": "production"},
                },
            )
        )
    found = objective_of(_slo("user_errors"), here, now)
    assert (found.counted.total, found.counted.bad) == (5, 3)
    assert sum(found.course.bad) == 3
    assert found.burn(3600) == pytest.approx(600)


def _page(at: float, seconds: float, op: str = "http.server") -> dict[str, object]:
    return {
        "type": "transaction",
        "transaction": "/projects/",
        "start_timestamp": at,
        "timestamp": at + seconds,
        "environment": "production",
        "contexts": {"trace": {"trace_id": uuid4().hex, "span_id": uuid4().hex[:16], "op": op}},
    }


@pytest.mark.parametrize("latency", [1.0, 0.5])
def test_pages_that_were_quick_enough(deliver: Delivery, here: Where, now: float, latency: float) -> None:
    """By the bound that is counted as they come, and by another one: from their sketch."""
    quick = [0.1, 0.2, 0.4] + [0.7] * (latency == 1.0)
    for seconds in (*quick, 3.0, 5.0):
        deliver(_page(now - 120, seconds))
    deliver(_page(now - 120, 500.0, op="queue.task.celery"))
    found = objective_of(replace(_slo("quick_pages"), latency_s=latency), here, now)
    assert (found.counted.total, found.counted.bad) == (len(quick) + 2, 2)
    assert (sum(found.course.total), sum(found.course.bad)) == (len(quick) + 2, 2)
    share = 2 / (len(quick) + 2)
    assert found.burn(3600) == pytest.approx(share / found.slo.error_budget)


def test_with_nothing_counted_nothing_is_claimed(here: Where) -> None:
    for found in objectives(here, time.time()):
        assert (found.achieved, found.left, found.state) == (None, None, "nothing")
        assert found.words.startswith("There were no ")
        assert [one.burn for one in found.forecasts] == [None, None, None]


def test_all_of_the_strategy_in_its_order(here: Where) -> None:
    found: list[Objective] = objectives(here, time.time())
    assert [one.name for one in found] == list(current_strategy().slos)
    assert [rule.id for rule in found[0].rules] == ["budget-fast", "budget-steady", "budget-slow"]
