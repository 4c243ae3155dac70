"""The exceptions of an event and its threads, each with its trace, in the order that the reader chose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from monitor.events.headline import main_exception
from monitor.events.model import Event, Mechanism, Thread
from monitor.issues.detail.linking import Link, links_of
from monitor.issues.detail.stack import ShownTrace, shown_trace

Order = Literal["newest", "oldest"]
"""newest: what was raised last on top, the place where it happened first. oldest: as Python prints it."""

_RELATIONS = {
    ("cause", "newest"): "The direct cause of it",
    ("context", "newest"): "What was being handled when it was raised",
    ("chained", "newest"): "What came before it",
    ("cause", "oldest"): "The above was the direct cause of this",
    ("context", "oldest"): "While the above was being handled, this happened",
    ("chained", "oldest"): "The above led to this",
}
_WAYS = {
    "django": "Django’s request handler",
    "celery": "the Celery worker",
    "asgi": "the ASGI server’s wrapper",
    "wsgi": "the WSGI server’s wrapper",
    "starlette": "Starlette",
    "fastapi": "FastAPI",
    "flask": "Flask",
    "logging": "a log record",
    "excepthook": "the interpreter’s last resort: the process ended of it",
    "threading": "the thread that ended of it",
    "generic": "a call of the application",
    "onerror": "the page’s last resort (window.onerror)",
    "onunhandledrejection": "a promise that nobody waited for",
    "instrument": "the SDK’s wrapper around a callback",
    "uncaughtexception": "Node’s last resort: the process ended of it",
    "unhandledrejection": "a promise that nobody waited for",
}
_LEFT_OUT = re.compile(r"(\d+) frames, (\d+) kept")


@dataclass(frozen=True, slots=True)
class ShownException:
    """`relation` says how it hangs together with the one before it on the page."""

    anchor: str
    type: str
    module: str
    value: str
    relation: str
    member: str
    depth: int
    is_main: bool
    is_open: bool
    caught: str
    notes: tuple[str, ...]
    thread_id: str
    trace: ShownTrace | None


@dataclass(frozen=True, slots=True)
class ShownThread:
    name: str
    state: str
    trace: ShownTrace | None


def shown_exceptions(
    event: Event, *, order: Order = "newest", all_open: bool = False
) -> list[ShownException]:
    """The chain for the page."""
    links = links_of(event.exceptions)
    main = main_exception(event.exceptions)
    arranged = list(reversed(links)) if order == "newest" else links
    return [
        _shown(event, link, arranged[number - 1] if number else None, order, all_open, main)
        for number, link in enumerate(arranged)
    ]


def _shown(
    event: Event, link: Link, before: Link | None, order: Order, all_open: bool, main: object
) -> ShownException:
    exception = event.exceptions[link.place]
    mechanism = exception.get("mechanism", Mechanism())
    anchor = f"e{link.place}"
    return ShownException(
        anchor=anchor,
        type=exception.get("type") or ("Error" if exception.get("value") else "Unknown error"),
        module=exception.get("module") or "",
        value=exception.get("value") or "",
        relation=_relation(link, before, order),
        member=f"Member {link.member} of {link.members}" if link.member else "",
        depth=min(link.depth, 4),
        is_main=exception is main,
        # Of many members, the first ones show what the others are like.
        is_open=all_open or link.member <= 3,
        caught=caught_words(mechanism),
        notes=_notes(mechanism),
        thread_id=exception.get("thread_id") or "",
        trace=shown_trace(
            exception.get("stacktrace"),
            event.platform,
            anchor=anchor,
            innermost_first=order == "newest",
            all_open=all_open,
            left_out=_left_out(event, f"exception.values.{link.place}.stacktrace.frames"),
        ),
    )


def _relation(link: Link, before: Link | None, order: Order) -> str:
    if before is None:
        return ""
    if order == "newest":
        if link.relation == "member" or link.parent != before.place:
            return ""
        return _RELATIONS.get((link.relation, order), "")
    if before.parent != link.place:
        return ""
    return _RELATIONS.get((before.relation, order), "")


def caught_words(mechanism: Mechanism) -> str:
    """Whether somebody handled it, and who told: what the event's truth rests on."""
    if mechanism.get("type") == "chained":
        # It came with another one, and that one says it.
        return ""
    handled = mechanism.get("handled")
    way = _WAYS.get(mechanism.get("type", ""), mechanism.get("type", ""))
    if handled is None:
        return f"told by {way}; whether it was handled is not said" if way else ""
    words = "handled" if handled else "not handled"
    return f"{words}; told by {way}" if way else words


def _notes(mechanism: Mechanism) -> tuple[str, ...]:
    found = []
    if mechanism.get("synthetic"):
        found.append("The SDK made this exception up to have a stack trace: its type says nothing.")
    description = str(mechanism.get("description") or "")
    if description:
        found.append(description)
    return tuple(found)


def _left_out(event: Event, name: str) -> int:
    for remark in event.remarks:
        match = _LEFT_OUT.fullmatch(remark["reason"]) if remark["name"] == name else None
        if match is not None:
            return int(match[1]) - int(match[2])
    return 0


def shown_threads(event: Event, *, order: Order = "newest", all_open: bool = False) -> list[ShownThread]:
    """The threads: that which failed first, then those that have a stack trace."""
    ranked = sorted(
        enumerate(event.threads),
        key=lambda pair: (
            not pair[1].get("crashed"),
            not pair[1].get("current"),
            "stacktrace" not in pair[1],
        ),
    )
    return [
        ShownThread(
            name=thread.get("name") or f"Thread {thread.get('id', '')}".strip(),
            state=_state(thread),
            trace=shown_trace(
                thread.get("stacktrace"),
                event.platform,
                anchor=f"t{place}",
                innermost_first=order == "newest",
                all_open=all_open,
                left_out=_left_out(event, f"threads.values.{place}.stacktrace.frames"),
            ),
        )
        for place, thread in ranked
    ]


def _state(thread: Thread) -> str:
    if thread.get("crashed"):
        return "failed"
    return "sent it" if thread.get("current") else ""
