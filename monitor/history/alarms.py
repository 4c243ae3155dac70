"""Which rules would have fired: the engine of the alerts itself, run over the month; and what people were told."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction

from monitor.access.models import User
from monitor.alerts.engine import Engine, Transition
from monitor.alerts.measurements import Measurement
from monitor.alerts.messages import Kind, Link, Message
from monitor.alerts.models import Episode, Notification
from monitor.alerts.outbox import queue
from monitor.alerts.telling import telling
from monitor.digest.facts import Fact
from monitor.history.audit_dates import AuditDates
from monitor.history.meanwhile import Meanwhile
from monitor.history.responders import Responders
from monitor.history.story import Story, Trouble
from monitor.history.traffic import Traffic
from monitor.incidents.services import episode_ended
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy

_FAILS = 0.03
_OF_NO_USE = {"new-issue": 0.12, "issue-600-an-hour": 0.3, "failed-logins": 0.5}
_SAID = 0.7
"""Of the episodes somebody said whether they were of use."""
_NOT_SAID_LATELY_S = 6 * 3600
_LOOKS_BACK_S = 3600
_PROBLEM = "503 Service Unavailable, six times in 27 minutes (generated)"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An episode with what belongs to it in the story: None for what the story does not tell of."""

    episode: Episode
    trouble: Trouble | None


def raise_alarms(
    story: Story,
    traffic: Traffic,
    stream: Iterable[Fact | Measurement],
    project: Project,
    people: list[User],
    seed: int,
) -> int:
    """Episodes and their incidents, as things went on, and releases to be taken back; gives how many episodes."""
    chance = random.Random(f"{seed}:alarms")  # noqa: S311
    dates = AuditDates()
    responders = Responders(people, story, random.Random(f"{seed}:responders"), dates)  # noqa: S311
    meanwhile = Meanwhile(story, traffic, project, responders, dates)
    times: dict[str, float] = {}
    alarms: list[Alarm] = []
    open_ones: dict[tuple[str, str], Alarm] = {}
    with transaction.atomic():
        for transition in _transitions(story, stream, times):
            meanwhile.until(transition.at)
            key = (transition.rule.id, transition.key)
            if transition.kind == "fired":
                if _is_open_already(transition, project):
                    continue  # of what was there before: --force
                alarm = open_ones[key] = _begin(story, transition, project, times)
                alarms.append(alarm)
                responders.alarmed(alarm.episode, alarm.trouble, transition.at)
            elif key in open_ones:
                _end(open_ones.pop(key), transition)
            dates.put_at(transition.at)
        meanwhile.until(story.calendar.until)
        for alarm in alarms:
            _judge_use(story, alarm, chance)
            _tell(alarm, project, chance)
        for row in Notification.objects.filter(state=Notification.State.WAITING, incident__project=project):
            mark_delivered(row, chance)
    return len(alarms)


def _transitions(
    story: Story, stream: Iterable[Fact | Measurement], times: dict[str, float]
) -> Iterator[Transition]:
    """`times` learns when each event happened."""
    engine = Engine(current_strategy())
    for each in stream:
        if isinstance(each, Fact):
            times[each.uid.hex()] = each.time
            yield from engine.fact(each)
        else:
            yield from engine.measure(each)
    yield from engine.tick(story.calendar.until)


def _is_open_already(found: Transition, project: Project) -> bool:
    return Episode.objects.filter(
        rule=found.rule.id, key=found.key[:250], project=project, environment=found.environment, ended_at=None
    ).exists()


def _begin(story: Story, found: Transition, project: Project, times: dict[str, float]) -> Alarm:
    rule = found.rule
    trouble = _trouble_of(story, found)
    first = _first_of(found, trouble, times)
    episode = Episode.objects.create(
        rule=rule.id,
        key=found.key[:250],
        title=rule.title[:250],
        severity=rule.severity,
        project=project,
        environment=found.environment,
        release=story.release_at(found.at),
        began_at=_moment(found.at),
        first_event_at=_moment(first),
        value=found.value,
        worst=found.value,
        issues=list(found.evidence.issues),
        events=list(found.evidence.events),
    )
    return Alarm(episode, trouble)


