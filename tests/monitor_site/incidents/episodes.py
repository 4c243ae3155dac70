"""Episodes as the engine keeps them, of rules of the strategy's own file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from monitor.alerts.models import Episode
from monitor.incidents import services
from monitor.incidents.course import moment
from monitor.incidents.models import Incident
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy

NOON = 1_795_953_600.0
"""2026-11-29, a Sunday, 12:00 UTC."""


def begun(
    rule: str, at: float = NOON, *, project: Project, issues: Iterable[int] = (), **more: Any
) -> Episode:
    """An episode of this rule that begins at `at`; title and severity are the rule's."""
    of_rule = next(one for one in current_strategy().alerts if one.id == rule)
    made = Episode.objects.create(
        **{
            "rule": rule,
            "key": f"key {Episode.objects.count()}",
            "title": of_rule.title,
            "severity": of_rule.severity,
            "project": project,
            "environment": "production",
            "began_at": at,
            "value": 1,
            "worst": 1,
            "issues": list(issues),
            **more,
        }
    )
    made.refresh_from_db()
    return made


def alerted(rule: str, at: float = NOON, *, project: Project, **more: Any) -> Incident:
    """The incident that such an episode joins or opens."""
    found = services.open_or_update(begun(rule, at, project=project, **more), at)
    assert found is not None
    return found


def ended(incident: Incident, at: float) -> Incident:
    """All of its episodes end."""
    for episode in incident.episodes.filter(ended_at__isnull=True):
        episode.ended_at = moment(at)
        episode.save()
        services.episode_ended(episode, at)
    incident.refresh_from_db()
    return incident
