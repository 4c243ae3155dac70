"""What a list says of an event: title, culprit, type, value, and whether somebody handled it."""

from __future__ import annotations

from monitor.events.model import Event, ExceptionValue, Frame, Stacktrace

MAX_TITLE = 200
UNLABELLED = "<unlabelled event>"


def main_exception(exceptions: list[ExceptionValue]) -> ExceptionValue | None:
    """What was raised last; of a group whose members are all of one type, a member, as it says more."""
    if not exceptions:
        return None
    last = exceptions[-1]
    if not last.get("mechanism", {}).get("is_exception_group"):
        return last
    members = [one for one in exceptions if not one.get("mechanism", {}).get("is_exception_group")]
    types = {one.get("type") for one in members}
    return members[-1] if len(types) == 1 else last


def crash_frame(event: Event) -> Frame | None:
    """The application's frame nearest to the failure; where there is none, the innermost frame."""
    for trace in stacktraces(event):
        frames = trace.get("frames") or []
        for frame in reversed(frames):
            if frame.get("in_app"):
                return frame
        if frames:
            return frames[-1]
    return None


def stacktraces(event: Event) -> list[Stacktrace]:
    """Where it failed: the last exception's stack trace, else that of the crashed, current or only thread."""
    if event.exceptions:
        trace = event.exceptions[-1].get("stacktrace")
        if trace is not None:
            return [trace]
    threads = [one for one in event.threads if "stacktrace" in one]
    failed = [one for one in threads if one.get("crashed")] or [one for one in threads if one.get("current")]
    chosen = failed[:1] or (threads if len(threads) == 1 else [])
    return [one["stacktrace"] for one in chosen]


def set_headline(event: Event) -> None:
    """Fill in title, type, value and handled, and the culprit where it was not sent."""
    main = main_exception(event.exceptions)
    if main is not None:
        event.type = main.get("type") or ""
        event.value = main.get("value") or ""
        said = [
            one["mechanism"]["handled"] for one in event.exceptions if "handled" in one.get("mechanism", {})
        ]
        event.handled = all(said) if said else None
        first = first_line(event.value)
        event.title = (f"{event.type}: {first}" if event.type and first else event.type or first)[:MAX_TITLE]
    if not event.title:
        event.title = first_line(event.message or event.template or "")[:MAX_TITLE]
    if not event.title and event.kind == "transaction":
        event.title = (event.transaction or "")[:MAX_TITLE]
    if not event.title:
        event.title = _title_of_frame(event)
    if not event.culprit:
        event.culprit = (event.transaction or _place(crash_frame(event)))[:MAX_TITLE]


def first_line(text: str) -> str:
    """The first line with anything on it."""
    return text.strip().partition("\n")[0].strip()


def _title_of_frame(event: Event) -> str:
    frame = crash_frame(event)
    function = frame.get("function") if frame else None
    return function[:MAX_TITLE] if function else UNLABELLED


def _place(frame: Frame | None) -> str:
    if frame is None:
        return ""
    place = frame.get("module") or frame.get("filename") or frame.get("package") or ""
    function = frame.get("function") or ""
    return f"{place} in {function}" if place and function else place or function
