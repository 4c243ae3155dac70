"""Who is told of an episode's beginning and end: once for each channel, after quiet hours, not while muted, several as one.

The first episode of a rule at a place is told at once. Others of the same rule that begin within ten minutes of it, such
as twenty routes that become slow together, follow it: they are told together, half a minute after the first of them.
"""

from __future__ import annotations

from monitor.alerts import composing, muting
from monitor.alerts.messages import Kind, Message
from monitor.alerts.models import Episode, Mute, Notification
from monitor.alerts.outbox import queue
from monitor.alerts.telling import Telling, telling
from monitor.incidents import services as incidents
from monitor.incidents.models import Incident
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy

FOLLOWS_WITHIN_S = 600.0
GATHERED_FOR_S = 30.0


def begun(strategy: Strategy, rule: AlertRule, episode: Episode, now: float) -> None:
    """In the transaction that has made the episode: its incident, and what people are told, if they are."""
    told = telling(strategy, rule, episode.environment, max(now, episode.began_at.timestamp()))
    mute = muting.mute_of(muting.mutes_at(now), rule.id, episode.project_id, episode.key)
    silence = _silence(rule, episode, told, mute)
    if silence:
        episode.silence = silence[:300]
        episode.save(update_fields=["silence"])
    if mute is not None or not told.channels:
        if mute is None and _alerts_in(strategy, rule, episode.environment):
            incidents.open_or_update(episode, now)
        return
    incident = incidents.open_or_update(episode, now)
    episode.leader = _leader(episode)
    if episode.leader is None:
        message = composing.fired(strategy, rule, episode, incident)
        _queue(message, told, f"fired:{episode.pk}", now, episode, incident)
    else:
        episode.save(update_fields=["leader"])
        _gather(strategy, rule, episode, told, now, incident)


def over(strategy: Strategy, rule: AlertRule | None, episode: Episode, now: float) -> None:
    """In the transaction that has ended the episode."""
    head = episode.leader or episode
    group = [head, *head.followers.all()]
    sent = Notification.objects.filter(episode__in=group, kind=Kind.FIRED)
    waiting = sent.filter(state=Notification.State.WAITING, attempts=0, claimed_until__isnull=True)
    if any(one.ended_at is None for one in group):
        return
    for notification in waiting.exclude(not_before__lte=now):
        # Not told yet, as in quiet hours: then it is told as what it was, and needs no second message.
        kept = Message.from_json(notification.message)
        notification.message = composing.already_over(kept, head).as_json()
        notification.save(update_fields=["message"])
    if head.incident is not None:
        # In its thread, the message would resolve at PagerDuty what is open here. The incident tells its own end: when all
        # of its alerts are over, or, opened by hand, when somebody resolves it.
        return
    told = sent.exclude(pk__in=waiting.filter(not_before__gt=now)).exclude(state=Notification.State.WITHDRAWN)
    channels = [
        name
        for name in told.values_list("channel", flat=True).distinct()
        if name in strategy.channels and strategy.channels[name].tells_resolved
    ]
    recipients = told.values_list("recipients", flat=True).first() or []
    message = composing.resolved(strategy, rule, head, len(group))
    queue(
        message,
        channels=channels,
        once=f"resolved:{head.pk}",
        now=now,
        recipients=recipients,
        episode=head,
        incident=head.incident,
    )


def tell_silenced(strategy: Strategy, now: float) -> None:
    """Open episodes that were muted, and are no longer: told now."""
    open_ones = Episode.objects.filter(ended_at__isnull=True, silence__startswith=_MUTED)
    if not open_ones:
        return
    mutes = list(muting.mutes_at(now))
    for episode in open_ones:
        rule = next((one for one in strategy.alerts if one.id == episode.rule), None)
        if rule is not None and muting.mute_of(mutes, rule.id, episode.project_id, episode.key) is None:
            episode.silence = ""
            episode.save(update_fields=["silence"])
            begun(strategy, rule, episode, now)


_MUTED = "Muted"


def _silence(rule: AlertRule, episode: Episode, told: Telling, mute: Mute | None) -> str:
    if mute is not None:
        who = mute.by.name or mute.by.email if mute.by else "somebody"
        return f"{_MUTED} until {mute.until:%Y-%m-%d %H:%M} UTC by {who}: {mute.reason}"
    if not told.channels:
        return f"Nobody is told of {rule.severity} in {episode.environment}."
    return ""


def _alerts_in(strategy: Strategy, rule: AlertRule, environment: str) -> bool:
    where = strategy.environments.get(environment)
    return environment in rule.environments or (where is not None and where.alerts)


def _leader(episode: Episode) -> Episode | None:
    began = episode.began_at.timestamp()
    return (
        Episode.objects.filter(
            rule=episode.rule,
            project=episode.project_id,
            environment=episode.environment,
            leader__isnull=True,
            silence="",
            began_at__gte=began - FOLLOWS_WITHIN_S,
        )
        .exclude(pk=episode.pk)
        .exclude(key=episode.key)
        .order_by("began_at", "pk")
        .first()
    )


def _gather(
    strategy: Strategy,
    rule: AlertRule,
    episode: Episode,
    told: Telling,
    now: float,
    incident: Incident | None,
) -> None:
    """Into the message that waits to tell of those that follow the same one, or into a new one."""
    leader = episode.leader
    assert leader is not None  # noqa: S101  (the caller's reason to call)
    rows = Notification.objects.filter(episode__leader=leader, kind=Kind.FIRED)
    waiting = rows.filter(
        state=Notification.State.WAITING, attempts=0, claimed_until__isnull=True, not_before__gt=now
    )
    if waiting:
        first = waiting[0].episode
        together = [one for one in leader.followers.order_by("pk") if first is None or one.pk >= first.pk]
        message = composing.gathered(strategy, rule, leader, together, incident)
        waiting.update(message=message.as_json())
        return
    message = composing.gathered(strategy, rule, leader, [episode], incident)
    later = Telling(told.channels, told.recipients, max(told.not_before, now + GATHERED_FOR_S))
    _queue(message, later, f"fired:{episode.pk}", now, episode, incident)


def _queue(
    message: Message, told: Telling, once: str, now: float, episode: Episode, incident: Incident | None
) -> None:
    queue(
        message,
        channels=told.channels,
        once=once,
        now=now,
        recipients=told.recipients,
        not_before=max(now, told.not_before),
        episode=episode,
        incident=incident,
    )
