"""What was done with an issue, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.timezone import localtime

from monitor.issues.models import Activity


@dataclass(frozen=True, slots=True)
class ToldActivity:
    at: datetime
    who: str
    words: str
    comment: str
    kind: str


def told(activity: Activity) -> ToldActivity:
    """`who` is a person or the monitor itself."""
    data = activity.data if isinstance(activity.data, dict) else {}
    return ToldActivity(
        at=activity.at,
        who=str(activity.user) if activity.user else "",
        words=_words(activity.kind, data),
        comment=str(data.get("text", "")) if activity.kind == "comment" else "",
        kind=activity.kind,
    )


def _words(kind: str, data: dict[str, Any]) -> str:
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(data)
    return _PLAIN.get(kind) or kind.replace("_", " ")


def _resolved(data: dict[str, Any]) -> str:
    if data.get("in_next_release"):
        return "resolved it in the next release"
    if data.get("in_release"):
        return f"resolved it in {data['in_release']}"
    if data.get("stale"):
        return "resolved it: not seen for a long time"
    return "resolved it"


def _ignored(data: dict[str, Any]) -> str:
    terms = []
    if isinstance(data.get("until"), int | float):
        moment = localtime(datetime.fromtimestamp(data["until"], UTC))
        terms.append(f"until {moment:%-d %b %Y %H:%M}")
    if data.get("times"):
        terms.append(f"until it happens {data['times']:,} times more")
    if data.get("until_escalating"):
        terms.append("until it escalates")
    return " or ".join(["ignored it", *terms]) if len(terms) > 1 else " ".join(["ignored it", *terms])


def _unignored(data: dict[str, Any]) -> str:
    if "ignored_until_times" in data:
        return "It happened as often as was to be ignored: unresolved again"
    if "ignored_until_rate" in data:
        return "It happens far more often than before: unresolved again"
    return "The time for which it was ignored is over: unresolved again"


def _regressed(data: dict[str, Any]) -> str:
    release = f" in {data['release']}" if data.get("release") else ""
    before = f"; it was resolved in {data['resolved_in_release']}" if data.get("resolved_in_release") else ""
    return f"It came back{release}{before}"


def _assigned(data: dict[str, Any]) -> str:
    return f"assigned it to {data['name']}" if data.get("name") else "took the assignment away"


def _merged(data: dict[str, Any]) -> str:
    names = [_name(one) for one in data.get("from") or [] if isinstance(one, dict)]
    return f"merged {', '.join(names)} into it" if names else "merged others into it"


def _unmerged(data: dict[str, Any]) -> str:
    if isinstance(data.get("to"), dict):
        return f"took {_name(data['to'])} out of it"
    if isinstance(data.get("from"), dict):
        return f"took it out of {_name(data['from'])}"
    return "took a part of it out again"


def _name(issue: dict[str, Any]) -> str:
    return str(issue.get("short_id") or issue.get("title") or "another issue")


_PLAIN = {
    "first_seen": "First seen",
    "unresolved": "made it unresolved",
    "comment": "wrote",
    "deleted": "deleted it",
    "known_error": "wrote down what is known of it",
    "known_error_removed": "took the note on it away",
}
_SPECIAL = {
    "resolved": _resolved,
    "ignored": _ignored,
    "unignored": _unignored,
    "regressed": _regressed,
    "assigned": _assigned,
    "merged": _merged,
    "unmerged": _unmerged,
}
