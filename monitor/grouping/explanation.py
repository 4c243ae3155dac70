"""Why is it grouped so? What was compared, what was left out of each stack trace, and why, in words for a page."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.events.headline import stacktraces
from monitor.events.model import Event, Frame
from monitor.grouping.components import Grouping
from monitor.grouping.fingerprints import DEFAULT, resolved, variable_in
from monitor.grouping.frames import Selection, select
from monitor.grouping.grouper import group
from monitor.grouping.version_1 import selection_for, uses_all_frames


@dataclass(frozen=True, slots=True)
class ExplainedFrame:
    """One frame: where it is, as what it is compared, and why not where it is not."""

    place: str
    compared_as: str  # empty if it does not count
    reason: str


@dataclass(frozen=True, slots=True)
class ExplainedTrace:
    label: str  # the exception's type, or "Thread"
    frames: tuple[ExplainedFrame, ...]


@dataclass(frozen=True, slots=True)
class ExplainedPart:
    """One part of a custom fingerprint and what became of it."""

    written: str
    value: str


@dataclass(frozen=True, slots=True)
class Explanation:
    grouping: Grouping
    summary: str  # one sentence
    fingerprint: tuple[ExplainedPart, ...]
    traces: tuple[ExplainedTrace, ...]


_SUMMARIES = {
    "exception": "Together are events with the same exceptions, raised by way of the same functions of the application.",
    "stack trace": "Together are events with the same message, sent by way of the same functions of the application.",
    "message": "There is no stack trace. Together are events with the same message, whatever numbers and ids are in it.",
    "place": "There is neither exception nor message. Together are events from the same place.",
    "fingerprint": "The sender names the group. Together are events with the same fingerprint, whatever else is in them.",
}


def explain(event: Event) -> Explanation:
    """The explanation of `group(event)`; for pages, not for digesting."""
    grouping = group(event)
    parts = tuple(
        ExplainedPart(written, "as without a fingerprint" if value == DEFAULT else value)
        for written, value in zip(event.fingerprint, resolved(event), strict=True)
    )
    counts = not event.fingerprint or any(variable_in(part) == "default" for part in event.fingerprint)
    return Explanation(grouping, _summary(grouping.method), parts, _traces(event) if counts else ())


def _summary(method: str) -> str:
    head, found, rest = method.partition(" and ")
    if not found:
        return _SUMMARIES[method]
    return f"The sender splits a group by a {head}. Within it: {_SUMMARIES[rest][0].lower()}{_SUMMARIES[rest][1:]}"


def _traces(event: Event) -> tuple[ExplainedTrace, ...]:
    if not event.exceptions:
        found = []
        for trace in stacktraces(event):
            frames = trace.get("frames") or []
            selection = select(frames, event.platform, in_app_only=True)
            if not selection.keys:
                selection = select(frames, event.platform, in_app_only=False)
            found.append(ExplainedTrace("Thread", _frames(frames, selection)))
        return tuple(found)
    all_frames = uses_all_frames(event)
    return tuple(
        ExplainedTrace(
            exception.get("type") or "Exception",
            _frames(
                exception.get("stacktrace", {}).get("frames") or [],
                selection_for(
                    exception,
                    event.platform,
                    in_app_only=not (all_frames and place == len(event.exceptions) - 1),
                ),
            ),
        )
        for place, exception in enumerate(event.exceptions)
    )


def _frames(frames: list[Frame], selection: Selection) -> tuple[ExplainedFrame, ...]:
    return tuple(
        ExplainedFrame(_place(frame), "" if verdict.reason else verdict.key, verdict.reason)
        for frame, verdict in zip(frames, selection.verdicts, strict=True)
    )


def _place(frame: Frame) -> str:
    file = (
        frame.get("filename") or frame.get("abs_path") or frame.get("module") or frame.get("package") or "?"
    )
    line = f":{frame['lineno']}" if "lineno" in frame else ""
    return f"{file}{line} in {frame.get('function') or '?'}"
