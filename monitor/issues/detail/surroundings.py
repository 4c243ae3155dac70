"""What was going on, in sections with a name: request, user, task, and every context that the sender gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from monitor.events.model import Event

_TITLES = {
    "task": "Task",
    "celery-job": "Celery job",
    "work": "Work",
    "response": "Response",
    "browser": "Browser",
    "device": "Device",
    "client_os": "Operating system of the client",
    "os": "Operating system",
    "runtime": "Runtime",
    "app": "Application",
    "culture": "Language and time",
    "gpu": "Graphics",
    "cloud_resource": "Cloud",
    "profile": "Profile",
    "flags": "Flags",
}
_TASK = ("task", "celery-job", "work")
_ORDER = (*_TASK, "response", "browser", "device", "client_os", "os", "runtime", "app")
_HIDDEN_OF_TRACE = frozenset({"type"})


@dataclass(frozen=True, slots=True)
class Section:
    """Names and values of one thing; a value may be any JSON."""

    name: str
    title: str
    rows: list[tuple[str, Any]]


def contexts_of(event: Event) -> list[Section]:
    """Every context but the trace: the task first, then what it ran in, then the sender's own."""
    known = {**event.contexts}
    job = event.extra.get("celery-job")
    if isinstance(job, dict):
        # sentry-sdk's Celery integration says it there.
        known.setdefault("celery-job", job)
    names = [name for name in _ORDER if name in known]
    names += sorted(name for name in known if name not in names and name != "trace")
    return [found for name in names if (found := _section(name, known[name])) is not None]


def _section(name: str, context: Any) -> Section | None:
    # One whose name is that of a secret is hidden as a whole.
    pairs = context.items() if isinstance(context, dict) else [(name, context)]
    rows = [(key, value) for key, value in pairs if key != "type" and value not in (None, "", {}, [])]
    title = _TITLES.get(name) or (name.capitalize() if name.isalpha() and name.islower() else name)
    return Section(name, title, rows) if rows else None


def extra_of(event: Event) -> list[tuple[str, Any]]:
    """What the sender added without a context's name."""
    return [(name, value) for name, value in event.extra.items() if name != "celery-job"]


def trace_of(event: Event) -> list[tuple[str, Any]]:
    trace = event.contexts.get("trace") or {}
    return _flat((key, value) for key, value in trace.items() if key not in _HIDDEN_OF_TRACE)


def _flat(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in pairs:
        if isinstance(value, dict):
            found += [(f"{key}.{inner}", part) for inner, part in value.items()]
        elif value not in (None, "", []):
            found.append((key, value))
    return found


def user_of(event: Event) -> list[tuple[str, Any]]:
    """What is kept of the user; addresses and names are removed before storing."""
    return [(key, value) for key, value in (event.user or {}).items() if value not in (None, "", {})]


def suppressed_words(event: Event) -> str:
    """What `suppressed` means, in a sentence; empty if nothing was held back."""
    if not event.suppressed:
        return ""
    held = "one more" if event.suppressed == 1 else f"{event.suppressed:,} more"
    return (
        f"This event stands for {event.times:,} occurrences: the sender held back {held} of the same before it sent"
        " this one. They are counted, and have no page of their own."
    )


def sdk_of(event: Event) -> list[tuple[str, Any]]:
    """Which SDK sent it and what of it was on."""
    sdk = event.sdk
    rows: list[tuple[str, Any]] = [
        ("name", " ".join(str(sdk[key]) for key in ("name", "version") if sdk.get(key)))
    ]
    integrations = sdk.get("integrations")
    if isinstance(integrations, list) and integrations:
        rows.append(("integrations", ", ".join(map(str, integrations))))
    return [row for row in rows if row[1]]


@dataclass(frozen=True, slots=True)
class ShownRemark:
    what: str
    where: str
    value: str


_PROBLEMS = {
    "invalid_data": "Not usable",
    "value_too_long": "Cut",
    "past_timestamp": "Time too far back",
    "future_timestamp": "Time in the future",
    "missing_attribute": "Missing",
}


def remarks_of(event: Event) -> list[ShownRemark]:
    """What was mended on arrival, and what the sender's own processing complained of."""
    found = [
        ShownRemark(
            f"{_PROBLEMS.get(one['type'], one['type'])}: {one['reason']}", one["name"], one.get("value", "")
        )
        for one in event.remarks
    ]
    errors = event.other.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            rest = {key: value for key, value in error.items() if key not in ("type", "name")}
            found.append(
                ShownRemark(
                    f"Said by the sender: {error.get('type', 'problem')}",
                    str(error.get("name", "")),
                    str(rest or ""),
                )
            )
    return found
