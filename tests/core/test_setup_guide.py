"""The tests that set-up guides tell a project to have, by the names that they give them, on what would really be sent.

What each only touches is held in depth beside the code that does it: tests/core/sentry, tests/strategy.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
import sentry_sdk
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from django.http.response import HttpResponse
from django.urls import path

from core.errors import PipelineError, UserInputError
from core.sentry import add_breadcrumb, capture_exception
from core.sentry.setup import current_setup
from strategy import Strategy, StrategyError, load_strategy
from tests.core.wire import DSN, WsgiClient, reporting


def _weather_is_away(request: Any, station_id: int) -> HttpResponse:
    password = "otter-7-otter"
    station = "Narraguagus"
    raise PipelineError(f"No rain at {station}, password={password}")


urlpatterns = [path("weather/<int:station_id>/", _weather_is_away)]


def _chosen(env: dict[str, str]) -> Strategy:
    return load_strategy(env=env)


def test_dsn_configured() -> None:
    with reporting() as sent:
        client = sentry_sdk.get_client()
        assert client.dsn == DSN
        assert client.is_active()
        sentry_sdk.capture_message("hello")
    (event,) = sent.errors
    assert DSN.split("@")[0].removeprefix("http://") not in str(event)


def test_sentry_initialization() -> None:
    with reporting(SENTRY_ENVIRONMENT="staging", SENTRY_RELEASE="hydroml@2.0.0+abc") as sent:
        setup = current_setup()
        assert setup is not None
        assert setup.enabled
        sentry_sdk.capture_message("hello")
    (event,) = sent.errors
    assert (event["environment"], event["release"]) == ("staging", "hydroml@2.0.0+abc")
    assert event["tags"]["service"] == "hydroml"
    assert event["tags"]["component"] == setup.component


def test_sensitive_data_scrubbing(settings: Any) -> None:
    settings.ROOT_URLCONF, settings.DEBUG = "tests.core.test_setup_guide", False
    headers = {"Authorization": "Bearer otter-8-otter", "Cookie": "remember_me=otter-9-otter"}
    with reporting() as sent:
        answer = WsgiClient()("/weather/7/?token=otter-1-otter", headers=headers)
    assert answer.status == 500
    (event,) = sent.errors
    assert "otter" not in str(event)
    (frame,) = [
        each
        for each in event["exception"]["values"][-1]["stacktrace"]["frames"]
        if each["function"] == "_weather_is_away"
    ]
    assert frame["vars"]["password"] == "[Filtered]"
    # Hiding everything would be no use: what a developer looks for is there.
    assert frame["vars"]["station"] == "Narraguagus"
    assert event["contexts"]["ids"] == {"station_id": "7"}


def test_breadcrumb_scrubbing() -> None:
    with reporting() as sent:
        add_breadcrumb("logged in with password=otter-2-otter", data={"api_key": "otter-3-otter", "rows": 3})
        logging.getLogger("weather").info("asking %s", "https://ada:otter-4-otter@weather.example/rain")
        sentry_sdk.capture_message("hello")
    (event,) = sent.errors
    said, asked = event["breadcrumbs"]["values"][-2:]
    assert "otter" not in str(event)
    assert said["data"]["rows"] == 3
    assert said["message"].startswith("logged in with password=")
    assert "weather.example/rain" in asked["message"]


@pytest.mark.parametrize(
    ("error", "is_sent"),
    [
        (Http404("no such catchment"), False),
        (PermissionDenied("owners only"), False),
        (UserInputError("There is no column named date."), False),
        (PipelineError("The sums do not add up."), True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_ignored_errors(error: Exception, is_sent: bool) -> None:
    with reporting() as sent:
        event_id = capture_exception(error)
    assert len(sent.errors) == is_sent
    assert (event_id is not None) == is_sent


def test_capture_exception() -> None:
    with reporting() as sent:
        try:
            raise PipelineError("The sums do not add up.")
        except PipelineError as error:
            event_id = capture_exception(error, tags={"stage": "reading"}, context={"file": {"rows": 3}})
    (event,) = sent.errors
    raised = event["exception"]["values"][-1]
    assert event["event_id"] == event_id
    assert (raised["type"], raised["value"]) == ("PipelineError", "The sums do not add up.")
    assert event["level"] == "error"
    assert event["tags"]["stage"] == "reading"
    assert event["tags"]["category"] == "data_processing"
    assert event["contexts"]["file"] == {"rows": 3}


def test_integrations_configured() -> None:
    with reporting() as sent:
        found = set(sentry_sdk.get_client().integrations)
        assert {"django", "celery", "redis", "logging"} <= found
        logging.getLogger("weather").info("asked")
        logging.getLogger("weather").error("The station is silent.")
    # INFO is a breadcrumb, ERROR an event.
    (event,) = sent.errors
    assert event["logentry"]["message"] == "The station is silent."
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]][-1] == "asked"


def test_alert_thresholds() -> None:
    changed = _chosen({"SENTRY_CRITICAL_ERROR_THRESHOLD": "3", "SENTRY_ERROR_RATE_THRESHOLD": "0.5%"})
    thresholds = {rule.id: rule.threshold.value for rule in changed.alerts if rule.threshold is not None}
    assert (thresholds["critical-errors"], thresholds["error-rate-1"]) == (3, 0.005)
    usual = {rule.id: rule for rule in _chosen({}).alerts}
    critical = usual["critical-errors"]
    assert critical.threshold is not None
    assert (critical.threshold.value, critical.window_s) == (10, 300)
    with pytest.raises(StrategyError, match="SENTRY_CRITICAL_ERROR_THRESHOLD"):
        _chosen({"SENTRY_CRITICAL_ERROR_THRESHOLD": "many"})


def test_email_alert_configuration() -> None:
    assert not _chosen({}).channels["email"].enabled
    email = _chosen(
        {
            "SENTRY_EMAIL_ALERTS_ENABLED": "true",
            "SENTRY_ALERT_EMAIL_RECIPIENTS": "ops@example.org, lead@example.org",
        }
    ).channels["email"]
    assert email.enabled
    assert email.to == ("ops@example.org", "lead@example.org")
    with pytest.raises(StrategyError, match="SENTRY_EMAIL_ALERTS_ENABLED"):
        _chosen({"SENTRY_EMAIL_ALERTS_ENABLED": "perhaps"})


def test_slack_configuration() -> None:
    hook = "https://hooks.slack.example/services/T0/B0/otter"
    assert not _chosen({}).channels["slack"].enabled
    slack = _chosen(
        {
            "SENTRY_SLACK_ALERTS_ENABLED": "1",
            "SENTRY_SLACK_WEBHOOK_URL": hook,
            "SENTRY_SLACK_CHANNEL": "#alerts",
        }
    ).channels["slack"]
    assert (slack.enabled, slack.url, slack.to) == (True, hook, ("#alerts",))
    assert hook not in repr(slack)
    with pytest.raises(StrategyError, match="SENTRY_SLACK_WEBHOOK_URL"):
        _chosen({"SENTRY_SLACK_ALERTS_ENABLED": "1"})


def test_error_grouping_rules() -> None:
    def refused(host: str) -> OperationalError:
        return OperationalError(f'connection to server at "{host}" failed: Connection refused')

    with reporting() as sent:
        capture_exception(refused("10.0.0.1"))
        capture_exception(refused("10.0.0.2"))
        capture_exception(PipelineError("The sums do not add up."))
    first, second, ours = sent.errors
    # Away is away, whatever the message and place; without a rule the stack trace decides.
    assert first["fingerprint"] == second["fingerprint"] == ["dependency-outage", "postgresql", "unreachable"]
    assert ours.get("fingerprint") is None
