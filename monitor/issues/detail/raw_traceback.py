"""The traceback as plain text, as the language itself prints it: for tickets, for tools that read tracebacks, for eyes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from monitor.events.headline import stacktraces
from monitor.events.model import Event, ExceptionValue, Frame
from monitor.issues.detail.linking import Link, links_of

_HEADER = "Traceback (most recent call last):"
_BETWEEN = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
    "chained": "The above exception led to the following exception:",
}
_SCRIPT = frozenset({"javascript", "node"})
_JAVA = frozenset({"java", "kotlin", "scala", "groovy"})
_REPEATED = 3  # as CPython's traceback module


def raw_traceback(event: Event) -> str:
    """The whole chain; of a message, the stack that sent it; empty if the event has neither."""
    if not event.exceptions:
        lines = [
            line for trace in stacktraces(event) for line in _stack(trace.get("frames") or [], event.platform)
        ]
        return "\n".join(lines)
    if event.platform in _SCRIPT or event.platform in _JAVA:
        return "\n".join(_newest_first(event))
    links = links_of(event.exceptions)
    return "\n".join(_Python(event, links).told(len(event.exceptions) - 1))


def _stack(frames: list[Frame], platform: str) -> list[str]:
    if platform in _SCRIPT or platform in _JAVA:
        return [_at(frame, platform) for frame in reversed(frames)]
    return ["Stack (most recent call last):", *_python_frames(frames)] if frames else []


def headline_of(exception: ExceptionValue, *, with_module: bool) -> str:
    """`module.Type: value`, as the last line of a traceback."""
    name = exception.get("type") or "Error"
    module = exception.get("module")
    if with_module and module and module not in ("builtins", "__main__", "exceptions"):
        name = f"{module}.{name}"
    value = exception.get("value")
    return f"{name}: {value}" if value else name


def _python_frames(frames: list[Frame]) -> Iterator[str]:
    for (file, number, function), run in groupby(frames, key=_call):
        same = list(run)
        line = f", line {number}" if number is not None else ""
        for frame in same[:_REPEATED]:
            yield f'  File "{file}"{line}, in {function}'
            source = (frame.get("context_line") or "").strip()
            if source:
                yield f"    {source}"
        more = len(same) - _REPEATED
        if more > 0:
            yield f"  [Previous line repeated {more} more time{'' if more == 1 else 's'}]"


def _call(frame: Frame) -> tuple[str, int | None, str]:
    file = frame.get("abs_path") or frame.get("filename") or frame.get("module") or "?"
    return file, frame.get("lineno"), frame.get("function") or "?"


class _Python:
    """A traceback of Python, groups drawn as `traceback` draws them: each level of members hangs on a pole of its own."""

    def __init__(self, event: Event, links: list[Link]) -> None:
        self._exceptions = event.exceptions
        self._before: dict[int, Link] = {}
        self._members: dict[int, list[int]] = {}
        self._must_close = False
        for link in reversed(links):
            if link.parent is not None and link.relation == "member":
                self._members.setdefault(link.parent, []).append(link.place)
            elif link.parent is not None:
                self._before.setdefault(link.parent, link)

    def told(self, place: int, depth: int = 0) -> Iterator[str]:
        """The exception at `place`, after those that led to it; `depth` poles stand at its left."""
        before = self._before.get(place)
        if before is not None:
            yield from self.told(before.place, depth)
            yield from _hung(depth, ["", _BETWEEN[before.relation], ""])
        if place in self._members:
            yield from self._group(place, depth)
        else:
            yield from _hung(depth, self._plain(place, _HEADER))

    def _plain(self, place: int, header: str) -> Iterator[str]:
        exception = self._exceptions[place]
        frames = exception.get("stacktrace", {}).get("frames") or []
        if frames:
            yield header
            yield from _python_frames(frames)
        yield from f"{headline_of(exception, with_module=True)}{self._number_of_members(place)}".split("\n")

    def _number_of_members(self, place: int) -> str:
        """As an ExceptionGroup writes itself; sentry-sdk sends the message without it."""
        number = len(self._members.get(place, ()))
        if not number or "sub-exception" in (self._exceptions[place].get("value") or ""):
            return ""
        return f" ({number} sub-exception{'' if number == 1 else 's'})"

    def _group(self, place: int, depth: int) -> Iterator[str]:
        own = max(depth, 1)
        header = f"Exception Group {_HEADER}"
        for line in self._plain(place, header):
            top = depth == 0 and line is header
            yield f"  + {line}" if top else next(_hung(own, [line]))
        members = self._members[place]
        for number, member in enumerate(members, start=1):
            # A group that is the last member closes for those that it is in.
            self._must_close = number == len(members)
            corner = "+-+" if number == 1 else "  +"
            yield f"{'  ' * own}{corner}---------------- {number} ----------------"
            yield from self.told(member, own + 1)
        if self._must_close:
            yield f"{'  ' * (own + 1)}+------------------------------------"
            self._must_close = False


def _hung(depth: int, lines: Iterable[str]) -> Iterator[str]:
    prefix = "  " * depth + "| " if depth else ""
    return (prefix + line for line in lines)


def _newest_first(event: Event) -> Iterator[str]:
    java = event.platform in _JAVA
    for number, exception in enumerate(reversed(event.exceptions)):
        prefix = "Caused by: " if number and java else "[cause]: " if number else ""
        yield from f"{prefix}{headline_of(exception, with_module=java)}".split("\n")
        for frame in reversed(exception.get("stacktrace", {}).get("frames") or []):
            yield _at(frame, event.platform)


def _at(frame: Frame, platform: str) -> str:
    function = frame.get("function") or "<anonymous>"
    file = frame.get("abs_path") or frame.get("filename") or frame.get("module") or "?"
    if platform in _JAVA:
        module = frame.get("module")
        place = frame.get("filename") or "Unknown Source"
        line = f":{frame['lineno']}" if "lineno" in frame else ""
        return f"\tat {module + '.' if module else ''}{function}({place}{line})"
    place = ":".join(
        str(part) for part in (file, frame.get("lineno"), frame.get("colno")) if part is not None
    )
    return f"    at {function} ({place})"
