"""Known secrets, taken out of an event that is otherwise clean."""

from __future__ import annotations

from typing import Any

from core.sentry.scrubbing.known import KnownValues
from core.sentry.scrubbing.naming import FRAME_CODE, FRAME_LINES, IDS, VERBATIM
from core.sentry.scrubbing.patterns import FILTERED


def without(value: Any, known: KnownValues) -> Any:
    """`value` without the known secrets; code, ids and times stay as they are."""
    kind = type(value)
    if kind is str:
        return known.remove(value)
    if kind is int:
        return value if value <= 999 or known.remove(str(value)) == str(value) else FILTERED
    if kind is list:
        return [without(inner, known) for inner in value]
    if kind is dict:
        frame = "lineno" in value
        clean = {}
        for name, inner in value.items():
            if frame and name in FRAME_LINES:
                clean[name] = _lines_without(inner, known)
            elif name in VERBATIM or name in IDS or (frame and name in FRAME_CODE):
                clean[name] = inner
            else:
                clean[known.remove_distinctive(name)] = without(inner, known)
        return clean
    return value


def _lines_without(lines: Any, known: KnownValues) -> Any:
    if type(lines) is str:
        return known.remove_distinctive(lines)
    return [known.remove_distinctive(line) for line in lines]