def _first_of(found: Transition, trouble: Trouble | None, times: dict[str, float]) -> float:
    """When what it tells of began: its first event within the rule's window, or the trouble, as far as it was seen."""
    window = found.at - min(found.rule.window_s or 60, _LOOKS_BACK_S)
    known = [at for uid in found.evidence.events if window <= (at := times.get(uid, 0.0)) <= found.at]
    if known:
        return min(known)
    return min(max(window, trouble.since), found.at) if trouble is not None else found.at


def _trouble_of(story: Story, found: Transition) -> Trouble | None:
    """What of the story it is about: the one that went on then, of its category if the rule has one."""
    after_s = min(found.rule.window_s or 300, _LOOKS_BACK_S)
    lately = [one for one in story.troubles if one.is_sudden and one.since <= found.at <= one.until + after_s]
    wanted = set(found.rule.categories)
    fitting = [one for one in lately if not wanted or one.fault.category in wanted]
    return min(fitting, key=lambda one: one.until - one.since, default=None)


def _end(alarm: Alarm, found: Transition) -> None:
    alarm.episode.ended_at = _moment(found.at)
    alarm.episode.save(update_fields=["ended_at"])
    episode_ended(alarm.episode, found.at)


def _judge_use(story: Story, alarm: Alarm, chance: random.Random) -> None:
    episode = alarm.episode
    began = episode.began_at.timestamp()
    if began > story.calendar.until - _NOT_SAID_LATELY_S or chance.random() > _SAID:
        return
    of_no_use = 0.0 if alarm.trouble is not None else _OF_NO_USE.get(episode.rule, 0.04)
    episode.useful = chance.random() >= of_no_use
    episode.useful_at = _moment(began + chance.uniform(600, 7200))
    episode.save(update_fields=["useful", "useful_at"])


def _tell(alarm: Alarm, project: Project, chance: random.Random) -> None:
    """As it would have been told, sent long ago: nothing of it waits."""
    episode = alarm.episode
    strategy = current_strategy()
    rule = next(one for one in strategy.alerts if one.id == episode.rule)
    began = episode.began_at.timestamp()
    told = telling(strategy, rule, episode.environment, began)
    rows = queue(
        _message(episode, project, Kind.FIRED, began),
        channels=told.channels,
        once=f"generated:fired:{episode.pk}",
        now=began,
        recipients=told.recipients,
        not_before=told.not_before,
        episode=episode,
    )
    if episode.ended_at is not None:
        ended = episode.ended_at.timestamp()
        channels = [name for name in told.channels if strategy.channels[name].tells_resolved]
        rows += queue(
            _message(episode, project, Kind.RESOLVED, ended),
            channels=channels,
            once=f"generated:resolved:{episode.pk}",
            now=ended,
            recipients=told.recipients,
            not_before=max(ended, told.not_before),
            episode=episode,
        )
    for row in rows:
        mark_delivered(row, chance)


def mark_delivered(row: Notification, chance: random.Random) -> None:
    """Sent, or now and then given up: in the past, so that nobody sends it now."""
    due = _seconds(row.not_before)
    row.answer = {"generated": True}
    if chance.random() < _FAILS:
        row.state, row.attempts, row.problem = Notification.State.FAILED, 6, _PROBLEM
    else:
        row.state, row.attempts = Notification.State.SENT, 1
        row.sent_at = _moment(due + chance.uniform(0.2, 2.0))
    row.save(update_fields=["answer", "state", "attempts", "problem", "sent_at"])


def _seconds(moment: datetime | float) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else moment


def _message(episode: Episode, project: Project, kind: Kind, at: float) -> Message:
    runbook = next(one.runbook for one in current_strategy().alerts if one.id == episode.rule)
    return Message(
        kind=kind,
        title=episode.title if kind == Kind.FIRED else f"Over: {episode.title}",
        thread=f"episode:{episode.pk}",
        at=at,
        severity=episode.severity,
        environment=episode.environment,
        project=project.slug,
        text="Generated history: nobody was told this.",
        facts=(("Value", f"{episode.value:.6g}"), ("Of", episode.key), ("Release", episode.release)),
        links=(Link("runbook", "Runbook", f"{settings.PUBLIC_URL}/{runbook}"),),
        rule=episode.rule,
        details={"generated": True},
    )


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
