"""Panels of people: open incidents, how long they take, and who is on call."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.timezone import localtime

from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel, change_of
from monitor.incidents.models import OPEN_STATES, Incident, State
from monitor.rota.selectors import contacts
from monitor.site.charts import bar_chart
from monitor.site.quantities import quantity, span
from monitor.site.strategy_file import current_strategy

SHOWN = 5
_HEIGHT = 74


def _incidents(look: Look) -> list[Incident]:
    """Those that were detected in the time."""
    return look.once("incidents", lambda: list(_found(look)))


def _found(look: Look) -> QuerySet[Incident]:
    found = Incident.objects.filter(
        project__in=look.ids, detected_at__gte=look.since, detected_at__lte=look.until
    )
    if look.environment:
        found = found.filter(environment__in=[look.environment, ""])
    return found.order_by("-detected_at")


def incidents(look: Look) -> Panel:
    about = "Incidents that were detected in this time, and those that are still open, whenever they began."
    found = _incidents(look)
    before = _found(look.before).count()
    opened = Incident.objects.filter(project__in=look.ids, state__in=OPEN_STATES)
    if look.environment:
        opened = opened.filter(environment__in=[look.environment, ""])
    still = list(opened.order_by("severity", "-detected_at")[:SHOWN])
    by_step = [0] * len(look.starts)
    for one in found:
        by_step[min(max(look.place_of(one.detected_at.timestamp()), 0), len(by_step) - 1)] += 1
    shown = still or found[:SHOWN]
    return Panel(
        title="Incidents",
        about=about,
        figure=quantity(len(found)),
        note=f"{quantity(len(still))} still open" if still else "none is open",
        level="failed" if still else "ok",
        change=change_of(len(found), before, more_is=False),
        charts=[
            bar_chart(
                by_step,
                labels=look.moments,
                unit="incidents",
                caption=f"Each {look.step_words}",
                height=_HEIGHT,
            )
        ]
        if found
        else [],
        lines=[
            Line(
                f"#{one.number}" if not look.has_links else f"#{one.number} {one.title}",
                State(one.state).label,
                url=look.link("incidents:detail", one.number),
                hint=f"{one.severity} · {_when(one.detected_at)}",
                level="failed" if one.is_open else "ok",
            )
            for one in shown
        ],
        url=look.link("incidents:list"),
        url_words="Incidents",
    )


def _when(moment: datetime) -> str:
    return f"{localtime(moment):%-d %b %H:%M}"


def resolution_time(look: Look) -> Panel:
    goals = current_strategy().goals
    about = (
        "From the first of it to solved, mean of the incidents that were detected in this time and are solved (MTTR)."
        f" The goal is {span(goals.resolve_s)}."
    )
    solved = [one for one in _incidents(look) if one.resolved_at is not None]
    if not solved:
        return Panel(
            title="Time to resolve", about=about, empty="No incident of this time has been resolved."
        )
    mean = _mean(solved)
    before = [one for one in _found(look.before) if one.resolved_at is not None]
    in_time = [
        one for one in solved if _took(one) <= goals.resolve_by_severity_s.get(one.severity, goals.resolve_s)
    ]
    severities = sorted({one.severity for one in solved})
    return Panel(
        title="Time to resolve",
        about=about,
        figure=span(round(mean)),
        note=f"{len(in_time)} of {quantity(len(solved), 'incidents')} in time",
        level="ok" if mean <= goals.resolve_s else "warning",
        change=change_of(mean, _mean(before) if before else None, more_is=False),
        lines=[
            Line(
                severity,
                span(round(_mean([one for one in solved if one.severity == severity]))),
                hint=f"goal {span(goals.resolve_by_severity_s.get(severity, goals.resolve_s))}",
            )
            for severity in severities
        ],
        url=look.link("incidents:list"),
        url_words="Incidents",
    )


def _took(incident: Incident) -> float:
    return (incident.resolved_at - incident.started_at).total_seconds() if incident.resolved_at else 0.0


def _mean(found: list[Incident]) -> float:
    return sum(map(_took, found)) / len(found)


def on_call(look: Look) -> Panel:
    roles = [name for name, role in current_strategy().roles.items() if role.rota]
    about = "Whose turn it is now, of the roles that take turns."
    if not look.has_links:
        return Panel(title="On call", about=about, empty="Names are for those who are logged in.")
    people = contacts(roles or list(current_strategy().roles), look.until)
    if not people:
        return Panel(title="On call", about=about, empty="Nobody is on the rota. Add people under /rota/.")
    return Panel(
        title="On call",
        about=about,
        figure=people[0].name,
        note=people[0].title,
        lines=[Line(one.name, hint=one.title) for one in people[1:SHOWN]],
        url=look.link("rota:list"),
        url_words="Rota",
    )
