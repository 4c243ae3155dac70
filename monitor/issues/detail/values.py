"""Any value of an event as text that people read: locals as Python wrote them, everything else as JSON, on few lines."""

from __future__ import annotations

import json
import re
from typing import Any

LINE = 96
_INDENT = "  "
# What a terminal would obey, and what turns a line of text around.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def written(value: Any, *, quoted: bool = True) -> str:
    """`value` on one line if that fits, else indented. Without `quoted`, texts stand bare: they are `repr`s already."""
    return "\n".join(_lines(value, quoted))


def is_compound(value: Any) -> bool:
    return isinstance(value, dict | list | tuple) and bool(value)


def without_controls(text: str) -> str:
    """`text` without what a terminal would obey or what reorders a line; newlines and tabs stay."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def _lines(value: Any, quoted: bool) -> list[str]:
    if isinstance(value, dict):
        parts = [_entry(str(key), inner, quoted) for key, inner in value.items()]
        return _joined(parts, "{", "}")
    if isinstance(value, list | tuple):
        return _joined([_lines(inner, quoted) for inner in value], "[", "]")
    if isinstance(value, str):
        return [json.dumps(value, ensure_ascii=False)] if quoted else [value]
    return [json.dumps(value, default=str)]


def _entry(key: str, value: Any, quoted: bool) -> list[str]:
    first, *rest = _lines(value, quoted)
    name = json.dumps(key, ensure_ascii=False) if quoted else key
    return [f"{name}: {first}", *rest]


def _joined(parts: list[list[str]], opening: str, closing: str) -> list[str]:
    if all(len(part) == 1 for part in parts):
        line = f"{opening}{', '.join(part[0] for part in parts)}{closing}"
        if len(line) <= LINE:
            return [line]
    lines = [opening]
    for number, part in enumerate(parts, start=1):
        comma = "," if number < len(parts) else ""
        lines += [f"{_INDENT}{line}" for line in part[:-1]]
        lines.append(f"{_INDENT}{part[-1]}{comma}")
    return [*lines, closing]
