"""What all channels say alike: the first line, the state in a word, times, colours; and cutting to what fits."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from monitor.alerts.messages import Kind, Link, Message

STATE_WORDS = {
    Kind.FIRED: "",
    Kind.RESOLVED: "Resolved",
    Kind.ACKNOWLEDGED: "Acknowledged",
    Kind.ESCALATED: "Escalated",
    Kind.UPDATE_DUE: "Update due",
    Kind.REPORT: "",
    Kind.ROLLBACK: "Roll back",
    Kind.TEST: "Test",
}
ALARMS = frozenset({Kind.FIRED, Kind.ESCALATED, Kind.ROLLBACK, Kind.TEST})
"""Something is wrong now, or somebody wants to know whether it would be heard."""
_COLOURS = {"P0": 0xB42318, "P1": 0xC4620A, "P2": 0x8A6D00, "P3": 0x3B6FB5, "P4": 0x6B7780}
_CALM, _OVER = 0x0B6E99, 0x1F7A4D
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MORE = "…"


def headline(message: Message) -> str:
    """`[P0] Resolved: connection refused`, on one line."""
    state = STATE_WORDS[message.kind]
    title = one_line(message.title) or "Untitled"
    said = f"{state}: {title}" if state else title
    return f"[{message.severity}] {said}" if message.severity else said


def where(message: Message) -> str:
    """`hydroml · production`; blank when it is about neither."""
    return " · ".join(part for part in map(one_line, (message.project, message.environment)) if part)


def moment(message: Message) -> str:
    """When it happened, for readers in any zone."""
    return f"{datetime.fromtimestamp(message.at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def colour(message: Message) -> int:
    """As a number 0xRRGGBB: the severity's; green when it is over."""
    if message.kind is Kind.RESOLVED:
        return _OVER
    return _COLOURS.get(message.severity, _CALM)


def facts(message: Message) -> list[tuple[str, str]]:
    """On one line each; those without a value are left out."""
    found = [(one_line(name), one_line(str(value))) for name, value in message.facts]
    return [(name, value) for name, value in found if name and value]


def web_links(message: Message) -> list[Link]:
    """Those that lead to a page, their labels on one line."""
    return [
        Link(link.name, one_line(link.label), link.url)
        for link in message.links
        if link.url.startswith(("http://", "https://"))
    ]


def plain(text: str) -> str:
    """Without what no JSON, mail or page should carry: control characters and half characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    return " ".join(plain(text).split())


def units(text: str) -> int:
    """Length as most services count: in UTF-16, where a rare character is two."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def cut(text: str, limit: int) -> str:
    """At most `limit` units, the last of them an ellipsis when something is left out."""
    if units(text) <= limit:
        return text
    return first_units(text, limit - 1).rstrip() + _MORE if limit > 0 else ""


def first_units(text: str, number: int) -> str:
    """At most so many units from the beginning; no rare character is halved."""
    return text.encode("utf-16-le", "replace")[: 2 * number].decode("utf-16-le", "ignore")


def cut_bytes(text: str, limit: int) -> str:
    """The same in bytes of UTF-8."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    return raw[: max(limit - len(_MORE.encode()), 0)].decode(errors="ignore").rstrip() + _MORE
