"""What goes on between two alerts, in order of time: people act, and releases are found to break their budget."""

from __future__ import annotations

from monitor.history import taking_back
from monitor.history.audit_dates import AuditDates
from monitor.history.responders import Responders
from monitor.history.story import Story
from monitor.history.taking_back import Finding
from monitor.history.traffic import Traffic
from monitor.projects.models import Project


class Meanwhile:
    """`until` a time: all that happened up to then, and had not yet."""

    def __init__(
        self, story: Story, traffic: Traffic, project: Project, responders: Responders, dates: AuditDates
    ) -> None:
        self._story = story
        self._project = project
        self._responders = responders
        self._dates = dates
        self._findings = taking_back.findings(story, traffic, project)
        self._next = next(self._findings, None)

    def until(self, at: float) -> None:
        while self._next is not None and self._next.at <= at:
            self._responders.act_until(self._next.at)
            self._keep(self._next)
            self._next = next(self._findings, None)
        self._responders.act_until(at)

    def _keep(self, found: Finding) -> None:
        rollback = taking_back.keep(found, self._project)
        self._dates.put_at(found.at)
        incident = rollback.incident if rollback is not None else None
        if incident is not None and not incident.episodes.exists():
            self._responders.called(incident, self._story.sudden_trouble_at(found.at), found.at)
