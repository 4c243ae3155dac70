"""A P0 from end to end: PostgreSQL is stopped under a running HydroML, and people deal with it until it is reviewed.

Everything is real but the quarter of an hour in which nobody acknowledges it: for that, the incident is moved into the past.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from core.firedrill.monitor_api import MonitorApi
from core.firedrill.target import find_target
from tests.firedrill.conftest import Drilled, drilled_stack
from tests.live.system import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.soak]
CHANNELS = {"slack", "email", "pagerduty"}
QUARTER_S = 901
LOG_IN = ("operator@hydroml.example", "demo-hydroml")  # as the demo prints it
Json = dict[str, Any]


@pytest.fixture
def running() -> Iterator[Drilled]:
    """Of its own: in one that has been drilled, the rule may be in its cooldown."""
    with drilled_stack() as drilled:
        yield drilled


def incident_of(api: MonitorApi) -> Json | None:
    return next((one for one in api.incidents() if one["severity"] == "P0"), None)


def told(running: Drilled, kind: str) -> set[str]:
    """Channels by which such a message of the incident was sent."""
    found = ask(running, "SELECT channel FROM alerts_notification WHERE kind = ? AND state = 'sent'", kind)
    return {channel for (channel,) in found}


def ask(running: Drilled, statement: str, *values: object) -> list[tuple[Any, ...]]:
    file = Path(running.env["MONITOR_DATA_DIR"]) / "monitor.sqlite3"
    with closing(sqlite3.connect(file, timeout=60)) as database, database:
        return database.execute(statement, values).fetchall()


def into_the_past(running: Drilled, seconds: float) -> None:
    """As if it had begun so much earlier, with everything that is written of it."""
    for table, columns in (
        ("incidents_incident", ("started_at", "detected_at", "updated_at")),
        ("incidents_timelineentry", ("at",)),
    ):
        for column in columns:
            ask(running, f"UPDATE {table} SET {column} = {column} - ?", seconds)


def opened(browser: Browser, api: MonitorApi, path: str) -> Page:
    page = browser.new_page(base_url=api.address)
    page.goto(path)
    page.get_by_label("Email").fill(LOG_IN[0])
    page.get_by_label("Password").fill(LOG_IN[1])
    page.get_by_role("button", name="Log in").click()
    return page


def in_words(span: timedelta) -> str:
    """`45 s`, `15 min 3 s`: worked out here once more."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return " ".join(
        [*([f"{minutes} min"] if minutes else []), *([f"{seconds} s"] if seconds or not minutes else [])]
    )


def test_it_is_told_climbs_is_acknowledged_and_its_review_agrees_with_the_timeline(
    running: Drilled, browser: Browser
) -> None:
    with closing(MonitorApi(find_target({}, running.file))) as api:
        follow(running, api, browser)


def follow(running: Drilled, api: MonitorApi, browser: Browser) -> None:
    running.steering.stop("postgres")
    known = {"sessionid": "0" * 32}  # whoever has been here before is looked up
    answer = httpx.get(f"http://127.0.0.1:{running.env['PORT']}/projects/", cookies=known, timeout=60)
    assert answer.status_code == 503
    wait_for("an incident of P0", lambda: incident_of(api))
    wait_for("all three channels were told", lambda: told(running, "fired") >= CHANNELS)
    assert told(running, "escalated") == set()

    into_the_past(running, QUARTER_S)
    wait_for("the team lead is told", lambda: told(running, "escalated") >= CHANNELS)

    incident = incident_of(api)
    assert incident is not None
    page = opened(browser, api, f"/incidents/{incident['number']}/")
    expect(page.get_by_text(re.compile("Escalated to Team lead: nobody has acknowledged it"))).to_be_visible()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".page-summary .state")).to_have_text("Acknowledged")

    running.steering.start("postgres")
    over = page.locator(".timeline li", has_text="Over: The database fails")
    expect(over).to_be_visible(timeout=150_000)  # a minute without a failure
    # By itself it would be over with the burn of the error budgets, minutes later.
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator(".page-summary .state")).to_have_text("Resolved")
    wait_for("its end is told", lambda: told(running, "resolved") >= CHANNELS)

    page.goto(f"/incidents/{incident['number']}/review/")
    review = page.locator("main").inner_text()
    incident = incident_of(api)
    assert incident is not None
    times = {
        name: datetime.fromisoformat(incident[f"{name}At"])
        for name in ("started", "detected", "acknowledged", "resolved")
    }
    mttd, mtta = times["detected"] - times["started"], times["acknowledged"] - times["detected"]
    mttr = times["resolved"] - times["started"]
    assert f"{in_words(mttd)} after the start" in review
    assert f"{in_words(mtta)} after detection" in review
    assert f"{in_words(mttr)} after the start" in review
    assert mtta.total_seconds() >= QUARTER_S
    page.goto(f"/incidents/{incident['number']}/")
    for moment, words in ((times["acknowledged"], "Acknowledged"), (times["resolved"], "Resolved")):
        line = page.locator(".timeline li", has_text=words).first
        shown = datetime.fromisoformat(line.locator("time").first.get_attribute("datetime") or "")
        assert abs((shown - moment).total_seconds()) < 1
