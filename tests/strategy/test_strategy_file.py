"""The file that is shipped: it says what the requirements say, and its page describes it whole."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from strategy import Strategy, load_strategy, problems
from strategy.loader import DEFAULT_PATH
from strategy.model.alerting import AlertRule
from strategy.reference import written_into

ROOT = Path(__file__).resolve().parents[2]
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.fixture(scope="module")
def strategy() -> Strategy:
    return load_strategy(DEFAULT_PATH, env={})


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "strategy.md").read_text(encoding="utf-8")


def test_severities_have_the_times_that_were_agreed(strategy: Strategy) -> None:
    times = {name: (each.label, each.respond_s, each.resolve_s) for name, each in strategy.severities.items()}
    assert times == {
        "P0": ("critical", 5 * MINUTE, HOUR),
        "P1": ("high", 15 * MINUTE, 4 * HOUR),
        "P2": ("medium", HOUR, DAY),
        "P3": ("low", DAY, None),
        "P4": ("info", None, None),
    }


def test_categories_have_the_severities_that_were_agreed(strategy: Strategy) -> None:
    agreed = {
        "P0": {"database", "authentication", "security", "data_loss"},
        "P1": {"cache", "queue", "ml_processing", "data_processing"},
        "P2": {"external_service", "timeout", "file", "uncategorised"},
        "P3": {"rate_limit", "validation"},
        "P4": {"maintenance"},
    }
    for severity, names in agreed.items():
        assert {strategy.categories[name].severity for name in names} == {severity}


def test_every_category_has_its_own_runbook(strategy: Strategy) -> None:
    for name, category in strategy.categories.items():
        assert category.runbook == f"docs/runbooks/{name}.md"


def _rule(strategy: Strategy, rule_id: str) -> AlertRule:
    return next(rule for rule in strategy.alerts if rule.id == rule_id)


@pytest.mark.parametrize(
    ("rule_id", "threshold", "fires", "window_s", "severity"),
    [
        ("any-p0", 1, "at", MINUTE, "P0"),
        ("server-errors-half", 0.5, "over", 5 * MINUTE, "P0"),
        ("database", 1, "at", MINUTE, "P0"),
        ("authentication", 1, "at", MINUTE, "P0"),
        ("data-loss", 1, "at", MINUTE, "P0"),
        ("security", 1, "at", MINUTE, "P0"),
        ("main-feature-down", 0.95, "at", 5 * MINUTE, "P0"),
        ("outside-service-down", 0.95, "at", 5 * MINUTE, "P0"),
        ("application-down", 2, "at", None, "P0"),
        ("critical-errors", 10, "at", 5 * MINUTE, "P0"),
        ("error-rate-5", 0.05, "at", 5 * MINUTE, "P0"),
        ("error-rate-2", 0.02, "at", 15 * MINUTE, "P1"),
        ("error-rate-1", 0.01, "at", 10 * MINUTE, "P2"),
        ("errors-over-10-a-minute", 10, "over", MINUTE, "P1"),
        ("errors-50-in-5-minutes", 50, "at", 5 * MINUTE, "P1"),
        ("issue-600-an-hour", 600, "at", HOUR, "P2"),
        ("new-release-errors", 10, "over", MINUTE, "P1"),
        ("ml-processing", 5, "at", 10 * MINUTE, "P1"),
        ("content", 5, "at", HOUR, "P2"),
        ("cache", 10, "at", HOUR, "P1"),
        ("failed-logins", 5, "over", MINUTE, "P2"),
        ("slow-transactions", 10, "at", 5 * MINUTE, "P2"),
        ("latency-p95", 1.0, "over", 10 * MINUTE, "P3"),
        ("latency-growth", 0.5, "over", 30 * MINUTE, "P3"),
        ("crash-free-sessions", 0.99, "under", HOUR, "P1"),
        ("missed-check-in", 1, "at", None, "P2"),
        ("cache-hit-ratio", 0.8, "under", 15 * MINUTE, "P3"),
        ("budget-fast", 14.4, "at", HOUR, "P1"),
    ],
)
def test_each_rule_of_the_requirements_is_there(
    strategy: Strategy, rule_id: str, threshold: float, fires: str, window_s: int | None, severity: str
) -> None:
    rule = _rule(strategy, rule_id)
    assert rule.threshold is not None
    assert (rule.threshold.value, rule.fires, rule.window_s, rule.severity) == (
        threshold,
        fires,
        window_s,
        severity,
    )


def test_a_p0_climbs_until_it_is_resolved(strategy: Strategy) -> None:
    steps = [step for step in strategy.escalation if step.severities == ("P0",)]
    assert [(step.after_s, step.roles, step.until) for step in steps] == [
        (15 * MINUTE, ("lead",), "resolved"),
        (30 * MINUTE, ("manager",), "resolved"),
        (HOUR, ("cto", "vendor"), "resolved"),
    ]


def test_traces_are_sampled_by_environment_and_events_kept_90_days(strategy: Strategy) -> None:
    assert strategy.sampling.traces == {"production": 0.1, "staging": 0.5, "development": 1.0, "test": 0.0}
    assert strategy.retention.events_s == 90 * DAY


def test_objectives_leave_the_budgets_that_were_agreed(strategy: Strategy) -> None:
    budgets = {name: slo.error_budget for name, slo in strategy.slos.items()}
    assert budgets["availability"] == 0.001
    assert budgets["feature_success"] == 0.01
    assert budgets["data_pipeline"] == 0.005
    assert budgets["user_errors"] == 0.001


def test_the_variables_of_the_requirements_override_their_rules_and_channels() -> None:
    env = {
        "SENTRY_CRITICAL_ERROR_THRESHOLD": "3",
        "SENTRY_ERROR_RATE_THRESHOLD": "0.5%",
        "SENTRY_EMAIL_ALERTS_ENABLED": "true",
        "SENTRY_ALERT_EMAIL_RECIPIENTS": "ops@example.org, lead@example.org",
        "SENTRY_SLACK_ALERTS_ENABLED": "1",
        "SENTRY_SLACK_WEBHOOK_URL": "https://hooks.example/services/T0",
        "SENTRY_SLACK_CHANNEL": "#alerts",
    }
    strategy = load_strategy(DEFAULT_PATH, env=env)
    critical, rate = _rule(strategy, "critical-errors").threshold, _rule(strategy, "error-rate-1").threshold
    assert critical is not None
    assert rate is not None
    assert (critical.value, rate.value) == (3, 0.005)
    assert strategy.channels["email"].to == ("ops@example.org", "lead@example.org")
    assert strategy.channels["slack"].to == ("#alerts",)
    assert strategy.channels["slack"].url == env["SENTRY_SLACK_WEBHOOK_URL"]


def test_the_page_lists_every_key_as_it_is_declared(page: str) -> None:
    assert written_into(page) == page, "run: python -m strategy.reference docs/strategy.md"


def test_the_page_names_every_variable_and_every_problem(page: str, strategy: Strategy) -> None:
    named = [*strategy.channels.values(), *strategy.alerts, strategy.probes, strategy.rollback]
    variables = {variable for each in named for variable in each.from_env.values()}
    ids = {
        value
        for value in vars(problems).values()
        if isinstance(value, str) and value.startswith("strategy.E")
    }
    assert [each for each in sorted(variables | ids) if f"`{each}`" not in page] == []


def test_every_process_can_afford_to_read_it() -> None:
    def seconds() -> float:
        start = time.thread_time()
        load_strategy(DEFAULT_PATH, env={})
        return time.thread_time() - start

    assert min(seconds() for _ in range(5)) < 0.03


def test_reading_it_imports_nothing_of_the_project_nor_django() -> None:
    code = (
        "import sys, strategy; strategy.load_strategy(env={});"
        "print(*{name.split('.')[0] for name in sys.modules} & {'django', 'core', 'celery', 'sentry_sdk', 'hydroml'})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "STRATEGY_FILE": ""},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr


def test_the_command_line_names_file_line_and_way_out(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(
        DEFAULT_PATH.read_text(encoding="utf-8").replace('respond = "5m"', 'respond = "5 minuts"')
    )
    run = subprocess.run(
        [sys.executable, "-m", "strategy", str(file)], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1
    line = file.read_text().split("\n").index('respond = "5 minuts"') + 1
    assert run.stderr.startswith(f"{file}:{line}: severities.P0.respond:")
    assert '"5m"' in run.stderr
