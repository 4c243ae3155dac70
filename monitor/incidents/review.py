"""The post-incident review: facts that are filled in, and what people write. As a page, and as a Markdown document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from monitor.access.audit import Actor, record, user_behind
from monitor.alerts.links import incident_url
from monitor.incidents import course
from monitor.incidents.course import IncidentError
from monitor.incidents.duties import duties_of
from monitor.incidents.journal import write
from monitor.incidents.models import Incident, Review
from monitor.incidents.reach import events_of, reach_of
from monitor.issues.detail.markdown import coded
from strategy import Strategy

FIELDS = {
    "summary": ("Summary", "What happened, in two sentences that somebody from another team understands."),
    "root_cause": (
        "Root cause",
        "Why it could happen, not who did it. Ask why until the answer is a system.",
    ),
    "fix": ("Fix", "What ended it, and whether that holds."),
    "prevention": ("Prevention", "What is changed so that it cannot happen again, by whom, until when."),
    "tests": ("Tests", "The test that would have caught it, and where it is now."),
    "monitoring": ("Monitoring", "What would have told us sooner, and the rule or figure that now does."),
}
"""Of the review: label, and what is asked for. All but the summary must be there before it is complete."""
REQUIRED = tuple(FIELDS)[1:]
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str


def review_of(incident: Incident) -> Review:
    """The one that there is, or an empty one that is not saved."""
    found = Review.objects.filter(incident=incident).select_related("changed_by").first()
    return found or Review(incident=incident, changed_at=incident.detected_at)


def save(incident: Incident, texts: dict[str, str], by: Actor, now: float) -> Review:
    """Fields that are not named stay as they are. Raises IncidentError."""
    if incident.reviewed_at is not None:
        raise IncidentError("The review is complete and stays as it is.")
    for name, text in texts.items():
        if len(text) > LONGEST:
            raise IncidentError(f"{FIELDS[name][0]} has {len(text)} characters; it may have {LONGEST}.")
    with transaction.atomic():
        review = review_of(incident)
        for name, text in texts.items():
            setattr(review, name, text.replace("\0", "").replace("\r\n", "\n").strip())
        review.changed_at, review.changed_by = course.moment(now), user_behind(by)
        review.save()
    return review


def complete(incident: Incident, by: Actor, now: float) -> bool:
    """Raises IncidentError for one that is open, or whose review is not written."""
    with transaction.atomic():
        incident.refresh_from_db()
        review = review_of(incident)
        missing = [FIELDS[name][0].lower() for name in REQUIRED if not getattr(review, name)]
        if incident.resolved_at is not None and missing:
            raise IncidentError(f"Not yet written: {', '.join(missing)}.")
        if not course.review(incident, now):
            return False
        incident.save(update_fields=["state", "reviewed_at"])
        write(incident, "reviewed", "The review is complete.", now, by=by)
        record(by, "incident.reviewed", incident, incident.project)
    return True


def due_at(strategy: Strategy, incident: Incident) -> datetime | None:
    """When the review is due; None where none is, or it is done."""
    for duty in duties_of(strategy, incident):
        if duty.kind == "review":
            return course.moment(duty.due)
    return None


def facts_of(strategy: Strategy, incident: Incident) -> list[Fact]:
    """Read from the rows, so that they agree with the timeline."""
    goals = strategy.goals
    reach, share = reach_of(incident), ""
    if reach.share is not None:
        share = f" ({reach.share:.1%} of {reach.active:,} who were there)"
    return [
        Fact("Severity", incident.severity),
        Fact("Started", _time(incident.started_at)),
        Fact("Detected", _after(incident.detected_at, incident.started_at, "the start", goals.detect_s)),
        Fact(
            "Acknowledged",
            _after(incident.acknowledged_at, incident.detected_at, "detection", goals.acknowledge_s),
        ),
        Fact("Mitigated", _after(incident.mitigated_at, incident.started_at, "the start", None)),
        Fact(
            "Resolved",
            _after(
                incident.resolved_at,
                incident.started_at,
                "the start",
                goals.resolve_by_severity_s.get(incident.severity, goals.resolve_s),
            ),
        ),
        Fact("Events", f"{events_of(incident):,}"),
        Fact("Users", f"{reach.users:,}{share}"),
        Fact("Release", incident.release or "not known"),
        Fact("Environment", incident.environment or "not known"),
        Fact("Alert rule", incident.rule or "none: opened by hand"),
        Fact(
            "Seen before",
            f"yes, #{incident.recurrence_of.number}" if incident.recurrence_of else "not within 30 days",
        ),
    ]


def document(strategy: Strategy, incident: Incident) -> str:
    """The whole review in Markdown, with facts and timeline: for a repository or a wiki."""
    review = review_of(incident)
    parts = [
        f"# Incident #{incident.number}: {incident.title}",
        f"{incident_url(incident.number)}",
        "## Facts",
        "\n".join(f"- {fact.name}: {fact.value}" for fact in facts_of(strategy, incident)),
    ]
    for name, (label, _) in FIELDS.items():
        parts += [f"## {label}", getattr(review, name) or "_Not written yet._"]
    issues = incident.issues.select_related("project").order_by("pk")
    if issues:
        parts += [
            "## Issues",
            "\n".join(f"- {one.short_id}: {coded(one.title)}, {one.times:,} events in all" for one in issues),
        ]
    parts += ["## Timeline (UTC)", _timeline(incident)]
    return "\n\n".join(parts) + "\n"


def _timeline(incident: Incident) -> str:
    entries = incident.timeline.select_related("user").order_by("at", "pk")
    return "\n".join(
        f"- {entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} {_one_line(entry.text)}{f' ({entry.user})' if entry.user else ''}"
        for entry in entries
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _after(moment: datetime | None, since: datetime, what: str, goal: float | None) -> str:
    if moment is None:
        return "never"
    seconds = (moment - since).total_seconds()
    judged = "" if goal is None else f", goal {span(goal)}: {'met' if seconds <= goal else 'missed'}"
    return f"{_time(moment)}, {span(seconds)} after {what}{judged}"


def span(seconds: float) -> str:
    """`45 s`, `12 min 30 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
