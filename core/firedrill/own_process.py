"""The part that a DSN and a token allow: failures of this very process, sent as the application sends, found by their ids.

For Sentry itself, and for a release before it goes out, where no laboratory can be reached: the same code, the same
settings, the same scrubber.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.firedrill.following import handled_flag, places_of
from core.firedrill.front_door import new_canary
from core.firedrill.lines import STORED, Line, judged, left_out
from core.firedrill.monitor_api import Json, MonitorApi
from core.lab.catalogue import CASES, Case
from core.lab.failures import fail
from core.sentry import add_breadcrumb, capture_exception, capture_message, set_context
from core.sentry.setup import current_setup

EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Sent:
    """One failure, captured. `event_id` is empty where nothing was kept of it."""

    case: Case
    event_id: str
    canary: str
    at: float


def hold_here(api: MonitorApi, *, within_s: float, say: Callable[[str], None]) -> Iterator[Line]:
    """Fail in every way that the laboratory's catalogue has for a request, and look each event up."""
    sent = [_fail(case) for case in CASES if case.raises]
    yield from _message(api, within_s)
    for one in sent:
        say(f"{one.case.key}: looking for its event")
        yield from _follow(api, one, within_s)


def _fail(case: Case) -> Sent:
    """As a view would, with a canary where secrets are: a variable, a breadcrumb, a context, the message."""
    canary = new_canary()
    password, at = canary, time.time()
    add_breadcrumb(f"signing in with password={password}", category="drill", data={"api_key": password})
    set_context("drill", {"authorization": f"Bearer {password}", "case": case.key})
    try:
        fail(case.key, secret=password)
    except Exception as error:
        # A boundary: whatever the laboratory raises is what is to be reported.
        return Sent(case, capture_exception(error) or "", canary, at)
    raise LookupError(f"The laboratory's {case.key} did not fail.")


def _follow(api: MonitorApi, sent: Sent, within_s: float) -> Iterator[Line]:
    name, case = f"here: {sent.case.key}", sent.case
    kept = "an event id" if sent.event_id else "nothing was kept of it"
    yield judged(name, "sent", "an event id", kept, bool(sent.event_id))
    if not sent.event_id:
        return
    found = _wait(lambda: api.event(sent.event_id), within_s)
    seconds = time.time() - sent.at if found else None
    yield judged(
        name,
        STORED,
        f"event {sent.event_id[:8]}…",
        str(found["title"]) if found else "none",
        bool(found),
        seconds,
    )
    if found is None:
        return
    tags = {tag["key"]: tag["value"] for tag in found["tags"]}
    for tag, expected in (("category", case.category), ("severity", case.severity)):
        yield judged(name, tag, expected, tags.get(tag, "no tag"), tags.get(tag) == expected)
    yield from _where(name, tags)
    flag = handled_flag(found)
    yield judged(
        name,
        "handled",
        "handled",
        {True: "handled", False: "unhandled", None: "not said"}[flag],
        flag is True,
    )
    places = places_of(sent.canary, [found, api.issue(str(found["groupID"]))])
    yield judged(name, "no canary", "in no place", ", ".join(places[:3]) or "in no place", not places)


def _where(name: str, tags: dict[str, str]) -> Iterator[Line]:
    """Release and environment, without which nobody can tell whose failure it is."""
    setup = current_setup()
    if setup is None:
        return
    for tag, expected in (
        ("environment", setup.environment.environment),
        ("release", setup.environment.release),
    ):
        if expected:
            yield judged(name, tag, expected, tags.get(tag, "no tag"), tags.get(tag) == expected)


def _message(api: MonitorApi, within_s: float) -> Iterator[Line]:
    canary = new_canary()
    event_id = capture_message(f"Fire drill: token={canary}", level="error")
    if not event_id:
        yield left_out("here: message", "sent", "an event id", "messages are not sent")
        return
    found = _wait(lambda: api.event(event_id), within_s)
    yield judged(
        "here: message",
        STORED,
        f"event {event_id[:8]}…",
        str(found["title"]) if found else "none",
        bool(found),
    )
    if found is not None:
        places = places_of(canary, found)
        yield judged(
            "here: message", "no canary", "in no place", ", ".join(places[:3]) or "in no place", not places
        )


def _wait(probe: Callable[[], Json | None], within_s: float) -> Json | None:
    deadline = time.monotonic() + within_s
    while (found := probe()) is None and time.monotonic() < deadline:
        time.sleep(EVERY_S)
    return found


def can_hold_here() -> str:
    """Why this process would send nothing; empty when it sends."""
    setup = current_setup()
    if setup is None:
        return "setup_sentry() was not called"
    return "" if setup.enabled else (setup.reason or "nothing is sent")
