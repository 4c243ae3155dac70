"""The hand-over of an incident to GitHub issues: for those who mend it, with the link back."""

from __future__ import annotations

from django.db import transaction

from monitor.access.audit import Actor, record
from monitor.alerts.messages import Kind
from monitor.alerts.models import Notification
from monitor.incidents import telling
from monitor.incidents.course import IncidentError
from monitor.incidents.journal import write
from monitor.incidents.models import Incident
from monitor.incidents.reach import events_of, reach_of
from monitor.site.strategy_file import current_strategy


def hand_over(incident: Incident, by: Actor, now: float) -> list[Notification]:
    """Once for each incident; empty where it was before. Raises IncidentError where the strategy has no such channel."""
    channels = [name for name, one in current_strategy().channels.items() if one.kind == "github"]
    if not channels:
        raise IncidentError("The strategy has no channel of the kind github.")
    events, reach = events_of(incident), reach_of(incident)
    issues = ", ".join(issue.short_id for issue in incident.issues.select_related("project")[:10])
    with transaction.atomic():
        made = telling.told(
            incident,
            Kind.FIRED,
            incident.title,
            now,
            channels=channels,
            once="hand_over",
            text="Handed over from the monitor: its timeline, issues and review are linked below.",
            facts=(
                ("Started", f"{incident.started_at:%Y-%m-%d %H:%M:%S} UTC"),
                ("Events", str(events)),
                ("Users", str(reach.users)),
                ("Issues", issues or "none"),
                ("Release", incident.release or "unknown"),
            ),
            details={"hand_over": True},
        )
        if made:
            write(incident, "handed_over", "Handed over to GitHub.", now, by=by)
            record(by, "incident.handed_over", incident, incident.project)
    return made
