"""Episodes kept: each begins and ends with its rule, in the transaction that says how far the journal is read."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.db import transaction

from monitor.alerts import announcing
from monitor.alerts.engine import Transition
from monitor.alerts.models import Episode
from monitor.incidents import services as incidents
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy

logger = logging.getLogger(__name__)
COURSE_MAX = 240
"""Points of a value's course; a longer one is thinned to half of them."""
GONE = "The strategy has no such rule any more, or not for this environment."

Spot = tuple[str, int, str, str]
"""Rule, project, environment, key."""


def keep(strategy: Strategy, transition: Transition, now: float) -> None:
    """In the caller's transaction: the row, and who is to be told."""
    if transition.kind == "fired":
        _begin(strategy, transition, now)
    else:
        _end(strategy, transition, now)


def end_orphans(strategy: Strategy, orphans: Sequence[Episode], now: float) -> None:
    """Open episodes whose rule is gone. In the caller's transaction."""
    for episode in orphans:
        episode.ended_because = GONE
        _over(strategy, episode, now, now)


def follow(strategy: Strategy, values: Mapping[Spot, float], now: float) -> None:
    """How open episodes go; and what was silent, if its time of silence is over."""
    changed = []
    for episode in Episode.objects.filter(ended_at__isnull=True):
        value = values.get((episode.rule, episode.project_id, episode.environment, episode.key))
        if value is not None and (not episode.course or episode.course[-1][1] != value):
            _note(episode, rule_called(strategy, episode.rule), now, value)
            changed.append(episode)
    if changed:
        with transaction.atomic():
            # Only these columns, and only while it is open: it may have ended meanwhile.
            for episode in changed:
                Episode.objects.filter(pk=episode.pk, ended_at__isnull=True).update(
                    worst=episode.worst, course=episode.course
                )
    announcing.tell_silenced(strategy, now)


def rule_called(strategy: Strategy, name: str) -> AlertRule | None:
    """None for one that the file no longer has."""
    return next((rule for rule in strategy.alerts if rule.id == name), None)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _begin(strategy: Strategy, transition: Transition, now: float) -> None:
    rule, evidence = transition.rule, transition.evidence
    episode, is_new = Episode.objects.get_or_create(
        rule=rule.id,
        project_id=transition.project_id,
        environment=transition.environment,
        key=transition.key,
        ended_at=None,
        defaults={
            "title": rule.title[:250],
            "severity": rule.severity,
            "release": evidence.releases[0] if evidence.releases else _release_in(transition),
            "began_at": transition.at,
            "first_event_at": transition.since,
            "value": transition.value,
            "worst": transition.value,
            "course": [[transition.at, transition.value]],
            "issues": list(evidence.issues),
            "events": list(evidence.events),
            "users": evidence.users,
        },
    )
    if not is_new:
        logger.error("The episode %s was open already.", episode)
        return
    episode.refresh_from_db()
    announcing.begun(strategy, rule, episode, now)


def _release_in(transition: Transition) -> str:
    return transition.key if transition.rule.release == "new" and transition.rule.per == "all" else ""


def _end(strategy: Strategy, transition: Transition, now: float) -> None:
    episode = Episode.objects.filter(
        rule=transition.rule.id,
        project_id=transition.project_id,
        environment=transition.environment,
        key=transition.key,
        ended_at=None,
    ).first()
    if episode is None:
        logger.error("No episode of %s is open that could end.", transition.rule.id)
        return
    if transition.value or transition.rule.watch.unit == "number":
        # A share of nothing is none.
        episode.course.append([transition.at, transition.value])
    _over(strategy, episode, transition.at, now)


def _over(strategy: Strategy, episode: Episode, at: float, now: float) -> None:
    # A clock that was set back must not make an end before its beginning.
    episode.ended_at = max(moment(at), episode.began_at)
    episode.save(update_fields=["ended_at", "ended_because", "worst", "course"])
    announcing.over(strategy, rule_called(strategy, episode.rule), episode, now)
    incidents.episode_ended(episode, now)


def _note(episode: Episode, rule: AlertRule | None, at: float, value: float) -> None:
    is_low = rule is not None and rule.fires == "under"
    episode.worst = min(episode.worst, value) if is_low else max(episode.worst, value)
    episode.course.append([at, value])
    if len(episode.course) > COURSE_MAX:
        # The first, the last, and every other between.
        episode.course = [*episode.course[:-1:2], episode.course[-1]]
