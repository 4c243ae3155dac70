"""What set-up tells the SDK, seen at what it then does."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import sentry_sdk
from sentry_sdk.tracing_utils import should_propagate_trace

from core.sentry import setup as module
from core.sentry.environment import ConfigurationError
from core.sentry.setup import current_setup, guess_component, setup_sentry
from tests.core.wire import DSN, MemoryTransport, WsgiClient, reporting

ROOT = Path(__file__).resolve().parents[3]


def _set_up(**variables: str) -> module.SentrySetup:
    with reporting(**variables):
        found = current_setup()
        assert found is not None
        return found


def test_nothing_is_sent_in_tests_unless_the_test_asks() -> None:
    found = setup_sentry(
        variables={"SENTRY_DSN": DSN, "SENTRY_ENVIRONMENT": "production", "SENTRY_RELEASE": "a@1"}
    )
    assert (found.enabled, found.reason) == (False, "tests send nothing unless they ask")
    assert sentry_sdk.get_client().transport is None


@pytest.mark.parametrize(
    "dsn", ["https://your-sentry-dsn@sentry.io/project-id", "https://a@elsewhere.example.org/1"]
)
def test_a_bad_dsn_disables_sending_and_never_stops_the_start(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    found = setup_sentry(
        variables={"SENTRY_DSN": dsn, "SENTRY_ENVIRONMENT": "production"}, transport=MemoryTransport
    )
    assert not found.enabled
    assert sentry_sdk.get_client().transport is None
    assert sentry_sdk.capture_message("lost") is None


def test_a_bad_dsn_is_told_loudly(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_in_tests", lambda environment: False)
    with caplog.at_level(logging.INFO, "core.sentry"):
        setup_sentry(variables={"SENTRY_DSN": "nonsense", "SENTRY_ENVIRONMENT": "production"})
        setup_sentry(variables={})
    told = [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if "not reported" in record.getMessage()
    ]
    assert [level for level, _ in told] == ["ERROR", "INFO"]
    assert "SENTRY_DSN is no DSN" in told[0][1]
    assert "SENTRY_DSN is not set" in told[1][1]


def test_a_bad_variable_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="SENTRY_TRACES_SAMPLE_RATE='2' is no rate"):
        setup_sentry(variables={"SENTRY_TRACES_SAMPLE_RATE": "2"})


def test_the_environment_gives_the_rate_and_the_variable_wins() -> None:
    assert _set_up(SENTRY_ENVIRONMENT="production").traces_sample_rate == 0.1
    assert _set_up(SENTRY_ENVIRONMENT="staging").traces_sample_rate == 0.5
    assert _set_up(SENTRY_ENVIRONMENT="development").traces_sample_rate == 1.0
    assert (
        _set_up(SENTRY_ENVIRONMENT="production", SENTRY_TRACES_SAMPLE_RATE="0.05").traces_sample_rate == 0.05
    )


def test_events_carry_component_service_environment_and_release() -> None:
    with reporting() as sent:
        sentry_sdk.capture_message("hello", "error")
    (event,) = sent.errors
    assert event["tags"] | {"component": "web", "service": "hydroml"} == event["tags"]
    assert (event["environment"], event["release"]) == ("test", "hydroml@1.0.0+test")


def test_spotlight_does_nothing_outside_development(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_SPOTLIGHT", "1")
    with reporting(SENTRY_ENVIRONMENT="production"):
        assert sentry_sdk.get_client().spotlight is None


@pytest.mark.parametrize(
    ("url", "gets_headers"),
    [
        ("http://localhost:8001/a", True),
        ("http://127.0.0.1/?x=1", True),
        ("https://example.org/?next=http://localhost/", False),
        ("http://localhost.example.org/", False),
        ("http://127.0.0.1.example.org/", False),
    ],
)
def test_trace_headers_go_to_listed_hosts_only(url: str, *, gets_headers: bool) -> None:
    with reporting(SENTRY_TRACES_SAMPLE_RATE="1.0"):
        assert should_propagate_trace(sentry_sdk.get_client(), url) is gets_headers


def test_an_outside_host_learns_nothing() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    with (
        reporting(SENTRY_TRACES_SAMPLE_RATE="1.0"),
        sentry_sdk.start_transaction(name="x"),
        httpx.Client(transport=httpx.MockTransport(answer)) as client,
    ):
        client.get("https://weather.example.org/")
        client.get("http://localhost/")
    assert [sorted({"baggage", "sentry-trace"} & set(request.headers)) for request in seen] == [
        [],
        ["baggage", "sentry-trace"],
    ]


def test_a_strangers_trace_headers_cannot_force_sampling(settings: Any) -> None:
    settings.ROOT_URLCONF, settings.MIDDLEWARE = "tests.core.failing_site", []
    trace, span = "a" * 32, "b" * 16
    headers = {
        "sentry-trace": f"{trace}-{span}-1",
        "baggage": f"sentry-trace_id={trace},sentry-sample_rand=0.000001",
    }
    with reporting(SENTRY_TRACES_SAMPLE_RATE="0.02") as sent:
        call = WsgiClient()
        for _ in range(100):
            call("/fine", headers=headers)
    assert len(sent.transactions) < 15


@pytest.mark.parametrize(
    ("argv", "component"),
    [
        (["/usr/bin/gunicorn", "hydroml.wsgi"], "web"),
        (["manage.py", "runserver"], "web"),
        (["manage.py", "migrate"], "command"),
        (["manage.py", "rqworker", "default"], "worker"),
        (["/usr/bin/celery", "-A", "hydroml", "worker"], "worker"),
        (["/usr/bin/celery", "-A", "hydroml", "beat"], "beat"),
        ([], "web"),
    ],
)
def test_the_component_is_guessed_from_the_command_line(argv: list[str], component: str) -> None:
    assert guess_component(argv) == component


BARE = """
import sys, warnings
warnings.simplefilter("error", DeprecationWarning)
for name in ("celery", "redis", "rest_framework", "psycopg"):
    sys.modules[name] = None
from django.conf import settings
settings.configure(SECRET_KEY="x" * 50)
import threading
from core.sentry import setup_sentry, capture_exception
import sentry_sdk
found = setup_sentry(service="bare", variables={"SENTRY_DSN": "http://" + "a" * 32 + "@127.0.0.1:9/1",
    "SENTRY_ENVIRONMENT": "development"}, spool_directory=sys.argv[1])
assert found.enabled, found.reason
assert threading.active_count() == 1, threading.enumerate()
try:
    1 / 0
except ZeroDivisionError as error:
    assert capture_exception(error)
"""


def test_it_works_without_celery_redis_and_warnings_and_starts_no_thread_before_a_fork(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-W", "error::DeprecationWarning:sentry_sdk", "-c", BARE, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value", "way_out"),
    [
        ("dsn", "http://key@127.0.0.1/1", "variable SENTRY_DSN"),
        ("environment", "production", "variable SENTRY_ENVIRONMENT"),
        ("release", "shop@1", "variable SENTRY_RELEASE"),
    ],
)
def test_an_option_that_would_pass_the_strategy_by_is_refused_with_the_way_out(
    name: str, value: object, way_out: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"^setup_sentry\({name}=….*{way_out}"):
        setup_sentry(variables={}, **{name: value})  # type: ignore[arg-type]
