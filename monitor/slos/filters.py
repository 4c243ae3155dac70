"""What objectives and dashboards are narrowed by: unless the address says otherwise, to where people are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from django.http import HttpRequest

from monitor.metrics.models import MetricSeries
from monitor.metrics.selectors import Where
from monitor.performance.filters import PerformanceFilters
from monitor.site.filters import DEFAULT_PERIOD
from monitor.site.strategy_file import current_strategy


class ServiceFilters(PerformanceFilters):
    """A budget that staging spends with production says nothing, so an environment is chosen where none was named.
    `?environment=` without a value means all of them."""

    @classmethod
    def of(cls, request: HttpRequest, *, default_period: str = DEFAULT_PERIOD) -> Self:
        """See Filters."""
        filters = super().of(request, default_period=default_period)
        if "environment" in request.GET:
            return filters
        return replace(filters, environment=told_environment(filters.project_ids))

    @property
    def where(self) -> Where:
        return Where(self.project_ids, environment=self.environment)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """As of Filters; that all environments were chosen is said, too."""
        found = super().fields
        return found if self.environment else [*found, ("environment", "")]

    @property
    def environment_words(self) -> str:
        return self.environment or "all environments"


def told_environment(projects: Sequence[int]) -> str:
    """The first of those with `alerts = true` that has sent figures; "" (all) when none has."""
    alerting = (each.name for each in current_strategy().environments.values() if each.alerts)
    known = MetricSeries.objects.filter(project__in=projects)
    return next((name for name in alerting if known.filter(environment=name).exists()), "")
