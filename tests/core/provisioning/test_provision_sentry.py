"""`manage.py provision_sentry` against a Sentry that takes what the published API describes, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.provisioning.api import SentryApi, SentryApiError
from tests.core.provisioning.sentry_host import ORG, PROJECT, TOKEN, SentryHost, integration, soon

pytestmark = pytest.mark.shared
ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., str]


@pytest.fixture
def host() -> Iterator[SentryHost]:
    with SentryHost() as host:
        yield host
    assert not host.wrong, host.wrong


@pytest.fixture
def run(host: SentryHost, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SENTRY_AUTH_TOKEN", TOKEN)

    def run(*arguments: str, **options: Any) -> str:
        out = StringIO()
        given = {"url": host.url, "org": ORG, "project": PROJECT} | options
        call_command("provision_sentry", *arguments, stdout=out, **given)
        return out.getvalue()

    return run


@pytest.fixture
def strategy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that a test may change."""
    file = tmp_path / "strategy.toml"
    file.write_text((ROOT / "strategy" / "strategy.toml").read_text())
    monkeypatch.setenv("STRATEGY_FILE", str(file))
    return file


def workflow(host: SentryHost, key: str) -> dict[str, Any]:
    [found] = [each for each in host.workflows.values() if each["name"].endswith(f"[{PROJECT}/{key}]")]
    return found


def detector(host: SentryHost, key: str) -> dict[str, Any]:
    [found] = [each for each in host.detectors.values() if each["name"].endswith(f"[{PROJECT}/{key}]")]
    return found


def test_a_second_run_finds_nothing_to_do(host: SentryHost, run: Run) -> None:
    first = run()
    assert len(host.workflows) > 20
    assert len(host.dashboards) == 4
    host.asked.clear()
    second = run()
    assert not host.writes(), second
    assert "0 to create, 0 to update, 0 to delete" in second
    assert first != second


def test_a_dry_run_shows_each_object_and_changes_nothing(host: SentryHost, run: Run) -> None:
    shown = run("--dry-run")
    assert not host.writes()
    assert "+++ alert: The database fails [hydroml/database] (strategy.toml)" in shown
    assert '+  "name": "The database fails [hydroml/database]",' in shown
    assert shown.rstrip().endswith("Nothing was changed.")


def test_what_a_dry_run_announces_is_what_the_run_does(host: SentryHost, run: Run) -> None:
    announced = re.findall(r"^would be (\w+): (.*)$", run("--dry-run"), re.M)
    done = re.findall(r"^(created|updated|deleted) +(.*)$", run(), re.M)
    assert announced == done


def test_every_enabled_rule_is_an_object_or_a_stated_gap(host: SentryHost, run: Run) -> None:
    from strategy import load_strategy

    told = run()
    names = [each["name"] for each in host.workflows.values()]
    for rule in load_strategy().alerts:
        made = any(name.endswith(f"[{PROJECT}/{rule.id}]") for name in names)
        assert made or re.search(rf"^  .*\b{rule.id}\b", told, re.M), rule.id


def test_a_category_rule_becomes_an_alert_on_its_tag(host: SentryHost, run: Run) -> None:
    run("--only", "alerts")
    shown = workflow(host, "database")
    [group] = shown["actionFilters"]
    [condition] = group["conditions"]
    assert condition["comparison"] == {"key": "category", "match": "eq", "value": "database"}
    assert shown["config"] == {"frequency": 30}  # a cooldown of 15 min, and Sentry has 10 and 30
    assert shown["environment"] == "production"
    stream = next(each["id"] for each in host.detectors.values() if each["type"] == "issue_stream")
    assert shown["detectorIds"] == [stream]


def test_categories_and_severities_of_a_rule_hold_together(host: SentryHost, run: Run) -> None:
    run("--only", "alerts")
    found = [
        {each["comparison"]["key"]: each["comparison"]["value"] for each in group["conditions"]}
        for group in workflow(host, "security")["actionFilters"]
    ]
    assert found == [{"category": "security", "severity": "P0"}, {"category": "security", "severity": "P1"}]


