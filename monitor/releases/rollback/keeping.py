"""How long it is kept that a release was, or should have been, taken back: as long as incidents."""

from __future__ import annotations

from monitor.releases.rollback.models import Rollback, State
from monitor.site.strategy_file import current_strategy

_AT_ONCE = 100
_UNDER_WAY = (State.WAITING, State.DUE)


def forget_old(now: float) -> None:
    """The clock job; with what was called for it. What still waits for somebody, or is being carried out, stays."""
    before = now - current_strategy().retention.incidents_s
    old = Rollback.objects.filter(found_at__lt=before).exclude(state__in=_UNDER_WAY).order_by("found_at")
    Rollback.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_AT_ONCE])).delete()
