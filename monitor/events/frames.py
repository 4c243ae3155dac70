"""Stack traces: frames with the right types, in the right order, and each said to be the application's own or not."""

from __future__ import annotations

from typing import Any, cast

from monitor.events.in_app import is_in_app
from monitor.events.model import Frame, Json, Stacktrace
from monitor.events.values import Remarks, bounded, is_small, table_of, text_of, values_of, whole_number_of

MAX_FRAMES = 250
_KEPT_OUTERMOST = 50
_MAX_LINE = 512
_MAX_LINES = 20

_TYPES: dict[str, type] = {
    "function": str,
    "module": str,
    "filename": str,
    "abs_path": str,
    "context_line": str,
    "package": str,
    "platform": str,
    "lineno": int,
    "colno": int,
    "in_app": bool,
    "vars": dict,
    "pre_context": list,
    "post_context": list,
}
_MACHINES = frozenset(
    {"raw_function", "symbol", "instruction_addr", "symbol_addr", "image_addr", "addr_mode", "trust"}
)


def stacktrace_of(raw: Any, platform: str, remarks: Remarks, name: str) -> Stacktrace | None:
    """The stack trace in `raw` (an object with frames, or the bare list), or None if it has no frame."""
    if raw is None:
        return None
    listed = raw.get("frames") if type(raw) is dict else raw
    frames = values_of(listed, remarks, f"{name}.frames") if listed is not None else []
    if len(frames) > MAX_FRAMES:
        remarks.add("value_too_long", f"{name}.frames", f"{len(frames)} frames, {MAX_FRAMES} kept")
        frames = frames[:_KEPT_OUTERMOST] + frames[_KEPT_OUTERMOST - MAX_FRAMES :]
    kept = [_frame(frame, platform, remarks, name) for frame in frames if type(frame) is dict]
    if len(kept) < len(frames):
        remarks.add("invalid_data", f"{name}.frames", "a frame that is no object is left out")
    if not kept:
        return None
    trace = Stacktrace(frames=kept)
    if type(raw) is dict and type(raw.get("registers")) is dict:
        trace["registers"] = table_of(raw["registers"], remarks, f"{name}.registers")
    return trace


def _frame(raw: Json, platform: str, remarks: Remarks, name: str) -> Frame:
    """`raw` itself, mended where a type is wrong."""
    wrong: list[str] = []
    for key, part in raw.items():
        kind: type = type(part)
        if kind is not _TYPES.get(key):
            wrong.append(key)
        elif kind is str:
            if len(part) > _MAX_LINE:
                wrong.append(key)
        elif kind is list:
            if len(part) > _MAX_LINES or not _are_lines(part):
                wrong.append(key)
        elif kind is dict and not is_small(part):
            raw[key] = bounded(part, remarks, name)
    for key in wrong:
        _mend(raw, key, remarks, f"{name}.frames.{key}")
    frame = cast("Frame", raw)
    if "in_app" not in raw:
        frame["in_app"] = is_in_app(frame, platform)
    return frame


def _are_lines(lines: list[Any]) -> bool:
    """Whether all are texts and none is too long; joining is the quickest way to look at them."""
    try:
        if len("".join(lines)) <= _MAX_LINE:
            return True
    except TypeError:
        return False
    return max(map(len, lines)) <= _MAX_LINE


def _mend(frame: Json, key: str, remarks: Remarks, name: str) -> None:
    expected = _TYPES.get(key)
    part = frame.pop(key)
    if part is None:
        return
    if expected is None:
        # Of the attributes that are not read, those that machines made are kept for the raw view.
        if key in _MACHINES and (type(part) is int or (type(part) is str and len(part) <= _MAX_LINE)):
            frame[key] = part
    elif expected is str:
        text = text_of(part, remarks, name, limit=_MAX_LINE)
        if text is not None:
            frame[key] = text
    elif expected is int:
        number = whole_number_of(part, remarks, name)
        if number is not None:
            frame[key] = number
    elif expected is list and type(part) is list:
        frame[key] = [text_of(line, remarks, name, limit=_MAX_LINE) or "" for line in part[-_MAX_LINES:]]
    elif expected is dict:
        frame[key] = table_of(part, remarks, name)
    else:
        remarks.wrong_type(name, part, "a list" if expected is list else "true or false")
