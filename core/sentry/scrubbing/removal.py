"""Known secrets, taken out of an event that is otherwise clean."""

from __future__ import annotations

from typing import Any

from core.sentry.scrubbing.known import KnownValues
from core.sentry.scrubbing.naming import FRAME_CODE, FRAME_LINES, ID_VALUE, IDS, VERBATIM
from core.sentry.scrubbing.patterns import FILTERED

# Below these somebody else chose the names: a local variable may be called `status` or `level`, too.
_GIVEN = frozenset({"vars", "extra", "tags", "data", "contexts", "request", "user", "logentry"})


def without(value: Any, known: KnownValues, *, given: bool) -> Any:
    """`value` without the known secrets; code, ids and times that the SDK made stay as they are.

    `given`: the names are not the SDK's, so that none of them says that.
    """
    kind = type(value)
    if kind is str:
        return known.remove(value)
    if kind is int:
        return value if value <= 999 or known.remove(str(value)) == str(value) else FILTERED
    if kind is list:
        return [without(inner, known, given=given) for inner in value]
    if kind is dict:
        frame = not given and "lineno" in value
        clean = {}
        for name, inner in value.items():
            if frame and name in FRAME_LINES:
                clean[name] = _lines_without(inner, known)
            elif (not given and (name in VERBATIM or (frame and name in FRAME_CODE))) or _is_id(name, inner):
                clean[name] = inner
            else:
                inner = without(inner, known, given=given or name in _GIVEN)
                clean[known.remove_distinctive(name)] = inner
        return clean
    return value


def _lines_without(lines: Any, known: KnownValues) -> Any:
    if type(lines) is str:
        return known.remove_distinctive(lines)
    return [known.remove_distinctive(line) for line in lines]


def _is_id(name: str, value: Any) -> bool:
    return name in IDS and type(value) is str and ID_VALUE.fullmatch(value) is not None
