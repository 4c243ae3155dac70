"""What people do with an incident. `by` is whoever did it; whether they may, the caller asks.

Each gives False where there was nothing to do, and raises IncidentError for what can't be done. What is done stands in
the timeline, and in the audit log, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from monitor.access.audit import Actor, record, user_behind
from monitor.access.models import User
from monitor.incidents import course, telling
from monitor.incidents.course import IncidentError
from monitor.incidents.journal import LONGEST_TEXT, write
from monitor.incidents.models import Incident, State, Tick
from monitor.issues.models import Issue
from monitor.site.strategy_file import current_strategy
from strategy import Strategy

CHECKLISTS = {
    "first_assessment": "First assessment",
    "investigation": "Investigation",
    "closing": "Closing",
}


def acknowledge(incident: Incident, by: Actor, now: float) -> bool:
    """Whoever acknowledges owns it, unless somebody does already."""
    return _dealt_with(incident, lambda: course.acknowledge(incident, now), by, now, "acknowledged")


def investigate(incident: Incident, by: Actor, now: float) -> bool:
    return _dealt_with(incident, lambda: course.investigate(incident, now), by, now, "investigating")


def mitigate(incident: Incident, by: Actor, now: float) -> bool:
    return _dealt_with(incident, lambda: course.mitigate(incident, now), by, now, "mitigated")


def resolve(incident: Incident, by: Actor, now: float) -> bool:
    with transaction.atomic():
        if not _moved(incident, lambda: course.resolve(incident, now), by, now, "resolved"):
            return False
        telling.resolved(incident, now, text=f"{_name(by)} has resolved it.")
    return True


def reopen(incident: Incident, by: Actor, now: float) -> bool:
    with transaction.atomic():
        if not _moved(incident, lambda: course.reopen(incident, now), by, now, "reopened"):
            return False
        telling.reopened(incident, _name(by), now)
    return True


ACTIONS: dict[str, Callable[[Incident, Actor, float], bool]] = {
    "acknowledged": acknowledge,
    "investigating": investigate,
    "mitigated": mitigate,
    "resolved": resolve,
    "reopened": reopen,
}
_SAID = {
    "acknowledged": "Acknowledged.",
    "investigating": "Investigating.",
    "mitigated": "Mitigated: users no longer notice; the cause is still there.",
    "resolved": "Resolved.",
    "reopened": "Open again: it was not over.",
}


def note(incident: Incident, text: str, by: Actor, now: float) -> bool:
    """An update, which sets back the clock of updates that are owed. False for an empty one."""
    text = text.replace("\0", "").strip()
    if not text:
        return False
    if len(text) > LONGEST_TEXT:
        raise IncidentError(f"The note has {len(text)} characters; it may have {LONGEST_TEXT}.")
    with transaction.atomic():
        _read_again(incident)
        write(incident, "note", text, now, by=by)
    return True


def set_severity(incident: Incident, severity: str, by: Actor, now: float) -> bool:
    """A person's word: alerts no longer raise it after that."""
    if severity not in current_strategy().severities:
        raise IncidentError(f"The strategy has no severity {severity[:10]!r}.")
    with transaction.atomic():
        _read_again(incident)
        if severity == incident.severity:
            return False
        before, incident.severity, incident.severity_by_hand = incident.severity, severity, True
        incident.save(update_fields=["severity", "severity_by_hand"])
        write(incident, "severity", f"Severity {before} → {severity}", now, by=by)
        record(by, "incident.severity", incident, incident.project, changed={"severity": [before, severity]})
    return True


def set_owner(incident: Incident, owner: User | None, by: Actor, now: float) -> bool:
    with transaction.atomic():
        _read_again(incident)
        if incident.owner_id == (owner.pk if owner else None):
            return False
        incident.owner = owner
        incident.save(update_fields=["owner"])
        write(incident, "owner", f"{owner} deals with it." if owner else "Nobody deals with it.", now, by=by)
        record(by, "incident.owner", incident, incident.project, owner=str(owner or ""))
    return True


