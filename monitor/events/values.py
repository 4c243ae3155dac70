"""Any JSON value made into one that can be stored and shown, with a remark where something had to give way."""

from __future__ import annotations

import math
from itertools import islice
from typing import Any

import orjson

from monitor.events.model import Json, Remark

MAX_STRING = 8192
MAX_DEPTH = 16
MAX_BREADTH = 1000
MAX_REMARKS = 50
ELLIPSIS = "…"

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_REPAIR_DEPTH = 64
_INT_LIMIT = 2**63
_SHOWN = 100
_LONGEST_WORD = 120


class Remarks(list[Remark]):
    """The remarks of one event; past a number of them, nobody reads on."""

    def add(self, kind: str, name: str, reason: str, value: Any = None) -> None:
        if len(self) >= MAX_REMARKS:
            return
        remark = Remark(type=kind, name=name[:200], reason=reason)
        if value is not None:
            remark["value"] = shortened(value)
        self.append(remark)

    def wrong_type(self, name: str, value: Any, expected: str) -> None:
        self.add("invalid_data", name, f"expected {expected}", value)


def shortened(value: Any) -> str:
    """`value` as it is quoted in a remark."""
    text = (
        value if type(value) is str else repr(value) if type(value) in (int, float, bool) else written(value)
    )
    return text if len(text) <= _SHOWN else text[:_SHOWN] + ELLIPSIS


