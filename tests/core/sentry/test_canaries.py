"""No secret leaves, from any place; and what a developer needs does."""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings
from django.db.utils import ConnectionHandler
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from core.sentry import filters, remember_request, send_feedback
from core.sentry.sampling import FloodGate
from tests.core.sentry import canary_site
from tests.core.sentry.canary_site import canary, planted
from tests.core.wire import DSN, MemoryTransport, WsgiClient, reporting

EVERYTHING = {"SENTRY_TRACES_SAMPLE_RATE": "1.0", "SENTRY_ENABLE_LOGS": "1"}


class Remembering:
    """What SentryContextMiddleware does for the scrubber, alone."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        remember_request(request)
        return self.get_response(request)


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        return None


@contextmanager
def _outside() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def _site() -> Iterator[None]:
    """The site, with secrets in its settings, its environment, its command line and its database."""
    planted.clear()
    databases = {
        "default": {**settings.DATABASES["default"], "PASSWORD": canary("setting database password")}
    }
    location = f"redis://:{canary('setting cache password')}@127.0.0.1:9/0"
    overrides = {
        "ROOT_URLCONF": "tests.core.sentry.canary_site",
        "MIDDLEWARE": ["django.contrib.sessions.middleware.SessionMiddleware", f"{__name__}.Remembering"],
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "EMAIL_HOST_PASSWORD": canary("setting EMAIL_HOST_PASSWORD"),
        "PARTNERS": {"databases": databases, "cache": {"LOCATION": location}},
    }
    connections = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    with override_settings(**overrides), pytest.MonkeyPatch.context() as patch, _outside() as outside:
        patch.setenv("PARTNER_API_KEY", canary("environment variable"))
        patch.setattr(sys, "argv", sys.argv)
        canary_site.set_argv()
        canary_site.outside[:] = [outside]
        canary_site.database[:] = [connections["default"]]
        yield
        connections["default"].close()


@pytest.fixture(scope="module")
def sent(django_db_blocker: DjangoDbBlocker) -> Iterator[MemoryTransport]:
    """Everything that the site sends when all of it is called once, with canaries in every place."""
    with django_db_blocker.unblock(), _site(), reporting(**EVERYTHING) as transport:
        # The messages share a template; none of them may be held back here.
        filters.get_filters()._gate = FloodGate(burst=1_000_000)
        _call_everything()
        sentry_sdk.get_client().flush()
        yield transport


def _call_everything() -> None:
    client = WsgiClient()
    known = [place for place in planted if place.startswith(("setting", "environment"))]
    password = base64.b64encode(f"ada:{canary('header basic password')}".encode()).decode()
    headers = {
        "Authorization": f"Basic {password}",
        "Proxy-Authorization": canary("header proxy-authorization"),
        "X-Api-Key": canary("header x-api-key"),
        "X-Auth-Token": canary("header x-auth-token"),
        "X-CSRFToken": canary("header x-csrftoken"),
        "X-User-Id": canary("header x-user-id"),
        "X-Whatever": canary("header of no known name"),
        "X-Forwarded-For": "203.0.113.5",
        "X-Real-IP": "203.0.113.6",
        "Referer": f"https://example.org/reset/?token={canary('referer')}",
        "User-Agent": f"bot (+mailto:{canary('user agent')}@example.org)",
        "Cookie": "; ".join(
            f"{name}={canary('cookie ' + name)}"
            for name in ("sessionid", "csrftoken", "auth_hint", "remember_token")
        ),
        "baggage": (
            f"sentry-trace_id={'a' * 32},sentry-user_segment={canary('baggage')},user={canary('foreign baggage')},"
            f"sentry-transaction=/a/{canary('baggage transaction')}x1y2z3w4q5"
        ),
        "sentry-trace": f"{'a' * 32}-{'b' * 16}-1",
    }
    fields = {name: canary(f"form {name}") for name in ("password", "password1", "shade")}
    body = "&".join(f"{name}={value}" for name, value in {**fields, "rows": "12"}.items())
    token = canary("path token") + "0a1b2c3d4e5f6a7b8c9d"
    query = f"token={canary('query token')}&q={canary('query of no known name')}&page=2"
    form = "application/x-www-form-urlencoded"
    client(f"/error/{token}/?{query}", "POST", headers=headers, body=body.encode(), content_type=form)
    client("/handled/", headers={"Cookie": f"sessionid={canary('second session')}"})
    client("/forbidden/")
    client(f"/nowhere/{canary('path of a 404')}0a1b2c3d4e5f6a7b8c9d/")
    canary_site.run_task()
    for name in known:
        canary_site.log.error("refused: %s", planted[name])
    attributes = {"token": canary("log attribute")}
    sentry_sdk.logger.info("structured {password}", password=canary("structured log"), attributes=attributes)
    sentry_sdk.metrics.count(
        "imports", 1, attributes={"api_key": canary("metric attribute"), "route": "/imports/"}
    )
    send_feedback(f"my password={canary('feedback')} did not work", contact_email="ada@example.org")


def _leaked(transport: MemoryTransport) -> dict[str, str]:
    wire = "\n".join(envelope.serialize().decode("utf-8", "replace") for envelope in transport.envelopes)
    # What stands in base64 counts as sent, too.
    wire += "".join(_decoded(run) for run in set(re.findall(r"[A-Za-z0-9+/_-]{12,}={0,2}", wire)))
    found = {}
    for place, value in planted.items():
        for form in (value, value.encode().hex(), value[::-1]):
            if form in wire:
                at = wire.index(form)
                found[place] = wire[max(0, at - 80) : at + 40]
    return found


def _decoded(run: str) -> str:
    """What a run of base64 letters says, read from each of the four places where it can begin."""
    run = run.replace("-", "+").replace("_", "/").rstrip("=")
    starts = (run[start:] for start in range(4))
    return " ".join(base64.b64decode(each[: len(each) // 4 * 4]).decode("latin-1") for each in starts)


def test_no_canary_leaves_the_process(sent: MemoryTransport) -> None:
    assert len(planted) > 130
    kinds = {str(item.headers["type"]) for envelope in sent.envelopes for item in envelope.items}
    assert {"event", "transaction", "log", "trace_metric", "feedback"} <= kinds
    assert len(sent.errors) > 90
    leaked = _leaked(sent)
    assert not leaked, "\n".join(f"{place}: {around!r}" for place, around in leaked.items())
    wire = "\n".join(envelope.serialize().decode() for envelope in sent.envelopes)
    numbers = ("4111 1111 1111 1111", "4111111111111111", "5500005555555559", "4242424242424242")
    for number in (*numbers, "078-05-1120", "203.0.113."):
        assert number not in wire


def _type(event: dict[str, Any]) -> str:
    return str((event.get("exception") or {"values": [{"type": ""}]})["values"][-1]["type"])


def test_the_places_are_real_for_a_plain_sdk_sends_what_stands_in_them(
    django_db_blocker: DjangoDbBlocker,
) -> None:
    with django_db_blocker.unblock(), _site():
        scope = sentry_sdk.get_global_scope()
        processors, scope._event_processors[:] = list(scope._event_processors), []
        sentry_sdk.init(
            dsn=DSN, release="plain@1", transport=MemoryTransport, traces_sample_rate=1.0, enable_logs=True
        )
        transport = sentry_sdk.get_client().transport
        assert isinstance(transport, MemoryTransport)
        _call_everything()
        sentry_sdk.get_client().close(timeout=0)
        scope._event_processors[:] = processors
        scope.set_client(None)
        assert len(_leaked(transport)) > 100


def test_what_a_developer_needs_is_there(sent: MemoryTransport) -> None:
    event = next(
        each
        for each in sent.errors
        if each.get("transaction") == "/error/{token}/" and _type(each) == "RuntimeError"
    )
    database, refused, outermost = event["exception"]["values"]
    assert [value["type"] for value in (database, refused)] == ["OperationalError", "ValueError"]
    assert database["module"] == "psycopg"
    assert refused["value"] == "row 12: [Filtered] is refused"
    assert outermost["value"].startswith("Narraguagus: 3.5 of 1200 with")
    assert outermost["mechanism"] == {"type": "django", "handled": False}
    frame = outermost["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["module"], frame["in_app"]) == (
        "error",
        "tests.core.sentry.canary_site",
        True,
    )
    assert frame["filename"].endswith("canary_site.py")
    assert "raise RuntimeError(" in frame["context_line"]
    assert any("conninfo = " in line or "except ValueError" in line for line in frame["pre_context"])
    shown = refused["stacktrace"]["frames"][-1]["vars"]
    assert shown["rows"] == 12
    assert shown["settings"] == {"rows": 12, "secret": "[Filtered]"}
    assert event["request"]["url"].startswith("http://")
    assert event["request"]["url"].endswith("/error/[Filtered]/")
    assert event["request"]["method"] == "POST"
    assert event["transaction"] == "/error/{token}/"
    assert event["contexts"]["import"] == {"stage": "validate", "rows": 1200, "password": "[Filtered]"}
    assert event["tags"]["catchment"] == "narraguagus"
    assert event["user"] == {"id": "17", "role": "analyst"}
    assert event["release"] == "hydroml@1.0.0+test"
    assert len(event["event_id"]) == 32
    assert event["contexts"]["trace"]["trace_id"]
    messages = [crumb.get("message", "") for crumb in event["breadcrumbs"]["values"]]
    assert "a harmless step of the import" in messages
    assert "SELECT name FROM person WHERE nick = '?'" in messages
    assert any(message.startswith("GET") for message in messages)


def test_transactions_keep_route_status_and_statements(sent: MemoryTransport) -> None:
    transaction = next(each for each in sent.transactions if each["transaction"] == "/error/{token}/")
    assert transaction["contexts"]["trace"]["status"] == "internal_error"
    descriptions = [span["description"] for span in transaction["spans"]]
    assert "SELECT name FROM person WHERE nick = '?'" in descriptions
    assert any("page=2" in json.dumps(span) for span in transaction["spans"] if span["op"] == "http.client")