def link_issue(incident: Incident, issue: Issue, by: Actor, now: float) -> bool:
    with transaction.atomic():
        if incident.issues.filter(pk=issue.pk).exists():
            return False
        incident.issues.add(issue)
        write(incident, "issue", f"Linked {issue.short_id}: {issue.title}", now, by=by, issue=issue.pk)
        record(by, "incident.issue_linked", incident, incident.project, issue=issue.short_id)
    return True


def unlink_issue(incident: Incident, issue: Issue, by: Actor, now: float) -> bool:
    with transaction.atomic():
        if not incident.issues.filter(pk=issue.pk).exists():
            return False
        incident.issues.remove(issue)
        write(incident, "issue", f"Unlinked {issue.short_id}: {issue.title}", now, by=by, issue=issue.pk)
        record(by, "incident.issue_unlinked", incident, incident.project, issue=issue.short_id)
    return True


def items_of(strategy: Strategy, checklist: str) -> tuple[str, ...]:
    """Of the strategy's [incidents]. Raises IncidentError for a list that it has not."""
    if checklist not in CHECKLISTS:
        raise IncidentError(f"The strategy has no checklist {checklist[:30]!r}.")
    items: tuple[str, ...] = getattr(strategy.incidents, checklist)
    return items


def tick(incident: Incident, checklist: str, item: str, by: Actor, now: float, *, done: bool) -> bool:
    """Done, or not after all."""
    if item not in items_of(current_strategy(), checklist):
        raise IncidentError("The checklist has changed meanwhile. Look at it again.")
    with transaction.atomic():
        _read_again(incident)
        found = Tick.objects.filter(incident=incident, checklist=checklist, item=item)
        if found.exists() == done:
            return False
        if done:
            at = course.moment(now)
            Tick.objects.create(
                incident=incident, checklist=checklist, item=item, at=at, user=user_behind(by)
            )
        else:
            found.delete()
        write(incident, "checklist", f"{'Done' if done else 'Not done after all'}: {item}", now, by=by)
    return True


def _dealt_with(incident: Incident, move: Callable[[], bool], by: Actor, now: float, kind: str) -> bool:
    """The first to do so has acknowledged it, and that is told."""
    with transaction.atomic():
        first = _read_again(incident).acknowledged_at is None
        if not _moved(incident, move, by, now, kind):
            return False
        if first:
            telling.acknowledged(incident, _name(by), now)
    return True


def _moved(incident: Incident, move: Callable[[], bool], by: Actor, now: float, kind: str) -> bool:
    """Does it to the row as it is at this moment: two people may click at once."""
    before = _read_again(incident).state
    if not move():
        return False
    user = user_behind(by)
    if incident.owner_id is None and user is not None and kind != "reopened":
        incident.owner = user
    incident.save()
    write(incident, kind, _SAID[kind], now, by=by)
    record(by, f"incident.{kind}", incident, incident.project, changed={"state": [before, incident.state]})
    return True


def _read_again(incident: Incident) -> Incident:
    """In an IMMEDIATE transaction nobody else changes it from here on."""
    incident.refresh_from_db()
    return incident


def _name(by: Actor) -> str:
    user = user_behind(by)
    return str(user) if user is not None else "The monitor"


def actions_for(incident: Incident) -> list[tuple[str, str, str]]:
    """What can be done with it now: name, label, key; what comes next first."""
    if incident.state == State.REVIEWED:
        return []
    if not incident.is_open:
        return [("reopened", "Open again", "o")]
    possible = {
        State.TRIGGERED: ["acknowledged", "investigating", "mitigated", "resolved"],
        State.ACKNOWLEDGED: ["investigating", "mitigated", "resolved"],
        State.INVESTIGATING: ["mitigated", "resolved"],
        State.MITIGATED: ["resolved", "investigating"],
    }[State(incident.state)]
    return [(name, *_LABELS[name]) for name in possible]


_LABELS = {
    "acknowledged": ("Acknowledge", "a"),
    "investigating": ("Investigate", "i"),
    "mitigated": ("Mitigate", "m"),
    "resolved": ("Resolve", "r"),
}
