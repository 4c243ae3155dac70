"""@sentry/browser as npm gives it, in Chromium, on a page of another origin than the monitor's."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from tests.monitor_site.clients.live import PROGRAMS, Live
from tests.monitor_site.clients.npm_packages import Npm
from tests.monitor_site.digest.processes import KEY

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(600)]
PAGE = '<!doctype html><meta charset="utf-8"><title>Levels</title><script src="/bundle.js"></script>'


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site(live: Live, npm: Npm, tmp_path: Path) -> Iterator[str]:
    """The address of a site that has the SDK in its bundle."""
    root = tmp_path / "site"
    root.mkdir()
    (root / "index.html").write_text(PAGE)
    (root / "levels.json").write_text("[]")
    live.run(
        [
            npm.esbuild,
            str(PROGRAMS / "browser.js"),
            "--bundle",
            "--minify",
            f"--outfile={root / 'bundle.js'}",
        ],
        {**npm.environment, "NODE_PATH": str(npm.directory / "node_modules")},
        cwd=npm.directory,
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_errors_rejections_and_feedback_of_a_page_elsewhere(live: Live, site: str, browser: Browser) -> None:
    page = browser.new_page()
    try:
        page.goto(f"{site}/index.html?{urlencode({'dsn': live.dsn})}")
        event = page.evaluate("window.report()")
        found = live.wait_for_types("of-browser", "RangeError", "EvalError", "URIError")
        issue, stored = found["RangeError"]
        assert stored == event
        shown = live.page(f"/issues/{issue}/")
        assert "the level is below the gauge" in shown
        assert "levels.json" in shown, "the request before is a breadcrumb"
        assert "nobody caught this" in live.page(f"/issues/{found['EvalError'][0]}/")
        assert "nobody awaited this" in live.page(f"/issues/{found['URIError'][0]}/")
        feedback = (
            "SELECT message, name FROM feedback_feedback WHERE environment = 'of-browser' AND issue_id = ?"
        )
        live.wait(lambda: live.monitor.rows(feedback, issue), "the feedback is linked to its error")
        assert live.monitor.rows(feedback, issue) == [("The chart stays empty", "Lena")]
    finally:
        page.close()


def test_a_request_that_the_browser_asks_about_first(live: Live, site: str, browser: Browser) -> None:
    event_id = uuid.uuid4().hex
    lines: list[dict[str, Any]] = [
        {"event_id": event_id},
        {"type": "event"},
        {"environment": "of-preflight", "exception": {"values": [{"type": "Asked", "value": "first"}]}},
    ]
    body = "\n".join(json.dumps(line) for line in lines)
    page = browser.new_page()
    try:
        page.goto(f"{site}/index.html?{urlencode({'dsn': live.dsn})}")
        answer = page.evaluate(
            "given => window.preflighted(...given)", [f"{live.address}/api/1/envelope/", KEY, body]
        )
        assert answer == [200, event_id]
        assert live.wait_for_types("of-preflight", "Asked")["Asked"][1] == event_id
    finally:
        page.close()
