"""How long reports are kept: as long as the incidents that they count."""

from __future__ import annotations

from monitor.reports.models import Report
from monitor.site.strategy_file import current_strategy

_AT_ONCE = 100


def forget_old(now: float) -> None:
    """The clock job; by the end of the period that a report is of."""
    before = now - current_strategy().retention.incidents_s
    old = Report.objects.filter(until__lt=before).order_by("until").values_list("pk", flat=True)
    Report.objects.filter(pk__in=list(old[:_AT_ONCE])).delete()
