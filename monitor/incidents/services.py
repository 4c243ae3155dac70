"""How incidents begin and end: by alerts, in the transaction that begins or ends the episode, or by hand."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Max

from monitor.access.audit import Actor, record, user_behind
from monitor.alerts.models import Episode
from monitor.incidents import course, joining, telling
from monitor.incidents.course import moment
from monitor.incidents.journal import write
from monitor.incidents.models import Incident, State
from monitor.issues.models import Issue
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from strategy import Strategy


def open_or_update(episode: Episode, now: float) -> Incident | None:
    """Of an episode that has begun: the incident that it joins or opens; None where its severity opens none.

    Sets `episode.incident`, and saves it. Whether people are told of the episode's environment, the caller knows:
    where they are not, this is not called.
    """
    strategy = current_strategy()
    severity = strategy.severities.get(episode.severity)
    if severity is None:
        return None
    with transaction.atomic():
        found = joining.incident_for(strategy, episode, now)
        links = not joining.is_effect(joining.rule_called(strategy, episode.rule))
        if found is not None:
            incident = _join(strategy, *found, episode, now)
        elif severity.opens_incident:
            incident, links = _open(strategy, episode, now), True
        else:
            return None
        episode.incident = incident
        Episode.objects.filter(pk=episode.pk).update(incident=incident)
        if links:
            # What joins by its effects alone would bring all that went wrong at the time.
            link_issues(incident, episode.issues)
    return incident


def episode_ended(episode: Episode, now: float) -> None:
    """Resolves its incident when it was the last one of it. An incident that a person opened stays open."""
    if episode.incident_id is None:
        return
    with transaction.atomic():
        incident = Incident.objects.get(pk=episode.incident_id)
        ended = episode.ended_at.timestamp() if episode.ended_at else now
        write(incident, "alert_ended", f"Over: {episode.title}", ended, episode=episode.pk)
        others = incident.episodes.filter(ended_at__isnull=True).exclude(pk=episode.pk)
        if others.exists() or not incident.rule or not course.resolve(incident, ended, by_alerts=True):
            return
        incident.save()
        text = "Resolved by itself: all of its alerts are over."
        write(incident, "resolved", text, incident.resolved_at or now)
        telling.resolved(incident, now)


def open_by_hand(
    project: Project,
    *,
    title: str,
    severity: str,
    now: float,
    by: Actor,
    environment: str = "",
    started_at: float | None = None,
    issues: Iterable[Issue] = (),
) -> Incident:
    """Whoever opens it deals with it. `started_at`: when users first noticed; not after now."""
    linked = list(issues)
    first = linked[0] if linked else None
    with transaction.atomic():
        incident = Incident(
            number=_next_number(),
            title=title[:250],
            severity=severity,
            state=State.ACKNOWLEDGED,
            project=project,
            environment=environment[:64],
            category=first.category if first else "",
            release=first.last_release if first else "",
            runbook=runbook_of(current_strategy(), first.category if first else ""),
            owner=user_behind(by),
            started_at=moment(min(started_at or now, now)),
            detected_at=moment(now),
            acknowledged_at=moment(now),
            updated_at=moment(now),
        )
        incident.recurrence_of = joining.earlier_one(current_strategy(), incident, [one.pk for one in linked])
        incident.save()
        incident.issues.set(linked)
        write(incident, "opened", "Opened by hand.", now, by=by)
        record(by, "incident.opened", incident, project, severity=severity)
        telling.opened_by_hand(incident, now)
    return incident


def open_by_process(
    project: Project,
    *,
    title: str,
    severity: str,
    now: float,
    by: str,
    environment: str = "",
    release: str = "",
    started_at: float | None = None,
) -> Incident:
    """Of something that no alert rule watches, such as a release that should be taken back: nobody deals with it yet.

    `by` is the process that opens it, which tells people of it in its own words.
    """
    with transaction.atomic():
        incident = Incident(
            number=_next_number(),
            title=title[:250],
            severity=severity,
            project=project,
            environment=environment[:64],
            release=release[:200],
            started_at=moment(min(started_at or now, now)),
            detected_at=moment(now),
            updated_at=moment(now),
        )
        incident.save()
        write(incident, "opened", f"Opened by {by}: {title}", now)
        record(by, "incident.opened", incident, project, severity=severity)
    return incident


def link_issues(incident: Incident, issues: Iterable[object]) -> None:
    """Those that exist, of the incident's project."""
    wanted = [one for one in issues if isinstance(one, int)]
    if wanted:
        incident.issues.add(*Issue.objects.filter(pk__in=wanted, project=incident.project_id))


