"""Panels of people: open incidents, how long they take, and who is on call."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.timezone import localtime

from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel, change_of
from monitor.dashboards.step_charts import step_bars
from monitor.incidents.figures import Figure, Stretch, figures
from monitor.incidents.models import OPEN_STATES, Incident, State
from monitor.rota.selectors import contacts
from monitor.site.quantities import quantity, span
from monitor.site.strategy_file import current_strategy

SHOWN = 5


def _incidents(look: Look) -> list[Incident]:
    """Those that were detected in the time."""
    return look.once("incidents", lambda: list(_found(look)))


def _found(look: Look) -> QuerySet[Incident]:
    found = Incident.objects.filter(
        project__in=look.ids, detected_at__gte=look.since, detected_at__lt=look.until
    )
    if look.environment:
        found = found.filter(environment=look.environment)
    return found.order_by("-detected_at")


def incidents(look: Look) -> Panel:
    about = "Incidents that were detected in this time, and those that are still open, whenever they began."
    found = _incidents(look)
    before = _found(look.before).count()
    opened = Incident.objects.filter(project__in=look.ids, state__in=OPEN_STATES)
    if look.environment:
        opened = opened.filter(environment__in=[look.environment, ""])
    number, still = opened.count(), list(opened.order_by("severity", "-detected_at")[:SHOWN])
    by_step = look.counted(one.detected_at for one in found)
    shown = still or found[:SHOWN]
    return Panel(
        title="Incidents",
        about=about,
        figure=quantity(len(found)),
        note=f"{quantity(number)} still open" if still else "none is open",
        level="failed" if still else "ok",
        change=change_of(len(found), before, more_is=False),
        charts=[step_bars(look, by_step, "incidents")] if found else [],
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
        url=look.link("incidents:list", state="all"),
        url_words="Incidents",
    )


def _when(moment: datetime) -> str:
    return f"{localtime(moment):%-d %b %H:%M}"


def resolution_time(look: Look) -> Panel:
    strategy = current_strategy()
    stretches = [Stretch(one.since_moment, one.until_moment, "") for one in (look.before, look)]
    before, now = figures(
        strategy,
        list(look.projects),
        stretches,
        look.until,
        environment=look.environment,
        names_projects="project" in dict(look.query),
    )
    about = (
        "From the first of it to solved, mean of the incidents that were detected in this time and are solved (MTTR)."
        f" The goal is {span(now.resolve.goal)}; below, the other goals of [goals]."
    )
    if not now.incidents:
        return Panel(title="Time to resolve", about=about, empty="No incident was detected in this time.")
    return Panel(
        title="Time to resolve",
        about=about,
        figure=quantity(_rounded(now.resolve), "s"),
        note=f"of {quantity(now.resolve.of, 'incidents')}",
        level="queued" if now.resolve.value is None else "ok" if now.resolve.is_met else "warning",
        change=change_of(now.resolve.value, before.resolve.value, more_is=False),
        lines=[
            Line(
                one.label,
                quantity(_rounded(one), one.unit),
                url=one.address if look.has_links else "",
                hint=f"goal {'at least' if one.more_is_better else 'at most'} {quantity(one.goal, one.unit)}",
                level="ok" if one.is_met else "warning",
            )
            for one in now.all
            if one.value is not None and one is not now.resolve
        ],
        url=now.resolve.address if look.has_links else "",
        url_words="Incidents",
    )


def _rounded(figure: Figure) -> float | None:
    if figure.value is None or figure.unit != "s":
        return figure.value
    return round(figure.value)


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
