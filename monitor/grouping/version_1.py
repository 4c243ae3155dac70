"""Grouping, version 1. Once released, what it gives never changes: a better idea is a version of its own.

By the chain of exceptions (types, and the application's frames by module and function); without one, by the
application's frames of the thread and the message; without frames, by the message with its variables taken out.
"""

from __future__ import annotations

from monitor.events.headline import stacktraces
from monitor.events.model import Event, ExceptionValue
from monitor.grouping.components import Component
from monitor.grouping.frames import Selection, select
from monitor.grouping.messages import parameterised
from monitor.grouping.names import type_name

VERSION = 1


def components_of(event: Event) -> tuple[str, tuple[Component, ...]]:
    """The method and the components of an event without regard to its custom fingerprint."""
    if event.exceptions:
        return "exception", _exceptions(event)
    message = _message(event)
    for trace in stacktraces(event):
        frames = trace.get("frames") or []
        selection = select(frames, event.platform, in_app_only=True)
        if not selection.keys:
            selection = select(frames, event.platform, in_app_only=False)
        if selection.keys:
            return "stack trace", (Component("thread", message, selection.keys),)
    if message:
        return "message", (Component("message", message),)
    return "place", (Component("place", event.transaction or event.logger or event.culprit or event.kind),)


def selection_for(exception: ExceptionValue, platform: str, *, in_app_only: bool) -> Selection:
    """Which frames of an exception count."""
    frames = exception.get("stacktrace", {}).get("frames") or []
    return select(frames, platform, in_app_only=in_app_only, error_type=exception.get("type") or "")


def uses_all_frames(event: Event) -> bool:
    """Whether no exception of the chain has a frame of the application, so that the libraries' have to do."""
    return not any(selection_for(one, event.platform, in_app_only=True).keys for one in event.exceptions)


def _exceptions(event: Event) -> tuple[Component, ...]:
    selections = [selection_for(one, event.platform, in_app_only=True) for one in event.exceptions]
    if not any(selection.keys for selection in selections):
        # Only of the last: what libraries do on the way to it changes with their versions.
        selections[-1] = selection_for(event.exceptions[-1], event.platform, in_app_only=False)
    # Without one function that has a name, as in a minified script, the message has to tell them apart.
    by_message = not any(selection.has_functions for selection in selections)
    found = [
        _component(one, selection, by_message=by_message)
        for one, selection in zip(event.exceptions, selections, strict=True)
    ]
    if any(one.kind == "exception group" for one in found):
        return _as_group(found)
    return tuple(found)


def _component(exception: ExceptionValue, selection: Selection, *, by_message: bool) -> Component:
    mechanism = exception.get("mechanism", {})
    # The type of a synthetic exception is the SDK's invention.
    label = "" if mechanism.get("synthetic") else type_name(exception.get("type") or "")
    if by_message or not label:
        value = parameterised(exception.get("value") or "")
        label = f"{label}: {value}" if label and value else label or value
    kind = "exception group" if mechanism.get("is_exception_group") else "exception"
    return Component(kind, label, selection.keys)


def _as_group(found: list[Component]) -> tuple[Component, ...]:
    """Members in the order of their names, each kind once: which of them fail first, and how many do, is chance."""
    groups = {one.parts(): one for one in found if one.kind == "exception group"}
    members = {one.parts(): one for one in found if one.kind != "exception group"}
    ordered = [*sorted(groups.items(), key=_order), *sorted(members.items(), key=_order)]
    return tuple(component for _, component in ordered)


def _order(item: tuple[object, Component]) -> tuple[str, ...]:
    return tuple(item[1].parts())


def _message(event: Event) -> str:
    # With parameters, the template is what the programmer wrote; everything else of it is data.
    text = event.template if event.template and event.params else event.message or event.template
    return parameterised(text or "")