@pytest.mark.parametrize(
    ("key", "query", "compared"),
    [
        # "At 10" is "more than 9", "over 10" is "more than 10".
        ("critical-errors", "tags[severity]:[P0,P1]", ("gt", 9)),
        ("errors-over-10-a-minute", "is:unresolved", ("gt", 10)),
        ("error-rate-5", "span.op:http.server", ("gte", 0.05)),
        ("latency-p95", "span.op:http.server", ("gt", 1000)),
        ("slow-transactions", "span.duration:>5000ms", ("gt", 9)),
        ("latency-growth", "span.op:http.server", ("gt", 150)),
        ("crash-free-sessions", "", ("lt", 99)),
        # 14.4 times a budget of 0.1 %.
        ("budget-fast.availability", "span.op:http.server", ("gt", 0.0144)),
        ("main-feature-down.projects", "/projects/", ("gte", 0.95)),
    ],
)
def test_thresholds_are_told_in_sentrys_words(
    host: SentryHost, run: Run, key: str, query: str, compared: tuple[str, float]
) -> None:
    run("--only", "alerts")
    shown = detector(host, key)
    high = shown["conditionGroup"]["conditions"][0]
    assert (high["type"], high["comparison"]) == compared
    assert query in shown["dataSources"][0]["queryObj"]["snubaQuery"]["query"]


def test_one_error_600_times_counts_each_issue(host: SentryHost, run: Run) -> None:
    run("--only", "alerts")
    [group] = workflow(host, "issue-600-an-hour")["actionFilters"]
    [condition] = group["conditions"]
    assert condition["type"] == "event_frequency_count"
    assert condition["comparison"] == {"value": 599, "interval": "1h"}


def test_what_others_made_is_left_alone(host: SentryHost, run: Run) -> None:
    theirs = {
        "name": "The database fails", "config": {"frequency": 5}, "environment": None, "detector_ids": [],
        "triggers": {"logic_type": "any-short", "conditions": []}, "action_filters": [],
    }  # fmt: skip
    kept = host.keep("workflows", theirs)
    other = host.keep("workflows", theirs | {"name": "Their database [shop/database]"})
    host.ownership["raw"] = "path:legacy/* someone@example.com\n"
    host.project["fingerprintingRules"] = "# by hand\nerror.type:X -> x"
    host.project["relayPiiConfig"] = json.dumps(
        {"rules": {"theirs": {"type": "ip"}}, "applications": {"$string": ["theirs"]}}
    )
    run()
    run()
    assert host.workflows[kept["id"]] == kept
    assert host.workflows[other["id"]] == other
    assert host.ownership["raw"].startswith("path:legacy/* someone@example.com\n# >>> hydroml:")
    assert host.project["fingerprintingRules"].startswith("# by hand\nerror.type:X -> x\n# >>> hydroml:")
    config = json.loads(host.project["relayPiiConfig"])
    assert config["rules"]["theirs"] == {"type": "ip"}
    assert config["applications"]["$string"][0] == "theirs"


def test_a_rule_that_goes_from_the_file_goes_from_sentry(host: SentryHost, run: Run, strategy: Path) -> None:
    run()
    strategy.write_text(_without_rule(strategy.read_text(), "ml-processing"))
    told = run()
    assert "deleted   alert: Models cannot be trained [hydroml/ml-processing]" in told
    assert "deleted   monitor: Models cannot be trained [hydroml/ml-processing]" in told
    assert not any("ml-processing" in each["name"] for each in host.workflows.values())
    assert {each["type"] for each in host.detectors.values()} >= {"issue_stream", "error"}


def test_a_renamed_title_is_an_update_of_the_same_object(host: SentryHost, run: Run, strategy: Path) -> None:
    run()
    before = workflow(host, "database")["id"]
    strategy.write_text(strategy.read_text().replace('"The database fails"', '"PostgreSQL fails"'))
    told = run("--dry-run")
    assert '-  "name": "The database fails [hydroml/database]"' in told
    assert '+  "name": "PostgreSQL fails [hydroml/database]"' in told
    run()
    assert workflow(host, "database")["id"] == before