def runbook_of(strategy: Strategy, category: str) -> str:
    of_category = strategy.categories.get(category)
    return (of_category.runbook or "") if of_category else ""


def _open(strategy: Strategy, episode: Episode, now: float) -> Incident:
    told = joining.told_by(strategy, episode)
    rule = joining.rule_called(strategy, episode.rule)
    began = episode.began_at.timestamp()
    first = episode.first_event_at.timestamp() if episode.first_event_at else began
    category = next(iter(sorted(told.categories)), "") if len(told.categories) == 1 else ""
    incident = Incident(
        number=_next_number(),
        title=episode.title,
        severity=episode.severity,
        project_id=episode.project_id,
        environment=episode.environment,
        rule=episode.rule,
        category=category,
        release=episode.release,
        runbook=rule.runbook if rule else runbook_of(strategy, category),
        started_at=moment(min(first, began)),
        detected_at=moment(began),
        updated_at=moment(began),
    )
    incident.save()
    write(incident, "opened", f"Opened by the alert: {episode.title}", began, episode=episode.pk)
    _name_the_one_before(strategy, incident, episode, began)
    record("alerts", "incident.opened", incident, incident.project, severity=incident.severity)
    return incident


def _join(strategy: Strategy, incident: Incident, why: str, episode: Episode, now: float) -> Incident:
    began = max(episode.began_at.timestamp(), incident.detected_at.timestamp())
    write(incident, "alert", f"Alert: {episode.title} ({why})", began, episode=episode.pk)
    if not incident.is_open:
        course.reopen(incident, began)
        write(incident, "reopened", "Open again: an alert came back within half an hour.", began)
    elif incident.state == State.MITIGATED:
        course.investigate(incident, began)
        write(incident, "investigating", "No longer mitigated: an alert came.", began)
    _follow_the_sharper(strategy, incident, episode, began)
    first = episode.first_event_at
    if first is not None and first < incident.started_at:
        incident.started_at = first
    incident.save()
    _name_the_one_before(strategy, incident, episode, began)
    return incident


def _name_the_one_before(strategy: Strategy, incident: Incident, episode: Episode, at: float) -> None:
    """As soon as an alert that names a cause says what it is."""
    told = joining.told_by(strategy, episode)
    if incident.recurrence_of_id is not None or told.is_effect:
        return
    before = joining.earlier_one(strategy, incident, told.issues, episode.key)
    if before is not None:
        incident.recurrence_of = before
        incident.save(update_fields=["recurrence_of"])
        write(incident, "recurrence", f"It has happened before: {before}", at, number=before.number)


def _follow_the_sharper(strategy: Strategy, incident: Incident, episode: Episode, at: float) -> None:
    """Severity is raised, unless a person has set it; name and runbook are those of the rule that says most.

    Of an effect, that is one that names a cause; but not a lesser one: an error that is new, among all that an outage
    brings, is not what people should read first.
    """
    if episode.severity < incident.severity and not incident.severity_by_hand:
        text = f"Severity {incident.severity} → {episode.severity}: {episode.title}"
        write(incident, "severity", text, at)
        incident.severity = episode.severity
        is_worse = True
    else:
        is_worse = False
    rule, before = (joining.rule_called(strategy, name) for name in (episode.rule, incident.rule))
    if rule is None or before is None:
        return
    told = joining.told_by(strategy, episode)
    is_as_bad = episode.severity <= before.severity
    names_cause = is_as_bad and joining.is_effect(before) and not incident.category and not told.is_effect
    is_sharper = rule.id in before.yields_to
    says_more = is_worse and (joining.is_effect(before) or not told.is_effect)
    if says_more or names_cause or is_sharper:
        incident.title, incident.rule, incident.runbook = episode.title, rule.id, rule.runbook
        if len(told.categories) == 1:
            incident.category = next(iter(told.categories))


def _next_number() -> int:
    """Transactions are IMMEDIATE: no other can take it meanwhile."""
    return (Incident.objects.aggregate(last=Max("number"))["last"] or 0) + 1
