"""Each thing that a rule can watch, from what a client sends to the episode: past the threshold it is one, before it none.

The engine's own edges are tested on streams (test_rules.py); here it is that every room's news reaches its rules.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from django.db import transaction as database_transaction

from monitor.alerts.models import Episode
from monitor.crons import clock as crons
from monitor.crons import services as cron_services
from monitor.crons.models import CronMonitor
from monitor.ingest.presence import DIRECTORY
from monitor.issues.models import Issue
from monitor.issues.services import resolve
from monitor.probes import services as probes
from monitor.probes.asking import Answer
from monitor.projects.models import Project
from monitor.releases.models import Release
from monitor.releases.services import create_deploy, create_release
from strategy.model.watches import WATCHES
from tests.monitor_site.alerts.clocked import START, Clocked
from tests.monitor_site.alerts.conftest import UseRules
from tests.monitor_site.performance.traced import transaction

Step = Callable[[Clocked], None]


def errors(number: int, **given: object) -> Step:
    def send(clocked: Clocked) -> None:
        for second in range(number):
            clocked.error(10 + second / 10, "cache", "P1", **given)  # type: ignore[arg-type]

    return send


def regression(clocked: Clocked) -> None:
    clocked.error(1, "cache", "P1")
    clocked.at(2)
    resolve(Issue.objects.all(), "a test")
    clocked.error(10, "cache", "P1")


def counted(name: str, value: float, **labels: str) -> Step:
    return lambda clocked: clocked.metric(10, name, value, **labels)


def both(*steps: Step) -> Step:
    def run(clocked: Clocked) -> None:
        for step in steps:
            step(clocked)

    return run


def requests(good: int, bad: int) -> Step:
    ok = counted("requests", good, route="projects/", status="200")
    failed = counted("requests", bad, route="projects/", status="503")
    return both(ok, failed)


def uses(good: int, bad: int) -> Step:
    """What was refused, as a form with a mistake is, is neither."""
    parts = (("ok", good), ("failed", bad), ("refused", 1000))
    return both(*(counted("feature_uses", number, feature="weather", outcome=how) for how, number in parts))


def transactions(number: int, lasts_ms: float, at: float = 10) -> Step:
    def send(clocked: Clocked) -> None:
        things = [transaction(at=START + at, lasts_ms=lasts_ms) for _ in range(number)]
        clocked.deliver(*things, received=START + at + lasts_ms / 1000)

    return send


def sessions(good: int, crashed: int) -> Step:
    def send(clocked: Clocked) -> None:
        of = {"attrs": {"release": "shop@1", "environment": "production"}}
        started = "2027-01-15T08:00:00Z"
        sums = {"started": started, "exited": good, "crashed": crashed}
        clocked.deliver(("sessions", {**of, "aggregates": [sums]}), received=START + 10)

    return send


def job(comes_again: bool) -> Step:
    def run(clocked: Clocked) -> None:
        every_5 = {"schedule": {"type": "crontab", "value": "*/5 * * * *"}, "checkin_margin": 1}
        check_in = {"monitor_slug": "nightly", "status": "ok", "monitor_config": every_5}
        clocked.deliver(("check_in", dict(check_in)), received=START + 1)
        if comes_again:
            clocked.deliver(("check_in", dict(check_in)), received=START + 300)
        path = clocked.deliver.spool / DIRECTORY / "1"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(START - 60))
        os.utime(path, (START + 420,) * 2)
        crons.judge(START + 420)

    return run


def probed(*good: bool) -> Step:
    def run(clocked: Clocked) -> None:
        for number, is_good in enumerate(good):
            answer = Answer("http://app:8000/livez", START + 10 + 15 * number, is_good, 5.0, "")
            probes.keep(answer)

    return run


def of_new_release(number: int, *, deployed: bool) -> Step:
    def run(clocked: Clocked) -> None:
        if deployed:
            create_release("shop@2", [clocked.deliver.project], by="a test")
            moment = Episode._meta.get_field("began_at").to_python(START + 5)
            create_deploy(
                Release.objects.get(version="shop@2"), "production", by="a test", finished_at=moment
            )
        errors(number, release="shop@2")(clocked)

    return run


CASES: dict[str, tuple[str, Step, Step]] = {
    # What is watched: a rule of the strategy, what makes it hold, what does not quite.
    "events": ("critical-errors", errors(10), errors(9)),
    "new_issue": ("new-issue", errors(1), counted("failed_logins", 1)),
    "regression": ("regression", regression, errors(2)),
    "counter": ("failed-logins", counted("failed_logins", 6), counted("failed_logins", 5)),
    "gauge": (
        "queue-age",
        counted("queue_age_s", 601, kind="gauge"),
        counted("queue_age_s", 600, kind="gauge"),
    ),
    "ratio": (
        "cache-hit-ratio",
        both(counted("cache_lookups", 159, outcome="hit"), counted("cache_lookups", 41, outcome="miss")),
        both(counted("cache_lookups", 160, outcome="hit"), counted("cache_lookups", 40, outcome="miss")),
    ),
    "error_rate": ("error-rate-5", requests(95, 5), requests(96, 4)),
    "feature_failures": ("outside-service-down", uses(1, 19), uses(1, 18)),
    "slow_transactions": ("slow-transactions", transactions(10, 5100), transactions(9, 5100)),
    "latency_p95": ("latency-p95", transactions(50, 1200), transactions(50, 900)),
    "latency_growth": (
        "latency-growth",
        both(transactions(100, 100, at=-7200), transactions(100, 200)),
        both(transactions(100, 100, at=-7200), transactions(100, 120)),
    ),
    "crash_free_sessions": ("crash-free-sessions", sessions(297, 4), sessions(297, 3)),
    "missed_check_in": ("missed-check-in", job(False), job(True)),
    "failed_probe": ("application-down", probed(True, False, False), probed(False, True, False)),
    "burn_rate": ("budget-fast", requests(900, 15), requests(1000, 14)),
    "of a new release": (
        "new-release-errors",
        of_new_release(11, deployed=True),
        of_new_release(11, deployed=False),
    ),
}


def test_nothing_that_can_be_watched_is_left_out() -> None:
    assert set(CASES) - {"of a new release"} == set(WATCHES)


@pytest.mark.parametrize("name", CASES)
def test_it_holds_by_what_was_sent(name: str, clocked: Clocked, use_rules: UseRules) -> None:
    rule, enough, _ = CASES[name]
    use_rules(rule)
    clocked.at(-8000)
    enough(clocked)
    clocked.at(450)
    found = Episode.objects.all()
    assert {one.rule for one in found} == {rule}
    assert all(one.began_at.timestamp() > START for one in found)


@pytest.mark.parametrize("name", CASES)
def test_it_does_not_hold_by_a_little_less(name: str, clocked: Clocked, use_rules: UseRules) -> None:
    rule, _, too_little = CASES[name]
    use_rules(rule)
    clocked.at(-8000)
    too_little(clocked)
    clocked.at(450)
    assert clocked.story() == []


def test_a_job_that_comes_again_or_is_muted_is_over(
    clocked: Clocked, use_rules: UseRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules("missed-check-in")
    job(False)(clocked)
    clocked.at(450)
    clocked.deliver(("check_in", {"monitor_slug": "nightly", "status": "ok"}), received=START + 500)
    clocked.at(501)
    assert [kind for _, kind, _ in clocked.story()] == ["fired", "resolved"]
    path = clocked.deliver.spool / DIRECTORY / "1"
    os.utime(path, (START + 9000,) * 2)
    crons.judge(START + 9000)
    clocked.at(9000)
    assert Episode.objects.filter(ended_at__isnull=True).count() == 1
    monkeypatch.setattr(cron_services, "time", lambda: START + 9001)
    with database_transaction.atomic():
        cron_services.update_monitor(CronMonitor.objects.get(), by="a test", is_muted=True)
    clocked.at(9002)
    assert Episode.objects.filter(ended_at__isnull=True).count() == 0


def test_an_application_that_answers_again_is_over_at_once_also_while_a_backlog_is_read(
    clocked: Clocked, use_rules: UseRules, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probes do not come by the spool: what waits in it holds up no word of an application that is down."""
    use_rules("application-down")
    clocked.at(0)
    monkeypatch.setattr("time.time_ns", lambda: (START + 1) * 1_000_000_000)
    clocked.deliver.spooled({"level": "error"}, received=START + 1)
    probed(True, False, False)(clocked)
    clocked.at(41)
    assert clocked.story() == [("application-down", "fired", 40)]
    probes.keep(Answer("http://app:8000/livez", START + 55, True, 5.0, ""))
    clocked.at(56)
    assert clocked.story()[1:] == [("application-down", "resolved", 55)]
