"""How the exceptions of an event hang together: which caused which, and which are members of a group.

Newer SDKs say it (`mechanism.source`). For plain chains Python's does not; then the line that raised is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from monitor.events.model import ExceptionValue, Frame, Mechanism

Relation = Literal["", "cause", "context", "member", "chained"]
"""To the exception that it is told with: its direct cause, what was being handled, a member, or simply before it."""

_OWN_CAUSES = ("__cause__", "__context__")
_FROM = re.compile(r"\bfrom\s+(?!None\b)\w")
_PARTS_OF_TEXT = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")


@dataclass(frozen=True, slots=True)
class Link:
    """`parent` is the place, in the event's list, of the exception that this one led to or is a member of."""

    place: int
    parent: int | None
    relation: Relation
    member: int = 0  # from 1
    members: int = 0  # of the group that it belongs to
    depth: int = 0  # of groups within groups


def links_of(exceptions: list[ExceptionValue]) -> list[Link]:
    """A link for each exception, in the event's order, which is from the oldest cause to what was raised last."""
    parents = _parents(exceptions)
    relations: list[Relation] = [
        _relation(exceptions, place, parents[place]) for place in range(len(exceptions))
    ]
    members: dict[int, list[int]] = {}
    # Members come last first, as everything in the event does.
    for place in reversed(range(len(exceptions))):
        parent = parents[place]
        if parent is not None and relations[place] == "member":
            members.setdefault(parent, []).append(place)
    depths = _depths(parents, relations)
    found = []
    for place, parent in enumerate(parents):
        siblings = members.get(parent, []) if parent is not None else []
        number = siblings.index(place) + 1 if place in siblings else 0
        found.append(
            Link(place, parent, relations[place], number, len(siblings) if number else 0, depths[place])
        )
    return found


def _parents(exceptions: list[ExceptionValue]) -> list[int | None]:
    """By the ids where they are there and make sense, else each led to the next."""
    mechanisms = [one.get("mechanism", Mechanism()) for one in exceptions]
    ids = {one["exception_id"]: place for place, one in enumerate(mechanisms) if "exception_id" in one}
    if len(ids) < len(exceptions):
        ids = {}
    found: list[int | None] = []
    for place, mechanism in enumerate(mechanisms):
        said = _parent_id(mechanism)
        parent = None if said is None else ids.get(said)
        if place == len(exceptions) - 1:
            found.append(None)
        # A parent is raised later than what led to it; anything else is a loop that somebody made up.
        elif parent is not None and parent > place:
            found.append(parent)
        else:
            found.append(place + 1)
    return found


def _parent_id(mechanism: Mechanism) -> int | None:
    if mechanism.get("source") in _OWN_CAUSES and "exception_id" in mechanism:
        # sentry-sdk calls the whole event's exception the parent of every cause. Its numbers run from each exception to
        # its cause and only then to its members, so the one before is the parent.
        return mechanism["exception_id"] - 1
    return mechanism.get("parent_id")


def _relation(exceptions: list[ExceptionValue], place: int, parent: int | None) -> Relation:
    if parent is None:
        return ""
    source = exceptions[place].get("mechanism", {}).get("source") or ""
    if source == "__cause__":
        return "cause"
    if source == "__context__":
        return "context"
    if source.startswith(("exceptions[", "errors[")) or exceptions[parent].get("mechanism", {}).get(
        "is_exception_group"
    ):
        return "member"
    if source in ("cause", "innerException", "InnerException"):
        return "cause"
    return _by_the_line_that_raised(exceptions[parent])


def _by_the_line_that_raised(raised: ExceptionValue) -> Relation:
    frames = raised.get("stacktrace", {}).get("frames") or []
    statement = _raise_statement(frames[-1]) if frames else ""
    if not statement:
        return "chained"
    return "cause" if _FROM.search(statement) else "context"


def _raise_statement(frame: Frame) -> str:
    """The whole `raise …`, texts taken out, or nothing if the frame shows none."""
    line = _PARTS_OF_TEXT.sub("''", frame.get("context_line") or "").strip()
    if not line.startswith("raise "):
        return ""
    for further in frame.get("post_context") or []:
        if line.count("(") <= line.count(")"):
            break
        line += " " + _PARTS_OF_TEXT.sub("''", further).strip()
    return line if line.count("(") <= line.count(")") else ""


def _depths(parents: list[int | None], relations: list[Relation]) -> list[int]:
    depths = [0] * len(parents)
    for place in reversed(range(len(parents))):
        parent = parents[place]
        if parent is not None:
            depths[place] = depths[parent] + (relations[place] == "member")
    return depths
