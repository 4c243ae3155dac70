"""What browsers report by themselves, as events: Content-Security-Policy and its relatives, and network errors.

Browsers send them without any SDK. One page with one forbidden script sends one from each visitor, so the fingerprint
is what was broken and by whom, not where.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from monitor.events.model import Json

_INLINE = frozenset({"", "inline", "eval", "self", "data", "blob", "wasm-eval", "trusted-types-sink"})
_MAX = 200


def event_of_report(report: Json, *, release: str | None = None, environment: str | None = None) -> Json:
    """The raw event of one report (an item `raw_security` or `nel`), to be normalised like any other."""
    kind, body = _kind_and_body(report)
    if kind == "csp":
        raw = _policy_violation(body)
    elif kind == "nel":
        raw = _network_error(report, body)
    else:
        raw = _other(kind, body)
    raw |= {"platform": "javascript" if kind == "csp" else "other", "logger": kind, "extra": {"report": body}}
    raw |= {name: value for name, value in (("release", release), ("environment", environment)) if value}
    agent = report.get("user_agent")
    if agent and "request" in raw:
        raw["request"]["headers"] = {"User-Agent": _text(agent)}
    return raw


def _kind_and_body(report: Json) -> tuple[str, Json]:
    for key, kind in (
        ("csp-report", "csp"),
        ("expect-ct-report", "expectct"),
        ("expect-staple-report", "expectstaple"),
        ("known-pins", "hpkp"),
    ):
        if key in report:
            body = report[key]
            return kind, body if type(body) is dict else report
    body = report.get("body")
    # The Reporting API: {"type": "csp-violation", "url": …, "body": {…}}
    kind = {"csp-violation": "csp", "network-error": "nel"}.get(_text(report.get("type")), "")
    return kind or _text(report.get("type"))[:40] or "security", body if type(body) is dict else report


def _policy_violation(body: Json) -> Json:
    directive = _first(
        body, "effective-directive", "effectiveDirective", "violated-directive", "violatedDirective"
    )
    directive = directive.partition(" ")[0] or "a directive"
    blocked = _blocked(_first(body, "blocked-uri", "blockedURL"))
    document = _first(body, "document-uri", "documentURL")
    return {
        "type": "csp",
        "level": "warning" if _first(body, "disposition") == "report" else "error",
        "message": f"Blocked '{directive}' from '{blocked}'",
        "culprit": directive,
        "fingerprint": ["csp", directive, blocked],
        "tags": {"effective-directive": directive, "blocked-uri": blocked},
        "request": {"url": document} if document else {},
    }


def _blocked(uri: str) -> str:
    """Whose the blocked thing is: a host, or inline, eval, data and the like."""
    if uri.lower() in _INLINE:
        return uri.lower() or "inline"
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "an invalid address"
    if parts.scheme in ("http", "https", "ws", "wss"):
        return parts.netloc.rpartition("@")[2][:_MAX] or "inline"
    return (parts.scheme or uri.partition("/")[0])[:_MAX]


def _network_error(report: Json, body: Json) -> Json:
    kind = _first(body, "type") or "unknown"
    return {
        "type": "nel",
        "level": "info" if kind == "ok" else "error",
        "message": f"Network error {kind} in phase {_first(body, 'phase') or 'unknown'}",
        "fingerprint": ["nel", kind, _text(body.get("status_code"))],
        "tags": {
            "nel.type": kind,
            "nel.phase": _first(body, "phase"),
            "nel.protocol": _first(body, "protocol"),
        },
        "request": {"url": _text(report.get("url")), "method": _first(body, "method")},
    }


def _other(kind: str, body: Json) -> Json:
    host = _first(body, "hostname", "host")
    return {
        "type": kind,
        "message": f"{kind} failed for '{host}'" if host else f"{kind} report",
        "fingerprint": [kind, host],
        "tags": {"hostname": host},
    }


def _first(body: Json, *names: str) -> str:
    for name in names:
        if body.get(name):
            return _text(body[name])
    return ""


def _text(value: Any) -> str:
    return value[:4096] if type(value) is str else "" if value is None else str(value)[:_MAX]