def test_what_somebody_changed_by_hand_is_changed_back(host: SentryHost, run: Run) -> None:
    run()
    shown = detector(host, "critical-errors")
    shown["conditionGroup"]["conditions"][0]["comparison"] = 9999
    told = run()
    assert "updated   monitor: Many critical errors at once [hydroml/critical-errors]" in told
    assert detector(host, "critical-errors")["conditionGroup"]["conditions"][0]["comparison"] == 9


def test_an_update_keeps_the_ids_of_the_groups_of_conditions(
    host: SentryHost, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--only", "alerts")
    detector(host, "critical-errors")["enabled"] = False
    workflow(host, "database")["enabled"] = False
    sent: list[dict[str, Any]] = []
    put = SentryApi.put
    monkeypatch.setattr(
        SentryApi, "put", lambda api, path, body: (sent.append(dict(body)), put(api, path, body))[1]
    )
    run("--only", "alerts")
    assert [body["condition_group"]["id"] for body in sent if "condition_group" in body] == [77]
    assert [body["triggers"]["id"] for body in sent if "triggers" in body] == [88]


def test_channels_go_through_the_organisations_integrations(
    host: SentryHost, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.integrations = [integration("discord") for _ in range(4)]  # more than one page
    host.integrations += [
        integration("slack"),
        integration("pagerduty", {"service_table": [{"id": 9, "service_name": "Hydro"}]}),
    ]
    monkeypatch.setenv("SENTRY_SLACK_ALERTS_ENABLED", "1")
    monkeypatch.setenv("SENTRY_SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/canary-secret")
    monkeypatch.setenv("PAGERDUTY_ALERTS_ENABLED", "1")
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", "canary-secret-key")
    told = run("--dry-run") + run()
    actions = workflow(host, "database")["actionFilters"][0]["actions"]
    assert {each["type"] for each in actions} == {"slack", "pagerduty"}
    slack = next(each for each in actions if each["type"] == "slack")
    assert slack["config"]["targetDisplay"] == "hydroml-alerts"
    pager = next(each for each in actions if each["type"] == "pagerduty")
    assert pager["data"] == {"priority": "critical"}
    assert pager["config"]["targetIdentifier"] == "9"
    assert "canary-secret" not in told + json.dumps([host.workflows, host.detectors])


def test_a_channel_without_its_integration_is_a_gap_and_mail_goes_out(
    host: SentryHost, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_SLACK_ALERTS_ENABLED", "1")
    monkeypatch.setenv("SENTRY_SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/x")
    assert "channel slack\n    why: The organisation has no active slack integration." in run()
    assert [each["type"] for each in workflow(host, "database")["actionFilters"][0]["actions"]] == ["email"]


def test_cron_monitors_come_from_the_tasks_of_beat(host: SentryHost, run: Run) -> None:
    told = run("--only", "crons")
    shown = host.monitors["clear-old-jobs"]
    assert shown["config"]["schedule"] == [1, "hour"]
    assert shown["config"]["checkin_margin"] == 5
    assert "beat: put lost jobs back\n    why: A cron monitor's shortest interval is a minute" in told


def test_a_cron_monitor_of_check_ins_is_taken_over_on_request_alone(host: SentryHost, run: Run) -> None:
    body = {"name": "clear-old-jobs", "slug": "clear-old-jobs", "config": {
        "schedule": "0 * * * *", "schedule_type": "crontab", "checkin_margin": 1, "max_runtime": 1, "timezone": "UTC",
        "failure_issue_threshold": 1, "recovery_threshold": 1}}  # fmt: skip
    host.keep("monitors", body)
    assert "Left alone" in run("--only", "crons")
    assert host.monitors["clear-old-jobs"]["name"] == "clear-old-jobs"
    run("--only", "crons", "--adopt")
    assert host.monitors["clear-old-jobs"]["name"] == "clear old jobs [hydroml/cron.clear-old-jobs]"
    assert "1 as they are to be" in run("--only", "crons")


def test_owners_are_teams_of_the_project(host: SentryHost, run: Run) -> None:
    told = run("--only", "ownership")
    assert "owner data\n    why: No team of the project has this name" in told
    lines = host.ownership["raw"].splitlines()
    assert "tags.category:database #operations" in lines
    assert "path:core/** #backend" in lines
    assert not any("#data" in line for line in lines)
    run("--only", "ownership", team=["data=backend"])
    assert "tags.category:ml_processing #backend" in host.ownership["raw"].splitlines()


def test_a_team_that_is_not_the_projects_is_refused_before_anything_is_written(
    host: SentryHost, run: Run
) -> None:
    with pytest.raises(CommandError, match="--team data=nobody"):
        run(team=["data=nobody"])
    assert not host.writes()


def test_settings_that_sentry_does_not_take_are_named(host: SentryHost, run: Run) -> None:
    host.ignores = {"fingerprintingRules", "relayPiiConfig"}
    with pytest.raises(SystemExit):
        run("--only", "settings")
    assert host.project["resolveAge"] == 14 * 24


def test_the_fingerprint_rules_spare_what_core_has_grouped(host: SentryHost, run: Run) -> None:
    told = run("--only", "settings")
    rules = [line for line in host.project["fingerprintingRules"].splitlines() if not line.startswith("#")]
    assert rules
    assert all(line.startswith('!tags.category:"*" ') for line in rules)
    assert 'error.type:"DeadlockDetected" -> database, conflict, {{ transaction }}' in "\n".join(rules)
    # psycopg's, Django's and kombu's are three classes of one name.
    assert "OperationalError" not in "\n".join(rules)
    assert "Sentry knows psycopg.OperationalError by its bare name" in told


def test_releases_and_deploys_are_made_once(host: SentryHost, run: Run) -> None:
    options = {"only": "dashboards", "release": "hydroml@1.4.0+3f2a91c", "deploy": "production"}
    assert "created   deploy of hydroml@1.4.0+3f2a91c to production" in run(**options)
    host.asked.clear()
    run(**options)
    assert not host.writes()


def test_a_rate_limit_is_waited_for(host: SentryHost, run: Run) -> None:
    host.answers_next = [("GET", 429, soon()), ("GET", 429, {"Retry-After": "1"})]
    run("--only", "ownership")
    assert "#backend" in host.ownership["raw"]


def test_a_read_that_fails_is_tried_again_and_a_create_is_not(host: SentryHost, run: Run) -> None:
    host.answers_next = [("GET", 502, {})]
    run("--only", "dashboards", "--dry-run")
    host.answers_next = [("POST", 502, {})]
    with pytest.raises(CommandError, match="502"):
        run("--only", "dashboards")
    assert host.writes() == {"POST": 1}
    run("--only", "dashboards")
    assert len(host.dashboards) == 4


def test_missing_scopes_are_told_before_anything_is_written(host: SentryHost, run: Run) -> None:
    host.scopes = ["org:read", "project:read"]
    with pytest.raises(CommandError, match="lacks project:write, alerts:read, alerts:write"):
        run()
    assert not host.writes()


def test_an_environment_that_sentry_does_not_know_is_told_with_the_way_out(
    host: SentryHost, run: Run
) -> None:
    host.environments = ["staging"]
    with pytest.raises(CommandError, match=r"SENTRY_ENVIRONMENT=production manage\.py verify_sentry"):
        run()
    assert not host.writes()


def test_a_wrong_token_or_project_is_told_with_the_way_out(
    host: SentryHost, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match=r"404[\s\S]*Check --org, --project and --url"):
        run(project="elsewhere")
    monkeypatch.setenv("SENTRY_AUTH_TOKEN", "wrong")
    with pytest.raises(CommandError, match="SENTRY_AUTH_TOKEN is not valid"):
        run()


def test_a_token_is_never_sent_without_tls() -> None:
    with pytest.raises(SentryApiError, match="use https"):
        SentryApi("http://sentry.example.com", "t")


def _without_rule(text: str, rule: str) -> str:
    start = text.index(f'[[alerts]]\nid = "{rule}"')
    return text[:start] + text[text.index("[[alerts]]", start + 1) :]
