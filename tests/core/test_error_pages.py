"""What a visitor gets when a request fails, through the real handlers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connections
from django.template.exceptions import TemplateDoesNotExist
from pytest_django.fixtures import Settings

from core import error_answers
from core.error_pages import service_unavailable, too_many_requests
from core.feedback_tokens import read_token
from core.sentry.setup import setup_sentry
from strategy import load_strategy
from tests.core import failing_site
from tests.core.wire import DSN, MemoryTransport, WsgiClient, reporting
from tests.core.worker import wait_for

ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.usefixtures("failing_site")


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/bad", 400, "We could not read this request."),
        ("/suspicious", 400, "We could not read this request."),
        ("/forbidden", 403, "Only owners may delete a project."),
        ("/missing", 404, "There is nothing at this address."),
        ("/nowhere", 404, "There is nothing at this address."),
        ("/breaks", 500, "Something broke on our side."),
        ("/breaks-async", 500, "Something broke on our side."),
        ("/database-away", 503, "A part that this page needs is away for a moment."),
    ],
)
def test_each_failure_has_its_page_and_status(call: Any, path: str, status: int, says: str) -> None:
    answer = call(path)
    assert answer.status == status
    assert says in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Accept" in answer.headers["Vary"]
    assert answer.headers.get("Retry-After") == ("30" if status == 503 else None)
    assert "alert(1)" not in answer.text


def test_a_refused_method_has_a_page_too(call: Any) -> None:
    """After the log-in that a sent form led to, the browser asks for the form's address with GET."""
    answer = call("/only-posted", headers={"Accept": "text/html"})
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert ">405</p>" in answer.text
    assert "takes only what a form sends" in answer.text
    assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]
    assert int(answer.headers["Content-Length"]) == len(answer.text.encode())
    assert call("/only-posted", headers={"Accept": "application/json"}).text == ""


def test_pages_need_no_database_and_no_session(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(connections["default"], "ensure_connection", refuse)
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", refuse)
    assert call("/breaks", headers={"Cookie": "sessionid=abcdefgh12345678"}).status == 503
    assert "Something broke" in call("/breaks").text


def test_the_policy_allows_exactly_the_style_of_the_page() -> None:
    answer = WsgiClient()("/breaks")
    policy = answer.headers["Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in answer.text


def test_clients_that_prefer_json_get_json_with_the_same_id() -> None:
    answer = WsgiClient()("/breaks", headers={"Accept": "application/json"})
    assert answer.status == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "success": False,
        "error": "Something broke on our side.",
        "error_id": answer.headers["X-Error-Id"],
    }


def test_problem_json_when_asked_for() -> None:
    accept = {"Accept": "application/problem+json, application/json;q=0.5", "X-Request-ID": "request-77"}
    answer = WsgiClient()("/database-away", headers=accept)
    error_id = answer.headers["X-Error-Id"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unavailable",
        "status": 503,
        "detail": "A part that this needs is away for a moment.",
        "instance": f"urn:error:{error_id}",
        "error_id": error_id,
        "request_id": "request-77",
    }


def test_the_404_page_suggests_the_nearest_pages_and_searches() -> None:
    answer = WsgiClient()("/projekts/new")
    links = re.findall(r'<li><a href="([^"]+)">', answer.text)
    assert links[:2] == ["/projects/new/", "/projects/"]
    assert 'action="/projects/"' in answer.text
    assert WsgiClient()("/zzzzqqqq9999").text.count("<li>") == 0


def test_an_address_is_escaped_on_its_404_page() -> None:
    assert "<img" not in WsgiClient()("/<img src=x onerror=alert(1)>").text


def test_a_page_remains_when_the_templates_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise TemplateDoesNotExist(name)

    monkeypatch.setattr(error_answers, "get_template", fail)
    answer = WsgiClient()("/breaks")
    assert answer.status == 500
    assert answer.headers["X-Error-Id"] in answer.text


def test_429_and_503_say_when_to_come_back(rf: Any) -> None:
    refused = too_many_requests(rf.get("/upload"), retry_after_s=42)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "42")
    assert "Try again in 42 seconds." in refused.text
    away = service_unavailable(rf.get("/weather"), message="The weather service is away.")
    assert away.status_code == 503
    assert "error_id" not in away.text


# The event id on the page is true, or it is not there.


def shown_event(answer: Any) -> str | None:
    found = re.search(r'name="event_id" value="([0-9a-f]{32})"', answer.text)
    return found[1] if found else None


def told(answer: Any) -> bool:
    return "The team has been told." in answer.text


def test_the_page_shows_the_event_that_was_sent(call: Any) -> None:
    with reporting() as sent:
        answer = call("/breaks")
    (event,) = sent.errors
    assert shown_event(answer) == event["event_id"]
    assert told(answer)
    token = re.search(r'name="token" value="([^"]+)"', answer.text)
    assert token is not None
    subject = read_token(token[1])
    assert (subject.error_id, subject.event_id) == (answer.headers["X-Error-Id"], event["event_id"])


def test_of_several_events_of_a_request_the_page_shows_that_of_its_failure(call: Any) -> None:
    with reporting() as sent:
        answer = call("/reports-then-breaks")
    types = [
        (event.get("exception") or {"values": [{"type": None}]})["values"][-1]["type"]
        for event in sent.errors
    ]
    assert types == ["LookupError", None, "PipelineError"]
    assert shown_event(answer) == sent.errors[2]["event_id"]


