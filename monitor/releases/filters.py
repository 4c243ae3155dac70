"""The filters of this room's pages: an environment may have sessions and no events."""

from __future__ import annotations

from django.utils.functional import cached_property

from monitor.releases.figures import Scope
from monitor.releases.models import ReleaseHour
from monitor.site.filters import Filters

_ENVIRONMENTS_MAX = 100


class ReleaseFilters(Filters):
    """With the environments of sessions, too."""

    @cached_property
    def known_environments(self) -> list[str]:
        """Asked for when a page shows the filter."""
        of_sessions = (
            ReleaseHour.objects.filter(project__in=self.project_ids)
            .values_list("environment", flat=True)
            .distinct()[:_ENVIRONMENTS_MAX]
        )
        return [*super().known_environments, *of_sessions]

    def scope(self) -> Scope:
        """What is counted."""
        return Scope(self.project_ids, self.environment, self.since, self.until)
