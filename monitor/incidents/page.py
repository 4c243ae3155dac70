"""All that the page of an incident shows, each part asked for when the template comes to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q

from monitor.access.models import User
from monitor.alerts.models import Episode, Notification
from monitor.feedback.models import Feedback, Status
from monitor.incidents import changed, handling
from monitor.incidents.changed import Changed
from monitor.incidents.duties import Duty, duties_of
from monitor.incidents.escalation import Due, next_step, steps_of, still_told
from monitor.incidents.models import Incident, Tick, TimelineEntry
from monitor.incidents.owners import owners_of
from monitor.incidents.reach import Reach, events_of, reach_of
from monitor.incidents.ruler import Ruler, ruler_of
from monitor.issues.models import Issue
from monitor.rota.selectors import Contact, contacts
from monitor.site.runbooks import name_of
from strategy import Strategy

_ISSUES = 25
_FEEDBACK = 5
_NOTIFICATIONS = 60


@dataclass(frozen=True, slots=True)
class Item:
    """Of a checklist; `tick` says by whom it was done."""

    text: str
    tick: Tick | None


@dataclass(frozen=True, slots=True)
class Checklist:
    name: str
    title: str
    items: list[Item]

    @property
    def done(self) -> int:
        return sum(item.tick is not None for item in self.items)


@dataclass(frozen=True)
class IncidentPage:
    incident: Incident
    strategy: Strategy
    now: datetime
    may_change: bool

    @property
    def took_s(self) -> float:
        """How long it has run, or ran."""
        end = self.incident.resolved_at or max(self.now, self.incident.detected_at)
        return float((end - self.incident.started_at).total_seconds())

    @cached_property
    def actions(self) -> list[tuple[str, str, str]]:
        return handling.actions_for(self.incident) if self.may_change else []

    @cached_property
    def told(self) -> frozenset[str]:
        return frozenset(self.incident.told.values_list("what", flat=True))

    @cached_property
    def next_step(self) -> Due | None:
        return next_step(self.strategy, self.incident, self.told)

    @property
    def next_step_words(self) -> str:
        return self.next_step.words(self.strategy) if self.next_step else ""

    @property
    def next_step_in_s(self) -> float:
        """Negative where it is due and about to be told."""
        return self.next_step.at - self.now.timestamp() if self.next_step else 0.0

    @cached_property
    def steps(self) -> list[tuple[Due, str, str]]:
        """All of the escalation: the step, whom, and `told`, `coming` or `spared`, as nobody need be told any more."""
        found = []
        for due in steps_of(self.strategy, self.incident):
            coming = "coming" if still_told(self.incident, due.step) else "spared"
            found.append((due, due.words(self.strategy), "told" if due.what in self.told else coming))
        return found

    @cached_property
    def duties(self) -> list[tuple[Duty, float]]:
        """With the seconds that are left, negative when overdue."""
        reach = self.reach if self.incident.is_open else None
        found = duties_of(self.strategy, self.incident, reach)
        return [(duty, duty.due - self.now.timestamp()) for duty in found]

    @cached_property
    def reach(self) -> Reach:
        return reach_of(self.incident)

    @cached_property
    def events(self) -> int:
        return events_of(self.incident)

    @cached_property
    def ruler(self) -> Ruler:
        return ruler_of(self.strategy, self.incident, self.now)

    @cached_property
    def timeline(self) -> list[TimelineEntry]:
        """The last first: that is what whoever joins reads."""
        return list(self.incident.timeline.select_related("user").order_by("-at", "-pk"))

    @cached_property
    def changed(self) -> list[Changed]:
        return changed.changed_around(self.incident, self.now)

    @cached_property
    def checklists(self) -> list[Checklist]:
        ticks = {
            (one.checklist, one.item): one
            for one in self.incident.ticks.select_related("user").order_by("pk")
        }
        return [
            Checklist(
                name,
                title,
                [Item(text, ticks.get((name, text))) for text in handling.items_of(self.strategy, name)],
            )
            for name, title in handling.CHECKLISTS.items()
        ]

    @cached_property
    def issues(self) -> list[Issue]:
        return list(self.incident.issues.select_related("project").order_by("-times")[:_ISSUES])

    @property
    def known_errors(self) -> list[Issue]:
        return [issue for issue in self.issues if issue.known_error]

    @cached_property
    def episodes(self) -> list[Episode]:
        return list(self.incident.episodes.order_by("began_at", "pk"))

    @cached_property
    def notifications(self) -> list[Notification]:
        mine = Q(incident=self.incident.pk) | Q(episode__incident=self.incident.pk)
        return list(Notification.objects.filter(mine).order_by("-created_at", "-pk")[:_NOTIFICATIONS])

    @property
    def told_through(self) -> list[tuple[str, dict[str, int]]]:
        """Each channel with how many messages stand how."""
        found: dict[str, Counter[str]] = {}
        for one in self.notifications:
            found.setdefault(one.channel, Counter())[one.get_state_display().lower()] += 1
        return [(channel, dict(states)) for channel, states in sorted(found.items())]

    @property
    def github_url(self) -> str:
        """Of the issue there, as soon as GitHub has answered."""
        for one in self.notifications:
            url = str(one.answer.get("url") or "")
            if url.startswith("https://") and "/issues/" in url:
                return url
        return ""

    @property
    def github_state(self) -> str:
        """`waiting` or `sent`; empty where nothing has gone to GitHub."""
        github = {name for name, one in self.strategy.channels.items() if one.kind == "github"}
        states = {one.state for one in self.notifications if one.channel in github}
        return next((state for state in ("waiting", "sent") if state in states), "")

    @cached_property
    def feedback(self) -> list[Feedback]:
        found = Feedback.objects.filter(issue__in=[one.pk for one in self.issues]).exclude(status=Status.SPAM)
        return list(found.order_by("-received")[:_FEEDBACK])

    @cached_property
    def owners(self) -> list[str]:
        return owners_of(self.strategy, self.incident, self.issues)

    @cached_property
    def on_duty(self) -> list[Contact]:
        """Who holds the roles that this severity tells."""
        severity = self.strategy.severities.get(self.incident.severity)
        return contacts(severity.recipients if severity else (), self.now.timestamp())

    @property
    def runbook(self) -> str:
        """Its name, as its page is called."""
        return name_of(self.incident.runbook) if self.incident.runbook else ""

    @cached_property
    def assignable(self) -> list[User]:
        """Who may see the project and change something in it."""
        people = User.objects.filter(is_active=True).exclude(role="viewer").order_by("name", "email")
        return [
            one
            for one in people.prefetch_related("projects")
            if one.is_admin or any(project.pk == self.incident.project_id for project in one.projects.all())
        ]

    @property
    def severities(self) -> list[tuple[str, str]]:
        return [(name, one.label) for name, one in self.strategy.severities.items()]
