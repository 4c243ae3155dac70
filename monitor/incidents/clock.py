"""What the worker's clock does for incidents: climbs the escalation, and says what is overdue. Each once, in a row.

Whoever was told is kept (`Told`) in the transaction that queues the message, so that a clock that stands still, runs
twice or is killed in between tells nobody twice and forgets nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from django.db import transaction

from monitor.alerts.messages import Kind
from monitor.digest.sql import database, state_of_database
from monitor.incidents import joining, telling
from monitor.incidents.course import moment
from monitor.incidents.duties import Duty, duties_of
from monitor.incidents.escalation import Due, steps_of, still_told
from monitor.incidents.journal import write
from monitor.incidents.models import OPEN_STATES, Incident, State, Told
from monitor.incidents.reach import reach_of
from monitor.incidents.services import link_issues
from monitor.site.strategy_file import current_strategy
from strategy import Strategy

WATCH_EVERY_S = 1.0
REVIEWS_EVERY_S = 60.0
FORGET_EVERY_S = 3600.0
_REVIEWS_AT_ONCE = 50
_FORGOTTEN_AT_ONCE = 200
_ANY_OPEN = f"SELECT 1 FROM incidents_incident WHERE state IN ({','.join('?' * len(OPEN_STATES))}) LIMIT 1"  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Nap:
    """That nothing is due before `until` if nothing is written and the strategy stays as it is."""

    seen: tuple[Any, ...]
    since: float
    until: float


_nap: _Nap | None = None


def watch(now: float) -> None:
    """Open incidents climb and owe updates. Asked each second: while none is open it is one look at an index; while
    nothing is due and nothing has changed, one more at the database's number of changes."""
    global _nap
    if database().execute(_ANY_OPEN, tuple(OPEN_STATES)).fetchone() is None:
        return
    strategy = current_strategy()
    seen = (*state_of_database(), strategy)
    if _nap is not None and _nap.seen == seen and _nap.since <= now < _nap.until:
        return
    until = inf
    for incident in Incident.objects.filter(state__in=OPEN_STATES).select_related("project"):
        _follow_episodes(strategy, incident)
        for due in list(steps_of(strategy, incident)):
            if due.at <= now:
                _escalate(strategy, incident.pk, due, now)
            else:
                until = min(until, due.at)
        until = min([until, *_remind(strategy, incident, now)])
    _nap = _Nap(seen, now, until)


def watch_reviews(now: float) -> None:
    """Resolved ones owe a review."""
    strategy = current_strategy()
    for severity, within in strategy.incidents.review_due_s.items():
        late = Incident.objects.filter(
            state=State.RESOLVED, severity=severity, resolved_at__lte=now - within
        ).exclude(told__what__startswith="review:")
        for incident in late.select_related("project").order_by("resolved_at")[:_REVIEWS_AT_ONCE]:
            _remind(strategy, incident, now)


def forget_old(now: float) -> None:
    """After the strategy's time, with all that belongs to them; open ones never."""
    before = now - current_strategy().retention.incidents_s
    old = Incident.objects.filter(resolved_at__lt=before).exclude(state__in=OPEN_STATES)
    with transaction.atomic():
        Incident.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE])).delete()


def _follow_episodes(strategy: Strategy, incident: Incident) -> None:
    """Issues that joined an episode after it began; of rules on effects, only of the one that opened the incident."""
    known = set(incident.issues.values_list("pk", flat=True))
    for rule, issues in incident.episodes.filter(ended_at__isnull=True).values_list("rule", "issues"):
        if rule != incident.rule and joining.is_effect(joining.rule_called(strategy, rule)):
            continue
        new = [one for one in issues if one not in known]
        if new:
            with transaction.atomic():
                link_issues(incident, new)
            known.update(new)


def _escalate(strategy: Strategy, pk: int, due: Due, now: float) -> None:
    with transaction.atomic():
        incident = Incident.objects.select_related("project").get(pk=pk)
        # Somebody may have acknowledged it since it was read.
        if incident.severity not in due.step.severities or not still_told(incident, due.step):
            return
        if not _told_first(incident, due.what, now):
            return
        who = due.words(strategy)
        minutes = round((now - (incident.reopened_at or incident.detected_at).timestamp()) / 60)
        state = "Nobody has acknowledged it" if incident.state == State.TRIGGERED else "It is not resolved"
        write(incident, "escalated", f"Escalated to {who}: {state.lower()} after {minutes} min.", now)
        telling.told(
            incident,
            Kind.ESCALATED,
            f"Escalated to {who}: {incident.title}",
            now,
            channels=due.step.channels,
            recipients=due.step.roles,
            once=due.what,
            text=f"{state} after {minutes} min.",
        )


def _remind(strategy: Strategy, incident: Incident, now: float) -> list[float]:
    """Of what is overdue; gives when something else will be. The reach, which costs a count, is asked for only when it
    could matter."""
    later = []
    for duty in duties_of(strategy, incident):
        if duty.due <= now:
            _tell_overdue(strategy, incident, duty, now)
        else:
            later.append(duty.due)
    if not incident.is_open or incident.severity != min(strategy.severities):
        return later
    late = incident.detected_at.timestamp() + strategy.incidents.public_update_due_s
    if late > now:
        later.append(late)
    elif not Told.objects.filter(incident=incident, what__startswith="public_update:").exists():
        for duty in duties_of(strategy, incident, reach_of(incident)):
            if duty.kind == "public_update":
                _tell_overdue(strategy, incident, duty, now)
    return later


def _tell_overdue(strategy: Strategy, incident: Incident, duty: Duty, now: float) -> None:
    severity = strategy.severities.get(incident.severity)
    with transaction.atomic():
        if severity is None or not _told_first(incident, duty.what, now):
            return
        write(incident, "overdue", f"{duty.words}, and is overdue.", now, duty=duty.kind)
        telling.told(
            incident,
            Kind.UPDATE_DUE,
            f"{duty.words}: {incident.title}",
            now,
            channels=telling.chat_of(strategy, severity.channels),
            recipients=severity.recipients,
            once=duty.what,
            text=_WAYS_OUT[duty.kind],
        )


_WAYS_OUT = {
    "update": "Write a note on the incident's page: what is known, what is tried, when the next word comes.",
    "review": "Write down what was learned while it is fresh; the facts are filled in already.",
    "public_update": "Say on the status page what users notice; drafts are on the incident's page.",
}


def _told_first(incident: Incident, what: str, now: float) -> bool:
    _, is_new = Told.objects.get_or_create(incident=incident, what=what, defaults={"at": moment(now)})
    return is_new
