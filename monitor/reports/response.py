"""How well the team responds (K4), as reports keep it: the figures of the incidents' room beside their goals."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.incidents.figures import Stretch, figures
from monitor.reports.counts import Json, Span
from monitor.site.strategy_file import current_strategy


def response(span: Span) -> list[Json]:
    """Each figure with that of the stretch before, its goal, and the list that it is computed from."""
    strategy = current_strategy()
    zone = ZoneInfo(strategy.business_hours.time_zone)
    stretches = [
        Stretch(datetime.fromtimestamp(one.since, zone), datetime.fromtimestamp(one.until, zone), "")
        for one in (span, span.previous)
    ]
    now, before = figures(strategy, [span.project], stretches, span.until)
    return [
        {
            "name": one.name,
            "label": one.label,
            "unit": one.unit,
            "value": one.value,
            "before": then.value,
            "of": one.of,
            "goal": one.goal,
            "more_is_better": one.more_is_better,
            "is_met": one.is_met,
            "url": one.address,
        }
        for one, then in zip(now.all, before.all, strict=True)
    ]
