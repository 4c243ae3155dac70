"""What the people on call did about each incident, and when: through the incidents' own course, with times of the past."""

from __future__ import annotations

import random
from heapq import heappop, heappush

from monitor.access.models import User
from monitor.alerts.models import Episode
from monitor.history.audit_dates import AuditDates
from monitor.history.public_words import Act, PublicWords
from monitor.history.story import MINUTE_S, Story, Trouble
from monitor.incidents import course
from monitor.incidents.course import IncidentError
from monitor.incidents.journal import write
from monitor.incidents.models import Incident, Review, State
from monitor.incidents.services import open_or_update

_REVIEWED = {"P0": 1.0, "P1": 0.9, "P2": 0.6}
_HOUR_S = 3600


class Responders:
    """Whoever is on call: `alarmed` by episodes, they `act_until` a time."""

    def __init__(self, people: list[User], story: Story, chance: random.Random, dates: AuditDates) -> None:
        self._people = people
        self._story = story
        self._chance = chance
        self._due: list[tuple[float, int, int, Act]] = []
        self._planned = 0
        self._called: set[int] = set()
        self._dates = dates
        self._words = PublicWords(people, self._plan, chance)

    def alarmed(self, episode: Episode, trouble: Trouble | None, at: float) -> None:
        """Open or join an incident; of a new one, plan who does what when."""
        incident = open_or_update(episode, at)
        if incident is None:
            return
        if incident.episodes.count() == 1:
            self.called(incident, trouble, at)
        if trouble is not None:
            self._words.plan(incident, trouble, at)

    def called(self, incident: Incident, trouble: Trouble | None, at: float) -> None:
        """To an incident that is new: plan who does what when. Once for each."""
        if incident.pk in self._called:
            return
        self._called.add(incident.pk)
        chance, quiet = self._chance, self._story.calendar.busyness(at) < 0.2
        acknowledged = at + chance.uniform(1.2, 4.5) * MINUTE_S * (3 if quiet else 1)
        if at > self._story.calendar.until - 12 * MINUTE_S:
            return
        self._plan(acknowledged, incident, self._acknowledge)
        self._plan(acknowledged + chance.uniform(1, 4) * MINUTE_S, incident, self._investigate)
        if trouble is not None:
            self._plan(trouble.until + chance.uniform(10, 60), incident, self._mitigate)
            self._plan(trouble.until + chance.uniform(5, 16) * MINUTE_S, incident, self._resolve)
        review_at = max(acknowledged, trouble.until if trouble else at) + chance.uniform(5, 21) * _HOUR_S
        if chance.random() < _REVIEWED.get(incident.severity, 0.5):
            self._plan(review_at, incident, lambda one, when: self._review(one, when, trouble))

    def act_until(self, at: float) -> None:
        """All that is planned up to then, in order."""
        while self._due and self._due[0][0] <= at:
            when, _, pk, act = heappop(self._due)
            act(Incident.objects.get(pk=pk), when)
            self._dates.put_at(when)

    def _plan(self, at: float, incident: Incident, act: Act) -> None:
        self._planned += 1
        heappush(self._due, (at, self._planned, incident.pk, act))

    def _acknowledge(self, incident: Incident, at: float) -> None:
        if not course.acknowledge(incident, at):
            return
        incident.owner = self._chance.choice(self._people)
        incident.save()
        write(incident, "acknowledged", f"{incident.owner} deals with it.", at, by=incident.owner)

    def _investigate(self, incident: Incident, at: float) -> None:
        if incident.is_open and course.investigate(incident, at):
            incident.save()
            write(incident, "investigating", "Looking for the cause.", at, by=incident.owner)

    def _mitigate(self, incident: Incident, at: float) -> None:
        if incident.is_open and course.mitigate(incident, at):
            incident.save()
            write(incident, "mitigated", "Users no longer notice it.", at, by=incident.owner)

    def _resolve(self, incident: Incident, at: float) -> None:
        if course.resolve(incident, at):
            incident.save()
            write(incident, "resolved", "Watched for a while: it is over.", at, by=incident.owner)

    def _review(self, incident: Incident, at: float, trouble: Trouble | None) -> None:
        if incident.state != State.RESOLVED:
            # Still going on: looked at again half a day on.
            if incident.is_open:
                self._plan(at + 12 * _HOUR_S, incident, lambda one, when: self._review(one, when, trouble))
            return
        known = trouble is not None and trouble.cause
        Review.objects.create(
            incident=incident,
            summary=f"{incident.title}. (Generated history.)",
            root_cause=trouble.cause if known and trouble else "Not found; it did not happen again.",
            fix=trouble.fix if known and trouble else "None was needed.",
            prevention="It is watched for, and the runbook names it." if known else "",
            tests="A test fails without the fix." if known else "",
            monitoring="The rule that told of it stays as it is.",
            changed_at=course.moment(at),
            changed_by=incident.owner,
        )
        try:
            course.review(incident, at)
        except IncidentError:
            return
        incident.save()
        write(incident, "reviewed", "The review is complete.", at, by=incident.owner)
