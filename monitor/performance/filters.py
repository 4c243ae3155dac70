"""The filters of this room's pages."""

from __future__ import annotations

from django.utils.functional import cached_property

from monitor.performance import selectors
from monitor.performance.scope import Scope
from monitor.site.filters import Filters


class PerformanceFilters(Filters):
    """Transactions come from environments that may never have had an error."""

    @cached_property
    def environments(self) -> list[str]:
        """Asked for when a page shows the filter."""
        known = selectors.environments_of(self.project_ids)
        return sorted({*super().environments, *known} - {""})

    @property
    def scope(self) -> Scope:
        return Scope.of(self.project_ids, self.environment, self.since, self.until)
