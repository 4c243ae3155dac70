"""Custom fingerprints: the variables that Sentry knows, resolved as its server does (sentry/grouping/fingerprinting)."""

from __future__ import annotations

import re

from monitor.events.headline import crash_frame
from monitor.events.model import Event

DEFAULT = "{{ default }}"
_VARIABLE = re.compile(r"\{\{\s*(\S+?)\s*\}\}")

_ALIASES = {
    "type": "error.type",
    "value": "error.value",
    "function": "stack.function",
    "path": "stack.abs_path",
    "module": "stack.module",
    "package": "stack.package",
}
VARIABLES = (
    "default", "transaction", "message", "type", "error.type", "value", "error.value", "function", "stack.function",
    "path", "stack.abs_path", "stack.filename", "module", "stack.module", "package", "stack.package", "level", "logger",
    "tags.<name>",
)  # fmt: skip


def variable_in(part: str) -> str | None:
    """The variable's name if `part` is one and nothing else."""
    match = _VARIABLE.fullmatch(part)
    return match[1] if match else None


def resolved(event: Event) -> list[str]:
    """The event's fingerprint with its variables filled in; `{{ default }}` stays, in this one spelling."""
    return [_resolved(part, event) for part in event.fingerprint]


def _resolved(part: str, event: Event) -> str:
    name = variable_in(part)
    if name is None:
        return part
    return DEFAULT if name == "default" else value_of(name, event)


def value_of(name: str, event: Event) -> str:
    """What a variable stands for in this event; `<no-…>` where it has none, `<unrecognized-variable-…>` where it is none."""
    if name.startswith("tags."):
        tag = name.removeprefix("tags.")
        return event.tags.get(tag) or f"<no-value-for-tag-{tag}>"
    name = _ALIASES.get(name, name)
    if name == "transaction":
        return event.transaction or "<no-transaction>"
    if name == "level":
        return event.level
    if name == "logger":
        return event.logger or "<no-logger>"
    if name in ("message", "error.type", "error.value"):
        return _failure(name, event)
    if name.startswith("stack."):
        return _place(name, event)
    return f"<unrecognized-variable-{name}>"


def _failure(name: str, event: Event) -> str:
    last = event.exceptions[-1] if event.exceptions else {}
    if name == "error.type":
        return last.get("type") or "<no-type>"
    if name == "error.value":
        return last.get("value") or "<no-value>"
    return event.message or event.template or last.get("value") or "<no-message>"


def _place(name: str, event: Event) -> str:
    frame = crash_frame(event) or {}
    if name == "stack.function":
        return frame.get("function") or "<no-function>"
    if name == "stack.abs_path":
        return frame.get("abs_path") or frame.get("filename") or "<no-abs-path>"
    if name == "stack.filename":
        return frame.get("filename") or frame.get("abs_path") or "<no-filename>"
    if name == "stack.module":
        return frame.get("module") or "<no-module>"
    if name == "stack.package":
        package = frame.get("package") or ""
        return package.replace("\\", "/").rpartition("/")[2] or "<no-package>"
    return f"<unrecognized-variable-{name}>"
