"""What went before, as a timeline that ends in the error."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from monitor.events.model import Breadcrumb, Event, Json

KINDS = {
    "query": "queries",
    "http": "HTTP calls",
    "log": "log",
    "user": "user",
    "navigation": "navigation",
    "task": "tasks",
    "error": "errors",
    "other": "others",
}
"""The few kinds that a reader filters by, in the words of the filter."""

LEVELS = ("fatal", "error", "warning", "info", "debug")

_BY_CATEGORY = {
    "query": "query",
    "sql": "query",
    "db": "query",
    "redis": "query",
    "cache": "query",
    "httplib": "http",
    "http": "http",
    "xhr": "http",
    "fetch": "http",
    "request": "http",
    "ui": "user",
    "touch": "user",
    "user": "user",
    "action": "user",
    "navigation": "navigation",
    "route": "navigation",
    "celery": "task",
    "task": "task",
    "retry": "task",
    "queue": "task",
    "console": "log",
    "log": "log",
    "exception": "error",
    "error": "error",
}
_BY_TYPE = {
    "http": "http",
    "query": "query",
    "navigation": "navigation",
    "user": "user",
    "ui": "user",
    "error": "error",
    "debug": "log",
    "log": "log",
}


@dataclass(frozen=True, slots=True)
class ShownCrumb:
    """`before` is seconds until the error; None where the breadcrumb has no time."""

    kind: str
    category: str
    level: str
    message: str
    before: float | None
    timestamp: float | None
    data: Json

    @property
    def when(self) -> str:
        """−3.2 s, as far before the error as it was."""
        return "" if self.before is None else relative(self.before)


@dataclass(frozen=True, slots=True)
class Timeline:
    crumbs: list[ShownCrumb]
    kinds: list[tuple[str, str, int]]  # kind, words, how many


def timeline_of(event: Event) -> Timeline:
    """The breadcrumbs, oldest first, and the kinds that there are."""
    crumbs = [_shown(crumb, event.timestamp) for crumb in event.breadcrumbs]
    counts = Counter(crumb.kind for crumb in crumbs)
    return Timeline(crumbs, [(kind, words, counts[kind]) for kind, words in KINDS.items() if counts[kind]])


def _shown(crumb: Breadcrumb, failed_at: float) -> ShownCrumb:
    timestamp = crumb.get("timestamp")
    level = (crumb.get("level") or "info").lower()
    data = dict(crumb.get("data") or {})
    return ShownCrumb(
        kind=_kind(crumb),
        category=crumb.get("category") or crumb.get("type") or "",
        level={"warn": "warning", "critical": "fatal"}.get(level, level if level in LEVELS else "info"),
        message=crumb.get("message") or _summary(data),
        before=None if timestamp is None else failed_at - timestamp,
        timestamp=timestamp,
        data=data,
    )


def _kind(crumb: Breadcrumb) -> str:
    category = (crumb.get("category") or "").lower()
    head = category.replace("/", ".").partition(".")[0]
    if head in _BY_CATEGORY:
        return _BY_CATEGORY[head]
    kind = _BY_TYPE.get((crumb.get("type") or "").lower())
    if kind is not None:
        return kind
    # The SDKs' logging integrations put the logger's name there.
    return "log" if category and crumb.get("message") and crumb.get("level") else "other"


def _summary(data: Json) -> str:
    """What an HTTP call or a navigation says without a message: its data is taken out where it is told."""
    if "url" in data:
        status = data.pop("status_code", data.pop("status", None))
        words = [str(data.pop("method", "GET")), str(data.pop("url"))]
        return " ".join([*words, *([f"→ {status}"] if status is not None else [])])
    if "to" in data:
        return f"{data.pop('from', '') or '?'} → {data.pop('to')}"
    return ""


def relative(seconds: float) -> str:
    """A distance from the error: `−3.2 s` before, `+80 ms` after it, `0 ms` with it."""
    size = abs(seconds)
    sign = "−" if seconds > 0 else "+"
    if round(size * 1000) == 0:
        return "0 ms"
    if size < 1:
        return f"{sign}{size * 1000:.0f} ms"
    if size < 60:
        return f"{sign}{size:.1f} s"
    minutes, rest = divmod(round(size), 60)
    if minutes < 60:
        return f"{sign}{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours} h {minutes} min" if hours < 48 else f"{sign}{hours // 24} d"
