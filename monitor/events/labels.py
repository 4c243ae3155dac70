"""What an event is labelled with: tags, level, fingerprint, and the two labels that our own application adds."""

from __future__ import annotations

import re
from typing import Any

from monitor.events.model import Json, Level
from monitor.events.surroundings import pairs_of
from monitor.events.values import Remarks, cut, text_of

MAX_TAGS = 200
MAX_TAG_KEY = 200
MAX_TAG_VALUE = 200
MAX_SUPPRESSED = 10_000_000
MAX_FINGERPRINT = 32

_LEVELS: dict[str, Level] = {
    "fatal": "fatal",
    "critical": "fatal",
    "error": "error",
    "exception": "error",
    "warning": "warning",
    "warn": "warning",
    "info": "info",
    "log": "info",
    "notice": "info",
    "debug": "debug",
    "trace": "debug",
    "sample": "debug",
}
_ERROR_ID = re.compile(r"[A-Za-z0-9_-]{4,64}")


def level_of(raw: Any, remarks: Remarks, default: Level) -> Level:
    """Sentry's five levels out of the names of many languages, or Python's numbers."""
    if raw is None:
        return default
    if type(raw) is str and raw.lower() in _LEVELS:
        return _LEVELS[raw.lower()]
    number = int(raw) if type(raw) is str and raw.isascii() and raw.isdigit() and len(raw) < 4 else raw
    if type(number) is int:
        names: tuple[Level, ...] = ("debug", "debug", "info", "warning", "error", "fatal")
        return names[min(max(number // 10, 0), 5)]
    remarks.wrong_type("level", raw, "fatal, error, warning, info or debug")
    return default


def tags_of(raw: Any, remarks: Remarks) -> dict[str, str]:
    """Tags out of an object, a list of pairs or a list of key and value; the last of a name wins."""
    if raw is None:
        return {}
    found: dict[str, str] = {}
    for key, value in pairs_of(raw, remarks, "tags"):
        if not key or not value:
            continue
        if len(key) > MAX_TAG_KEY:
            key = cut(key, remarks, "tags", MAX_TAG_KEY)
        if len(found) >= MAX_TAGS and key not in found:
            remarks.add("value_too_long", "tags", f"more than {MAX_TAGS} tags")
            break
        # A tag is one line: it stands in lists and in searches.
        value = value.replace("\n", " ") if "\n" in value else value
        found[key] = (
            value if len(value) <= MAX_TAG_VALUE else cut(value, remarks, f"tags.{key}", MAX_TAG_VALUE)
        )
    return found


def fingerprint_of(raw: Any, checksum: Any, remarks: Remarks) -> list[str]:
    """The custom fingerprint; a `checksum`, which SDKs of the first years sent, is one too."""
    if raw is None and checksum is not None:
        raw = [checksum]
    if raw is None:
        return []
    if type(raw) is not list:
        remarks.wrong_type("fingerprint", raw, "a list of strings")
        raw = [raw]
    parts = [text_of(part, remarks, "fingerprint", limit=1000) for part in raw[:MAX_FINGERPRINT]]
    return [part for part in parts if part is not None]


def suppressed_of(tags: dict[str, str], extra: Json, remarks: Remarks) -> int:
    """How many of the same the sender held back before this one: the tag `suppressed`, or the same in extra."""
    raw: Any = tags.get("suppressed")
    if raw is None:
        raw = extra.get("suppressed")
    if raw is None or raw == "":
        return 0
    if type(raw) is str and raw.isascii() and raw.isdigit() and len(raw) < 12:
        raw = int(raw)
    if type(raw) is not int or not 0 <= raw <= MAX_SUPPRESSED:
        remarks.wrong_type("suppressed", raw, f"an integer from 0 to {MAX_SUPPRESSED}")
        return 0
    return raw


def error_id_of(tags: dict[str, str]) -> str | None:
    """The id that the user was shown on the error page."""
    found = tags.get("error_id")
    return found if found is not None and _ERROR_ID.fullmatch(found) else None
