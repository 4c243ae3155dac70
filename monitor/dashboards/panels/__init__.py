"""Each name that `[dashboards]` may give to a panel, and who draws it. The names themselves are the strategy's (PANELS)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from monitor.dashboards.look import Look
from monitor.dashboards.panel import Panel
from monitor.dashboards.panels import (
    errors,
    infrastructure,
    issues,
    people,
    releases,
    service,
    speed,
    volume,
    work,
)

DRAWN: Mapping[str, Callable[[Look], Panel]] = {
    "health": service.health,
    "objectives": service.objectives_kept,
    "error_budgets": service.error_budgets,
    "feature_success": service.feature_success,
    "user_impact": service.user_impact,
    "critical_errors": errors.critical_errors,
    "error_rate": errors.error_rate,
    "error_types": errors.error_types,
    "error_trend": errors.error_trend,
    "affected_users": errors.affected_users,
    "categories": errors.categories,
    "new_issues": issues.new_issues,
    "regressions": issues.regressions,
    "suspect_commits": issues.suspect_commits,
    "releases": releases.releases,
    "deploys": releases.deploys,
    "latency_beside_errors": speed.latency_beside_errors,
    "slow_queries": speed.slow_queries,
    "retry_success": work.retry_success,
    "task_failures": work.task_failures,
    "processing_time": work.processing_time,
    "training_time": work.training_time,
    "data_quality": work.data_quality,
    "queue_age": infrastructure.queue_age,
    "queue_length": infrastructure.queue_length,
    "cache_hit_ratio": infrastructure.cache_hit_ratio,
    "database_connections": infrastructure.database_connections,
    "memory": infrastructure.memory,
    "incidents": people.incidents,
    "on_call": people.on_call,
    "resolution_time": people.resolution_time,
    "volume": volume.volume,
}


def draw(name: str, look: Look) -> Panel:
    """Raises KeyError for a name that the strategy would refuse, too."""
    return replace(DRAWN[name](look), name=name)
