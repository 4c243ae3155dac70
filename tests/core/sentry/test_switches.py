"""What is off until one setting switches it on: profiling, logs, OpenTelemetry's link, counters, more spans."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import django.core.cache
import pytest
import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from core.sentry import capture_exception
from core.sentry.environment import read_environment
from core.sentry.setup import current_setup, default_integrations, setup_sentry
from tests.core.wire import DSN, MemoryTransport, WsgiClient, reporting

CANARY = "hunter2-canary-switch"


def busy(request: HttpRequest) -> HttpResponse:
    secret_value = CANARY
    ends = time.monotonic() + 0.3
    while time.monotonic() < ends:
        sum(range(1000))
    return HttpResponse("busy" if secret_value else "")


def caches(request: HttpRequest) -> HttpResponse:
    from django.core.cache import cache

    cache.set(f"of-{CANARY}", "1", 5)
    return HttpResponse(cache.get(f"of-{CANARY}"))


urlpatterns = [path("busy/", busy), path("caches/", caches)]
here = override_settings(
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["core.middleware.SentryContextMiddleware", "django.middleware.common.CommonMiddleware"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
)


def wsgi(path: str) -> None:
    WsgiClient()(path)


def eventually(found: Callable[[], Any]) -> Any:
    """What `found` gives once it gives something; a minute is patience, not a measure."""
    ends = time.monotonic() + 60
    while not (seen := found()) and time.monotonic() < ends:
        time.sleep(0.05)
    return seen


@here
def test_profiles_are_sent_on_request_and_hold_no_values() -> None:
    with reporting(SENTRY_PROFILES_SAMPLE_RATE="1.0", SENTRY_TRACES_SAMPLE_RATE="1.0") as sent:
        wsgi("/busy/")
        sentry_sdk.profiler.stop_profiler()
        [chunk, *_] = eventually(lambda: sent.items("profile_chunk"))
    functions = {frame["function"] for frame in chunk["profile"]["frames"]}
    assert "busy" in functions
    assert CANARY not in json.dumps(chunk)
    assert not {"vars", "context_line", "pre_context"} & {
        key for frame in chunk["profile"]["frames"] for key in frame
    }


@here
def test_without_the_setting_nothing_is_profiled() -> None:
    with reporting(SENTRY_TRACES_SAMPLE_RATE="1.0") as sent:
        wsgi("/busy/")
        assert sent.transactions
        assert not sent.items("profile_chunk", "profile")


@pytest.mark.parametrize(("setting", "sent_as_logs"), [("1", True), ("0", False)])
def test_log_records_are_sent_as_logs_on_request_and_scrubbed(setting: str, sent_as_logs: bool) -> None:
    with reporting(SENTRY_ENABLE_LOGS=setting) as sent:
        logging.getLogger("a.shop").warning("the till said password=%s", CANARY)
        sentry_sdk.get_client().flush(timeout=2)
        logs = [item for batch in sent.items("log") for item in batch["items"]]
    ours = [item for item in logs if "the till said" in item["body"]]
    assert bool(ours) is sent_as_logs
    assert CANARY not in json.dumps(ours)


def test_errors_carry_opentelemetrys_trace_and_no_second_tracer_runs() -> None:
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    tracer = trace.TracerProvider().get_tracer("a.shop")
    with reporting(SENTRY_OTEL="1", SENTRY_TRACES_SAMPLE_RATE="1.0") as sent:
        setup = current_setup()
        assert setup is not None
        assert setup.traces_sample_rate == 0
        with tracer.start_as_current_span("checkout") as span:
            capture_exception(ValueError("no stock"))
        wsgi("/nowhere/")
        [event] = sent.errors
        assert not sent.transactions
    assert event["contexts"]["trace"]["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert event["contexts"]["trace"]["span_id"] == f"{span.get_span_context().span_id:016x}"


def test_a_strangers_header_is_not_continued_by_the_link_to_opentelemetry() -> None:
    pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.propagate import get_global_textmap

    before = get_global_textmap()
    with reporting(SENTRY_OTEL="1"):
        assert get_global_textmap() is before


def test_without_opentelemetry_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    monkeypatch.delitem(sys.modules, "sentry_sdk.integrations.otlp", raising=False)
    environment = read_environment({"SENTRY_OTEL": "1"}, service="shop")
    with pytest.raises(ImproperlyConfigured, match="pip install opentelemetry-sdk"):
        default_integrations(environment)


@here
@pytest.mark.parametrize(
    ("spans", "operation"),
    [("middleware", "middleware.django"), ("cache", "cache.get"), ("signals", "event.django")],
)
def test_more_spans_are_named_in_one_option(spans: str, operation: str) -> None:
    assert operation not in operations_of(())
    assert operation in operations_of((spans,))


def test_spans_that_do_not_exist_are_told() -> None:
    with pytest.raises(ImproperlyConfigured, match="cache, middleware, signals"):
        setup_sentry(service="shop", spans=["views"], variables={"SENTRY_ENVIRONMENT": "test"})


def operations_of(spans: tuple[str, ...]) -> set[str]:
    """The operations of a request's spans; cache spans carry no keys."""
    variables = {"SENTRY_DSN": DSN, "SENTRY_ENVIRONMENT": "test", "SENTRY_TRACES_SAMPLE_RATE": "1.0"}
    with suppress(AttributeError):
        del django.core.cache.caches["default"]  # the SDK looks at a cache when it is made
    with reporting():
        setup_sentry(variables=variables, transport=MemoryTransport, spans=spans)
        wsgi("/caches/")
        [transaction] = sentry_sdk.get_client().transport.transactions
    assert CANARY not in json.dumps(transaction)
    return {span["op"] for span in transaction["spans"]}


def test_the_otlp_module_is_as_it_was() -> None:
    """What the test above took out of sys.modules can be imported again."""
    pytest.importorskip("opentelemetry.sdk.trace")
    assert importlib.import_module("sentry_sdk.integrations.otlp").OTLPIntegration