def written(value: Any) -> str:
    """`value` as compact JSON."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def is_storable(raw: Any) -> bool:
    """Whether `raw` has no NUL, no half surrogate pair, no integer past 64 bits and no more than 254 levels.

    The serialiser refuses the last three, and is by far the quickest way to look at everything.
    """
    try:
        return b"\\u0000" not in orjson.dumps(raw)
    except TypeError:
        return False


def repaired(value: Any, remarks: Remarks, name: str = "", depth: int = 0) -> Any:
    """A copy of `value` for which `is_storable` holds."""
    kind = type(value)
    if kind is str:
        return _repaired_text(value, remarks, name)
    if value is None or kind is bool:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is int:
        if -_INT_LIMIT <= value < _INT_LIMIT:
            return value
        remarks.add("invalid_data", name, "an integer past 64 bits, kept as text")
        # Past some thousand digits, Python refuses to write an integer in decimals.
        return str(value) if value.bit_length() < 4096 else f"about 2^{value.bit_length()}"
    if depth >= _REPAIR_DEPTH:
        remarks.add("value_too_long", name, f"nested deeper than {_REPAIR_DEPTH} levels")
        return "<nested too deep>"
    if isinstance(value, dict):
        return {
            _repaired_text(str(key), remarks, name): repaired(part, remarks, _path(name, key), depth + 1)
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [repaired(part, remarks, _path(name, place), depth + 1) for place, part in enumerate(value)]
    return _repaired_text(str(value), remarks, name)


def _path(name: str, part: Any) -> str:
    return f"{name}.{part}"[:200].encode(errors="replace").decode() if name else str(part)[:200]


def _repaired_text(text: str, remarks: Remarks, name: str) -> str:
    clean = text
    if "\0" in clean:
        clean = clean.replace("\0", _REPLACEMENT)
        remarks.add("invalid_data", _printable(name), "a NUL character")
    try:
        clean.encode()
    except UnicodeEncodeError:
        clean = clean.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        remarks.add("invalid_data", _printable(name), "half a surrogate pair")
    return clean


def _printable(name: str) -> str:
    return name.encode(errors="replace").decode()


def is_small(value: Any) -> bool:
    """Whether no cap of `bounded` can be reached in `value`, by its size as JSON. False may be wrong, True is not.

    Of a storable value only. For a small table a fraction of what the walk costs.
    """
    data = orjson.dumps(value)
    # An entry and its comma are two bytes; each level has an opening bracket.
    return len(data) <= 2 * MAX_BREADTH and data.count(b"{") + data.count(b"[") <= MAX_DEPTH


def bounded(value: Any, remarks: Remarks, name: str, depth: int = 0) -> Any:
    """`value` with its sizes capped, changed in place; the very object where nothing was too large."""
    kind = type(value)
    if kind is str:
        return value if len(value) <= MAX_STRING else cut(value, remarks, name)
    if kind is dict:
        if depth >= MAX_DEPTH:
            return _too_deep(value, remarks, name)
        if len(value) > MAX_BREADTH:
            remarks.add("value_too_long", name, f"more than {MAX_BREADTH} entries")
            value = dict(islice(value.items(), MAX_BREADTH))
        for key, inner in value.items():
            inner_kind = type(inner)
            if inner_kind is str:
                if len(inner) > MAX_STRING:
                    value[key] = cut(inner, remarks, f"{name}.{key}")
            elif inner_kind is dict or inner_kind is list:
                value[key] = bounded(inner, remarks, name, depth + 1)
        return value
    if kind is list:
        if depth >= MAX_DEPTH:
            return _too_deep(value, remarks, name)
        if len(value) > MAX_BREADTH:
            remarks.add("value_too_long", name, f"more than {MAX_BREADTH} entries")
            del value[MAX_BREADTH:]
        for place, inner in enumerate(value):
            inner_kind = type(inner)
            if inner_kind is str:
                if len(inner) > MAX_STRING:
                    value[place] = cut(inner, remarks, f"{name}.{place}")
            elif inner_kind is dict or inner_kind is list:
                value[place] = bounded(inner, remarks, name, depth + 1)
    return value


def _too_deep(value: Any, remarks: Remarks, name: str) -> str:
    remarks.add("value_too_long", name, f"nested deeper than {MAX_DEPTH} levels")
    return shortened(value)


def cut(text: str, remarks: Remarks, name: str, limit: int = MAX_STRING) -> str:
    """`text` at most `limit` characters long."""
    if len(text) <= limit:
        return text
    remarks.add("value_too_long", name, f"{len(text)} characters, {limit} kept")
    kept = text[: limit - 1]
    # A word that is cut in two may be half a secret, which nobody would know as one any more.
    end = kept.rfind(" ", limit - _LONGEST_WORD)
    return (kept[:end] if end > 0 else kept) + ELLIPSIS


def text_of(value: Any, remarks: Remarks, name: str, limit: int = MAX_STRING) -> str | None:
    """`value` as text: numbers and booleans as JSON writes them; anything else as JSON, with a remark."""
    kind = type(value)
    if kind is str:
        return (value if len(value) <= limit else cut(value, remarks, name, limit)) or None
    if value is None:
        return None
    if kind is not int and kind is not float and kind is not bool:
        remarks.wrong_type(name, value, "a string")
    return cut(written(value), remarks, name, limit)


def whole_number_of(value: Any, remarks: Remarks, name: str) -> int | None:
    """`value` as an integer: 7, 7.0 and "7" are all 7."""
    if type(value) is int or value is None:
        return value
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if (
        type(value) is str
        and value.strip().isascii()
        and value.strip().lstrip("-").isdigit()
        and len(value) < 19
    ):
        return int(value)
    remarks.wrong_type(name, value, "an integer")
    return None


def table_of(value: Any, remarks: Remarks, name: str) -> Json:
    """`value` as an object; a list becomes one by its places."""
    if type(value) is dict:
        found = bounded(value, remarks, name)
        return found if type(found) is dict else {}
    if value is None or value == "" or value == []:
        return {}
    remarks.wrong_type(name, value, "an object")
    if type(value) is list:
        return {str(place): bounded(part, remarks, name) for place, part in enumerate(value[:MAX_BREADTH])}
    return {"value": bounded(value, remarks, name)}


def values_of(value: Any, remarks: Remarks, name: str) -> list[Any]:
    """The list in `{"values": […]}` or `[…]`, or the single object that stands for it; without its nulls."""
    if type(value) is dict:
        value = value.get("values", [value] if value else [])
    if value is None:
        return []
    if type(value) is not list:
        remarks.wrong_type(name, value, "a list")
        return []
    return [one for one in value if one is not None]
