"""The strategy's dashboards: each panel that Sentry can draw as a widget, the others named with what stands for them."""

from __future__ import annotations

from dataclasses import dataclass

from core.provisioning.marks import Mark
from core.provisioning.sources import REQUESTS, TASKS
from core.provisioning.wanted import Json, Place, Wanted, Wish
from strategy.model.following_up import Dashboard
from strategy.model.strategy import Strategy

_COLUMNS = 6


@dataclass(frozen=True)
class Panel:
    """A widget. `data` is Sentry's data set; `columns` are what is grouped by."""

    title: str
    display: str
    data: str
    aggregates: tuple[str, ...]
    columns: tuple[str, ...] = ()
    where: str = ""
    order: str = ""
    width: int = 3


PANELS = {
    "health": Panel("Requests that fail", "big_number", "spans", ("failure_rate()",), where=REQUESTS, width=2),
    "critical_errors": Panel("Critical errors", "line", "error-events", ("count()",), where="tags[severity]:[P0,P1]"),
    "error_rate": Panel("Error rate", "line", "spans", ("failure_rate()",), where=REQUESTS),
    "error_types": Panel(
        "Kinds of errors", "table", "error-events", ("count()",), ("error.type",), order="-count()"
    ),
    "affected_users": Panel("Users who met an error", "line", "error-events", ("count_unique(user)",)),
    "error_trend": Panel("Errors", "area", "error-events", ("count()",), ("release",), order="-count()"),
    "latency_beside_errors": Panel("Latency, p95", "line", "spans", ("p95(span.duration)",), where=REQUESTS),
    "new_issues": Panel(
        "New in the last day", "table", "issue", (), ("issue", "title", "events"), "is:unresolved firstSeen:-24h", "new"
    ),
    "regressions": Panel("Back again", "table", "issue", (), ("issue", "title", "events"), "is:regressed", "date"),
    "releases": Panel(
        "Releases", "table", "metrics", ("crash_free_rate(session)", "sum(session)"), ("release",), order="-sum(session)"
    ),
    "categories": Panel(
        "By category", "area", "error-events", ("count()",), ("tags[category]",), order="-count()"
    ),
    "slow_queries": Panel(
        "Slow queries", "table", "spans", ("p95(span.duration)", "count(span.duration)"), ("span.description",),
        "span.op:db", "-p95(span.duration)",
    ),
    "user_impact": Panel("Users who met an error", "big_number", "error-events", ("count_unique(user)",), width=2),
    "feature_success": Panel(
        "What users do, and how often it fails", "table", "spans", ("failure_rate()", "count(span.duration)"),
        ("transaction",), REQUESTS, "-count(span.duration)",
    ),
    "task_failures": Panel(
        "Tasks that fail", "table", "spans", ("failure_rate()", "count(span.duration)"), ("transaction",), TASKS,
        "-failure_rate()",
    ),
    "processing_time": Panel(
        "Processing time, p95", "line", "tracemetrics", ("p95(value,processing_time_s,distribution,second)",)
    ),
    "training_time": Panel(
        "Training time, p95", "line", "tracemetrics", ("p95(value,training_time_s,distribution,second)",)
    ),
    "queue_age": Panel("Oldest task", "line", "tracemetrics", ("max(value,queue_age_s,gauge,second)",)),
    "queue_length": Panel("Tasks that wait", "line", "tracemetrics", ("max(value,queue_length,gauge,job)",)),
    "database_connections": Panel(
        "Database connections", "line", "tracemetrics", ("max(value,database_connections,gauge,connection)",)
    ),
    "memory": Panel("Memory", "line", "tracemetrics", ("max(value,memory,gauge,byte)",)),
}  # fmt: skip

_ELSEWHERE = {
    "resolution_time": "Issues, and each issue's activity; Sentry gives no figure of it to a widget.",
    "retry_success": "The monitor's dashboard: retries are counted in the process and are no events.",
    "deploys": "The page of releases.",
    "suspect_commits": "Each issue's own page.",
    "objectives": "The monitor's page of objectives: Sentry has none.",
    "error_budgets": "The monitor's page of objectives: Sentry has none.",
    "incidents": "The monitor's incidents; in Sentry, the issues of metric monitors.",
    "on_call": "The monitor's rota, or PagerDuty.",
    "data_quality": "The application's own pages.",
    "cache_hit_ratio": "Insights, Caches.",
    "volume": "Stats & Usage.",
}


def dashboards_wish(strategy: Strategy, place: Place, wish: Wish) -> None:
    """One for each of the strategy's."""
    for dashboard in strategy.dashboards.values():
        wish.objects.append(_wanted(dashboard, place, wish))


def _wanted(dashboard: Dashboard, place: Place, wish: Wish) -> Wanted:
    panels = []
    for name in dashboard.panels:
        if name in PANELS:
            panels.append(PANELS[name])
        else:
            wish.miss(
                f"dashboard {dashboard.name}: {name}", "No widget of Sentry's shows this.", _ELSEWHERE[name]
            )
    key = f"dashboard.{dashboard.name}"
    body = {
        "title": Mark(place.project).name(dashboard.title, key, 255),
        "widgets": [_widget(panel, layout) for panel, layout in zip(panels, _laid_out(panels), strict=True)],
        "projects": [place.project_id],
        "period": "24h",
    }
    return Wanted("dashboard", key, body)


def _laid_out(panels: list[Panel]) -> list[Json]:
    """From left to right, a new row where the next one has no room."""
    found, x, y = [], 0, 0
    for panel in panels:
        if x + panel.width > _COLUMNS:
            x, y = 0, y + 2
        found.append({"x": x, "y": y, "w": panel.width, "h": 2, "min_h": 2})
        x += panel.width
    return found


def _widget(panel: Panel, layout: Json) -> Json:
    query = {
        "name": "",
        "fields": [*panel.columns, *panel.aggregates],
        "aggregates": list(panel.aggregates),
        "columns": list(panel.columns),
        "field_aliases": [],
        "conditions": panel.where,
        "orderby": panel.order,
    }
    widget = {
        "title": panel.title,
        "display_type": panel.display,
        "widget_type": panel.data,
        "interval": "5m",
        "queries": [query],
        "layout": layout,
    }
    # A chart that is grouped needs to know how many lines; a table, how many rows.
    return widget | ({"limit": 5} if panel.columns and panel.display != "table" else {})
