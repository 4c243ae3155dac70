"""An event in Markdown, for a ticket or an assistant: what happened, where, and what went before."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from monitor.events.headline import crash_frame
from monitor.events.model import Event
from monitor.issues.detail.breadcrumbs import timeline_of
from monitor.issues.detail.raw_traceback import raw_traceback
from monitor.issues.detail.surroundings import suppressed_words
from monitor.issues.detail.values import without_controls, written

_CRUMBS = 15
_TAGS = 30
_LOCALS = 30
_LONGEST_VALUE = 400


def markdown_of(event: Event, *, address: str, short_id: str, facts: list[tuple[str, str]]) -> str:
    """`facts` are names and values that the issue knows: how often, since when, in which release."""
    parts = [
        f"# {coded(event.title)}",
        f"{short_id}, event {event.event_id}: {address}",
        _listed(facts + _own_facts(event)),
    ]
    held_back = suppressed_words(event)
    if held_back:
        parts.append(held_back)
    if event.message and event.exceptions:
        parts += ["## Message", fenced(event.message)]
    trace = raw_traceback(event)
    if trace:
        parts += ["## Traceback" if event.exceptions else "## Stack", fenced(trace)]
    elif event.message:
        parts += ["## Message", fenced(event.message)]
    parts += [*_locals(event), *_before(event), *_request(event), *_tags(event)]
    return "\n\n".join(part for part in parts if part) + "\n"


def coded(text: str) -> str:
    """`text` on one line as code: neither markup nor a mention of anybody is acted on in it."""
    line = without_controls(" ".join(text.split()))
    fence = "`" * (_longest_run(line) + 1)
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line or ' '}{padding}{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def fenced(text: str, language: str = "text") -> str:
    """A code block that `text` cannot end."""
    text = without_controls(text)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _listed(facts: list[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {coded(value)}" for name, value in facts if value)


def _own_facts(event: Event) -> list[tuple[str, str]]:
    handled = {True: "yes", False: "no"}.get(event.handled) if event.handled is not None else ""
    return [
        ("Level", event.level),
        ("Handled", handled or ""),
        ("This event", datetime.fromtimestamp(event.timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("Release", event.release or ""),
        ("Environment", event.environment or ""),
        ("Where", event.transaction or event.culprit),
        ("Error id", event.error_id or ""),
    ]


def _locals(event: Event) -> list[str]:
    frame = crash_frame(event) or {}
    variables = frame.get("vars") or {}
    if not variables:
        return []
    lines = [
        f"{name} = {_shortened(written(value, quoted=event.platform != 'python'))}"
        for name, value in list(variables.items())[:_LOCALS]
    ]
    return [f"## Locals of {coded(frame.get('function') or 'the failing frame')}", fenced("\n".join(lines))]


def _before(event: Event) -> list[str]:
    crumbs = timeline_of(event).crumbs[-_CRUMBS:]
    lines = [
        f"{crumb.when:>10}  {crumb.category or crumb.kind}  {_shortened(crumb.message)}" for crumb in crumbs
    ]
    return ["## What went before", fenced("\n".join(lines))] if lines else []


def _request(event: Event) -> list[str]:
    request = event.request
    if not request or "url" not in request:
        return []
    query = f"?{request['query']}" if request.get("query") else ""
    return ["## Request", fenced(f"{request.get('method', 'GET')} {request['url']}{query}")]


def _tags(event: Event) -> list[str]:
    lines = [f"{name}: {value}" for name, value in sorted(event.tags.items())[:_TAGS]]
    return ["## Tags", fenced("\n".join(lines))] if lines else []


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
