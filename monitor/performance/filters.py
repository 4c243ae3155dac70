"""The filters of this room's pages."""

from __future__ import annotations

from django.utils.functional import cached_property

from monitor.performance import selectors
from monitor.performance.scope import Scope
from monitor.site.filters import Filters


class PerformanceFilters(Filters):
    """Transactions come from environments that may never have had an error."""

    @cached_property
    def known_environments(self) -> list[str]:
        """Asked for when a page shows the filter."""
        return [*super().known_environments, *selectors.environments_of(self.project_ids)]

    @property
    def scope(self) -> Scope:
        return Scope.of(self.project_ids, self.environment, self.since, self.until)
