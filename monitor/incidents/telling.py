"""What people are told of an incident beyond its alerts: acknowledged, escalated, reminded, resolved. Rows of the outbox.

All messages of an incident have one thread, so that PagerDuty acknowledges and resolves what it was triggered with,
and mail stays together: `thread_of(incident)`; alerts of an incident use it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from monitor.alerts.links import incident_url, runbook_url
from monitor.alerts.messages import Kind, Link, Message
from monitor.alerts.models import Notification
from monitor.alerts.outbox import queue
from monitor.incidents.models import Incident
from monitor.site.strategy_file import current_strategy
from strategy import Strategy

_QUIET_KINDS = frozenset({"email", "github"})
"""Where a message for each click would be noise."""


def thread_of(incident: Incident) -> str:
    return f"incident-{incident.number}"


def opened_by_hand(incident: Incident, now: float) -> list[Notification]:
    channels, recipients = _of_severity(current_strategy(), incident)
    return told(
        incident,
        Kind.FIRED,
        incident.title,
        now,
        channels=channels,
        recipients=recipients,
        once="opened",
        text="Opened by hand.",
    )


def acknowledged(incident: Incident, who: str, now: float) -> list[Notification]:
    strategy = current_strategy()
    channels, recipients = _of_severity(strategy, incident)
    return told(
        incident,
        Kind.ACKNOWLEDGED,
        f"Acknowledged: {incident.title}",
        now,
        channels=[name for name in channels if strategy.channels[name].kind not in _QUIET_KINDS],
        recipients=recipients,
        once=f"acknowledged:{incident.reopened}",
        text=f"{who} deals with it.",
    )


def reopened(incident: Incident, who: str, now: float) -> list[Notification]:
    channels, recipients = _of_severity(current_strategy(), incident)
    return told(
        incident,
        Kind.FIRED,
        f"Open again: {incident.title}",
        now,
        channels=channels,
        recipients=recipients,
        once=f"reopened:{incident.reopened}",
        text=f"{who} says it is not over.",
    )


def resolved(incident: Incident, now: float, text: str = "") -> list[Notification]:
    """To channels that tell so; of those that were told of it, all."""
    strategy = current_strategy()
    channels, recipients = _of_severity(strategy, incident)
    of_it = Q(incident=incident) | Q(episode__incident=incident)
    before = Notification.objects.filter(of_it, kind__in=[Kind.FIRED, Kind.ESCALATED])
    channels = (*channels, *before.values_list("channel", flat=True).distinct())
    took = (incident.resolved_at or incident.detected_at) - incident.started_at
    return told(
        incident,
        Kind.RESOLVED,
        f"Resolved: {incident.title}",
        now,
        channels=[
            name for name in channels if name in strategy.channels and strategy.channels[name].tells_resolved
        ],
        recipients=recipients,
        once=f"resolved:{incident.reopened}",
        text=text or "All of its alerts are over.",
        facts=(("Took", f"{round(took.total_seconds() / 60)} min"),),
    )


def told(
    incident: Incident,
    kind: Kind,
    title: str,
    now: float,
    *,
    channels: Iterable[str],
    once: str,
    recipients: Sequence[str] = (),
    text: str = "",
    facts: tuple[tuple[str, str], ...] = (),
    details: dict[str, object] | None = None,
) -> list[Notification]:
    """Rows for the channels that have not been told `once` of this incident before; gives the new ones."""
    return queue(
        _message(incident, kind, title, now, text=text, facts=facts, details=details or {}),
        channels=channels,
        recipients=recipients,
        once=f"incident:{incident.number}:{once}",
        now=now,
        incident=incident,
    )


def _message(
    incident: Incident,
    kind: Kind,
    title: str,
    now: float,
    *,
    text: str,
    facts: tuple[tuple[str, str], ...],
    details: dict[str, object],
) -> Message:
    links = [Link("incident", f"Incident #{incident.number}", incident_url(incident.number))]
    if incident.runbook:
        links.append(Link("runbook", "Runbook", runbook_url(incident.runbook)))
    return Message(
        kind=kind,
        title=title[:250],
        thread=thread_of(incident),
        at=now,
        severity=incident.severity,
        environment=incident.environment,
        project=incident.project.slug if incident.project else "",
        text=text,
        facts=(("State", incident.get_state_display()), *facts, *_known(incident)),
        links=tuple(links),
        rule=incident.rule,
        details={"incident": incident.number, "state": incident.state, **details},
    )


def _known(incident: Incident) -> tuple[tuple[str, str], ...]:
    """What is known of its issues from before."""
    notes = incident.issues.filter(known_error__gt="").values_list("known_error", flat=True)[:1]
    return tuple(("Known error", note[:500]) for note in notes)


def chat_of(strategy: Strategy, channels: Iterable[str]) -> list[str]:
    """Those of them that a reminder may go through: it neither pages anybody nor opens an issue."""
    kinds = {"pagerduty", "github"}
    return [
        name for name in channels if name in strategy.channels and strategy.channels[name].kind not in kinds
    ]


def _of_severity(strategy: Strategy, incident: Incident) -> tuple[tuple[str, ...], tuple[str, ...]]:
    severity = strategy.severities.get(incident.severity)
    if severity is None:
        return (), ()
    return severity.channels, severity.recipients
