"""What a metric monitor reads: the data sources of the published API, and the searches that are common."""

from __future__ import annotations

from core.provisioning.wanted import Json

REQUESTS = "is_transaction:true span.op:http.server"
TASKS = "is_transaction:true span.op:queue.task.celery"
# Sentry counts each status but ok, cancelled and unknown as a failure; what a client did wrong is none of ours.
_NOT_OURS = "!span.status:[not_found,permission_denied,unauthenticated,invalid_argument,resource_exhausted]"


def counted_events(query: str, window_s: int | None) -> Json:
    """How many error events."""
    return {
        "aggregate": "count()",
        "dataset": "events",
        "eventTypes": ["default", "error"],
        "query": query,
        "queryType": 0,
        "timeWindow": window_s,
    }


def of_spans(aggregate: str, query: str, window_s: int | None) -> Json:
    """A figure of spans; of whole requests and tasks where `query` says is_transaction."""
    return {
        "aggregate": aggregate,
        "dataset": "events_analytics_platform",
        "eventTypes": ["trace_item_span"],
        "query": query,
        "queryType": 1,
        "timeWindow": window_s,
        "extrapolationMode": "unknown",
    }


def failures(query: str, window_s: int | None) -> Json:
    """The share that failed, 0 to 1, leaving out what a client did wrong."""
    return of_spans("failure_rate()", f"{query} {_NOT_OURS}", window_s)
