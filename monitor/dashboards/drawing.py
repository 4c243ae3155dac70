"""A dashboard drawn: which of its panels, in which rank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import Http404

from monitor.dashboards.look import Look
from monitor.dashboards.panel import Panel
from monitor.dashboards.panels import draw
from monitor.site.strategy_file import current_strategy
from strategy.model.following_up import Dashboard

FIRST, SHOWN = 4, 8
"""So many stand large above the fold, and so many are shown before one asks for the rest."""


@dataclass(frozen=True)
class Drawn:
    """`first` matter most; `more` are shown when asked for, `hidden` says how many of them are not drawn."""

    first: list[Panel]
    second: list[Panel]
    more: list[Panel]
    hidden: int
    at: datetime


def dashboard_named(name: str) -> Dashboard:
    """Raises Http404."""
    found = current_strategy().dashboards.get(name)
    if found is None:
        raise Http404(f"The strategy has no dashboard {name}.")
    return found


def drawn(dashboard: Dashboard, look: Look, *, everything: bool) -> Drawn:
    """Each panel once, in the order of the file."""
    names = list(dict.fromkeys(dashboard.panels))
    shown = names if everything else names[:SHOWN]
    panels = [draw(name, look) for name in shown]
    return Drawn(
        panels[:FIRST],
        panels[FIRST:SHOWN],
        panels[SHOWN:],
        len(names) - len(shown),
        datetime.fromtimestamp(look.until, UTC),
    )
