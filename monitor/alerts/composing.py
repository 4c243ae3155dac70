"""The messages of an episode: what it is, in figures and words, and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.alerts import links, wording
from monitor.alerts.messages import Kind, Link, Message
from monitor.alerts.models import Episode
from monitor.incidents.models import Incident
from monitor.incidents.telling import thread_of
from monitor.issues.models import Issue
from monitor.site.quantities import span
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy

_ISSUES = 3
_NAMED = 12
_MOMENT = "%Y-%m-%d %H:%M:%S UTC"


def fired(strategy: Strategy, rule: AlertRule, episode: Episode, incident: Incident | None) -> Message:
    """An alert has begun."""
    issues = _issues_of(episode)
    facts = [("Value", wording.value(rule, episode.value)), ("Threshold", wording.threshold(rule))]
    first = episode.first_event_at or episode.began_at
    facts.append(("Since", first.strftime(_MOMENT)))
    if episode.users:
        facts.append(("Users", f"{episode.users:,} in the latest events"))
    if episode.release:
        facts.append(("Release", episode.release))
    facts += [("Issue", _line_of(issue)) for issue in issues]
    return Message(
        kind=Kind.FIRED,
        title=_title(rule, episode),
        thread=_thread(episode, incident),
        at=episode.began_at.timestamp(),
        severity=episode.severity,
        environment=episode.environment,
        project=episode.project.slug,
        text=f"{wording.watched(strategy, rule)} It holds from {wording.threshold(rule)} on.",
        facts=tuple(facts),
        links=_links(rule, episode, incident, issues),
        rule=rule.id,
        details=_details(episode, incident),
    )


def gathered(
    strategy: Strategy, rule: AlertRule, leader: Episode, more: Sequence[Episode], incident: Incident | None
) -> Message:
    """Others of the same rule have begun shortly after `leader`."""
    message = fired(strategy, rule, more[0], incident)
    if len(more) == 1:
        return message
    named = [
        f"- {wording.about(rule, one.key) or one.key}: {wording.value(rule, one.value)}"
        for one in more[:_NAMED]
    ]
    rest = f"\n- and {len(more) - _NAMED} more" if len(more) > _NAMED else ""
    return replace(
        message,
        title=f"{rule.title}: {len(more)} more"[:250],
        thread=_thread(leader, incident),
        text="\n".join(named) + rest,
        facts=(("Threshold", wording.threshold(rule)), ("Together with", _title(rule, leader))),
        details={**message.details, "keys": [one.key for one in more[:100]]},
    )


def resolved(strategy: Strategy, rule: AlertRule | None, episode: Episode, number: int) -> Message:
    """It no longer holds; with `number` - 1 that had followed it."""
    ended = episode.ended_at or episode.began_at
    facts = [("Lasted", span((ended - episode.began_at).total_seconds()))]
    facts.append(("Worst", wording.value(rule, episode.worst)))
    if number > 1:
        facts.append(("With it", f"{number - 1} more of the same rule"))
    return Message(
        kind=Kind.RESOLVED,
        title=f"Over: {_title(rule, episode)}"[:250],
        thread=_thread(episode, episode.incident),
        at=ended.timestamp(),
        severity=episode.severity,
        environment=episode.environment,
        project=episode.project.slug,
        text=episode.ended_because or "The rule no longer holds.",
        facts=tuple(facts),
        links=_links(rule, episode, episode.incident, []),
        rule=episode.rule,
        details=_details(episode, episode.incident),
    )


def already_over(message: Message, episode: Episode) -> Message:
    """A message that nobody has seen yet, of what has ended meanwhile."""
    ended = episode.ended_at or episode.began_at
    lasted = span((ended - episode.began_at).total_seconds())
    facts = (*message.facts, ("Over", f"{ended.strftime(_MOMENT)}, after {lasted}"))
    return replace(message, facts=facts, details={**message.details, "ended_at": ended.timestamp()})


def _title(rule: AlertRule | None, episode: Episode) -> str:
    about = wording.about(rule, episode.key)
    return f"{episode.title} ({about})"[:250] if about else episode.title


def _thread(episode: Episode, incident: Incident | None) -> str:
    if incident is not None:
        return thread_of(incident)
    return f"episode-{episode.leader_id or episode.pk}"


def _issues_of(episode: Episode) -> list[Issue]:
    """The few that are named, in the order of the evidence."""
    wanted = [one for one in episode.issues if isinstance(one, int)][:_ISSUES]
    found = Issue.objects.filter(project=episode.project_id).in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def _line_of(issue: Issue) -> str:
    return f"{issue.title}"[:200]


def _links(
    rule: AlertRule | None, episode: Episode, incident: Incident | None, issues: Sequence[Issue]
) -> tuple[Link, ...]:
    found = [Link("issue", _line_of(issue)[:80], links.issue_url(issue.pk)) for issue in issues]
    found.append(Link("alert", "Alert", links.episode_url(episode.pk)))
    if incident is not None:
        found.append(Link("incident", f"Incident #{incident.number}", links.incident_url(incident.number)))
    if rule is not None and links.runbook_url(rule.runbook):
        found.append(Link("runbook", "Runbook", links.runbook_url(rule.runbook)))
    return tuple(found)


def _details(episode: Episode, incident: Incident | None) -> dict[str, object]:
    return {
        "episode": episode.pk,
        "incident": incident.number if incident is not None else None,
        "key": episode.key,
        "value": episode.value,
        "worst": episode.worst,
        "issues": episode.issues,
        "events": episode.events,
        "release": episode.release,
        "began_at": episode.began_at.timestamp(),
    }
