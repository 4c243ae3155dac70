"""A rollback in sentences: for the message, the timeline and the pages."""

from __future__ import annotations

from typing import Any

from monitor.releases.rollback.models import Rollback, State

_NAMES = {"error_rate": "requests failed", "crash_free": "sessions were free of crashes"}


def why(evidence: dict[str, Any]) -> str:
    """`7.3 % of 1,204 requests failed (at most 5 %); before, 0.2 % of 3,110.`"""
    parts = [_part(evidence, name) for name in evidence["broken"]]
    return "; ".join(parts) + "."


def _part(evidence: dict[str, Any], name: str) -> str:
    of = "requests" if name == "error_rate" else "sessions"
    limit = "at most" if name == "error_rate" else "at least"
    now, before = evidence["now"], evidence["before"]
    said = f"{_share(now[name])} of {now[of]:,} {_NAMES[name]} ({limit} {_share(evidence['limits'][name])})"
    if before is None or before[name] is None:
        return f"{said}; of the release before nothing is known"
    return f"{said}; the release before: {_share(before[name])} of {before[of]:,}"


def what(rollback: Rollback) -> str:
    """What is done about it; nothing where it is over."""
    to = rollback.previous or "the release before, which is not known here"
    if rollback.state == State.SAID:
        return f"Nothing is done (dry run): it would be taken back to {to}."
    if rollback.state == State.WAITING:
        return f"Somebody must confirm that it is taken back to {to}."
    return f"It is taken back to {to} now." if rollback.state == State.DUE else ""


def title(rollback: Rollback) -> str:
    said = {"dry_run": "would be taken back", "confirm": "should be taken back"}
    return f"{rollback.release.version} {said.get(rollback.mode, 'is taken back')} in {rollback.environment}"


def _share(value: float) -> str:
    text = f"{value * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text} %"
