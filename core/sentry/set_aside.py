"""Parts of an event that the SDK's serialiser does not see.

It would walk them node by node for nothing, which is a third of a report's cost, and run the `__repr__` of what they
hold: of a logged object, of the querysets in a template's context. The scrubber reads them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sentry_sdk
from sentry_sdk.utils import set_in_app_in_frames

from core.sentry.plain import Shape, plain

Json = dict[str, Any]

_SECTIONS = ("breadcrumbs", "modules", "contexts", "extra")
_PARAMETERS = Shape(string=8192)


@dataclass(frozen=True, slots=True)
class Aside:
    """What was taken out, and where it belongs."""

    stacktraces: tuple[tuple[Json, int], ...]
    spans: list[Json] | None
    sections: Json


def set_aside(event: Json) -> Aside:
    """Take the parts out of `event`, in an event processor."""
    stacktraces = []
    for place, value in enumerate((event.get("exception") or {}).get("values") or ()):
        if type(value.get("stacktrace")) is dict:
            stacktraces.append((value.pop("stacktrace"), place))
    spans = event.get("spans")
    if type(spans) is list:
        # As many empty ones stay, because the client counts them.
        event["spans"] = [None] * len(spans)
    entry = event.get("logentry")
    if entry and entry.get("params"):
        event["logentry"] = {**entry, "params": plain(entry["params"], _PARAMETERS)}
    sections = {name: event.pop(name) for name in _SECTIONS if event.get(name)}
    return Aside(tuple(stacktraces), spans if type(spans) is list else None, sections)


def put_back(event: Json, aside: Aside | None) -> None:
    """Put them back, in before_send."""
    if aside is None:
        return
    values = (event.get("exception") or {}).get("values") or []
    options = sentry_sdk.get_client().options
    for stacktrace, place in aside.stacktraces:
        if place < len(values):
            set_in_app_in_frames(
                stacktrace.get("frames"),
                in_app_exclude=options["in_app_exclude"],
                in_app_include=options["in_app_include"],
                project_root=options["project_root"],
            )
            values[place]["stacktrace"] = stacktrace
    if aside.spans is not None and len(aside.spans) == len(event.get("spans") or ()):
        event["spans"] = aside.spans
    for name, section in aside.sections.items():
        # A later event processor may have begun the section anew, as Celery's does with `extra`. What was there wins.
        later = event.get(name)
        event[name] = {**later, **section} if later and type(section) is dict else section
