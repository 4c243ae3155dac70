"""The audit log dates its entries itself, by the clock on the wall. In a history they are of when it happened there."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Max

from monitor.access.models import AuditEntry


class AuditDates:
    """Knows which entries there were, and dates those that came since."""

    def __init__(self) -> None:
        self._last = self._newest()

    def put_at(self, at: float) -> None:
        """All that was written since the last time this was asked."""
        newest = self._newest()
        if newest > self._last:
            AuditEntry.objects.filter(pk__gt=self._last).update(at=datetime.fromtimestamp(at, UTC))
            self._last = newest

    def _newest(self) -> int:
        found: int | None = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"]
        return found or 0