def test_without_an_event_no_id_is_shown_and_nobody_is_said_to_know() -> None:
    answer = WsgiClient()("/breaks")
    assert shown_event(answer) is None
    assert not told(answer)
    assert "The team has not been told by itself" in answer.text
    assert answer.headers["X-Error-Id"] in answer.text


@pytest.mark.parametrize("how", ["dropped by a hook", "dropped by sampling", "failing hook"])
def test_a_dropped_event_is_not_shown_even_after_one_that_was_sent(how: str) -> None:
    def dropping(event: Any, hint: Any) -> Any:
        if "PipelineError" not in str(event.get("exception")):
            return event
        if how == "failing hook":
            raise RuntimeError("the hook is broken")
        return None

    options: dict[str, Any] = {"before_send": dropping}
    if how == "dropped by sampling":
        options = {"error_sampler": lambda event, hint: float("PipelineError" not in str(event["exception"]))}
    setup_sentry(
        variables={"SENTRY_DSN": DSN, "SENTRY_ENVIRONMENT": "test"}, transport=MemoryTransport, **options
    )
    answer = WsgiClient()("/reports-then-breaks")
    with reporting():
        pass  # takes the set-up above away again
    assert answer.status == 500
    assert shown_event(answer) is None
    assert not told(answer)


def test_a_flooded_event_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failing_site.PipelineError, "severity", "P3", raising=False)
    burst = load_strategy().sampling.flood.burst
    with reporting() as sent:
        answers = [WsgiClient()("/breaks") for _ in range(burst + 2)]
    assert len(sent.errors) == burst
    assert [told(answer) for answer in answers] == [True] * burst + [False, False]
    assert shown_event(answers[-1]) is None
    assert answers[-1].headers["X-Error-Id"] in answers[-1].text


# Under DEBUG.


def test_under_debug_the_branded_page_leads_to_the_technical_one(
    call: Any, settings: Settings, tmp_path: Path
) -> None:
    settings.DEBUG = True
    settings.ERROR_PAGES = {"DEBUG_DIR": tmp_path / "debug"}
    settings.ROOT_URLCONF = "tests.core.debug_site"
    with reporting() as sent:
        answer = call("/breaks")
        database = call("/database-away")
        missing = call("/nowhere")
    assert [event["exception"]["values"][-1]["type"] for event in sent.errors] == [
        "PipelineError",
        "OperationalError",
    ]
    assert (answer.status, database.status, missing.status) == (500, 503, 404)
    assert shown_event(answer) == sent.errors[0]["event_id"]
    assert "There is nothing at this address." in missing.text
    for page, contains in ((answer, "The sums do not add up."), (missing, "Using the URLconf")):
        link = re.search(r'<a href="(/[^"]+)">Show the technical page</a>', page.text)
        assert link is not None
        technical = call(link[1])
        assert contains in technical.text
        assert "sandbox" in technical.headers["Content-Security-Policy"]
    kept = list((tmp_path / "debug").glob("*.html"))
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    settings.DEBUG = False
    assert call(link[1]).status == 404


def test_only_the_newest_technical_pages_are_kept(settings: Settings, tmp_path: Path) -> None:
    settings.DEBUG = True
    settings.ERROR_PAGES = {"DEBUG_DIR": tmp_path}
    settings.ROOT_URLCONF = "tests.core.debug_site"
    for _ in range(25):
        WsgiClient()("/nowhere")
    assert len(list(tmp_path.glob("*.html"))) == 20


# In a browser, with PostgreSQL and Redis away.


@pytest.fixture(scope="module")
def site_in_an_outage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as reservation:
        port = reservation.getsockname()[1]
    environment = {**os.environ, "DATA_ROOT": str(tmp_path_factory.mktemp("outage"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.core.outage_app", str(port)], cwd=ROOT, env=environment
    )
    try:
        wait_for(lambda: _answers(port), "the site in an outage")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_page_is_whole_in_a_browser_while_everything_else_is_down(
    browser: Any, site_in_an_outage: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, java_script_enabled=False)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    pages = {"/breaks": 500, "/database-away": 503, "/forbidden": 403, "/bad": 400, "/missing": 404}
    grounds = set()
    for path, status in pages.items():
        answer = page.goto(site_in_an_outage + path)
        assert answer.status == status
        assert page.locator("h1").is_visible()
        assert (
            page.locator(".field")
            .evaluate("e => getComputedStyle(e).backgroundImage")
            .startswith("linear-gradient")
        )
        grounds.add(page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor"))
    assert grounds == {"rgb(251, 251, 249)" if scheme == "light" else "rgb(20, 24, 27)"}
    page.goto(f"{site_in_an_outage}/breaks")
    page.fill("textarea", "Everything was down.")
    with page.expect_navigation():
        page.click("form.feedback button")
    assert page.locator("h1").inner_text() == "Thank you. Your words are kept with this error."
    assert complaints == []
    context.close()


@pytest.mark.browser
def test_a_visitor_with_a_session_gets_the_503_page_in_an_outage(
    browser: Any, site_in_an_outage: str
) -> None:
    context = browser.new_context(extra_http_headers={"Cookie": "sessionid=abcdefgh12345678"})
    page = context.new_page()
    answer = page.goto(f"{site_in_an_outage}/fine")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "30"
    assert page.locator("h1").inner_text() == "A part that this page needs is away for a moment."
    context.close()
