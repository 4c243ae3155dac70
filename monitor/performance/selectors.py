"""What the pages of one transaction, of one sample and of the queries read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.http import Http404

from monitor.access.permissions import visible_projects
from monitor.digest.payloads import PayloadLostError, payload_store
from monitor.issues.models import Issue, StoredEvent, TagValue
from monitor.performance.models import (
    QueryFinding,
    Statement,
    StatementDay,
    TransactionGroup,
    TransactionSample,
)
from monitor.performance.scope import Scope

SHOWN = 10
_ISSUES_SHOWN = 10


def group_for(user: Any, pk: int) -> TransactionGroup:
    """Raises Http404 for one that the user may not see."""
    group = (
        TransactionGroup.objects.filter(pk=pk, project__in=visible_projects(user))
        .select_related("project")
        .first()
    )
    if group is None:
        raise Http404("There is no such transaction, or no longer.")
    return group


def groups_like(group: TransactionGroup, environment: str) -> list[int]:
    """The same transaction in all environments, or in one."""
    found = TransactionGroup.objects.filter(project_id=group.project_id, name=group.name, op=group.op)
    if environment:
        found = found.filter(environment=environment)
    return list(found.values_list("pk", flat=True))


def environments_of(projects: Sequence[int]) -> list[str]:
    found = TransactionGroup.objects.filter(project__in=projects).exclude(environment="")
    return list(found.values_list("environment", flat=True).distinct()[:100])


def _of_scope(groups: Sequence[int], scope: Scope) -> QuerySet[TransactionSample]:
    first, last = scope.days
    return TransactionSample.objects.filter(
        group__in=groups, day__gte=first, day__lte=last, at__gte=scope.since, at__lt=scope.until
    )


def slowest_samples(groups: Sequence[int], scope: Scope) -> list[TransactionSample]:
    return list(_of_scope(groups, scope).order_by("-duration_ms")[:SHOWN])


def samples_by_lot(groups: Sequence[int], scope: Scope) -> list[TransactionSample]:
    """What is usual: the newest of those that were not kept for being slow."""
    return list(_of_scope(groups, scope).order_by("lot")[:SHOWN])


def findings_of(groups: Sequence[int], scope: Scope) -> list[tuple[QueryFinding, int | None]]:
    """Seen within the time, what cost most first; with the key of the sample that shows it, if there still is one."""
    found = list(
        QueryFinding.objects.filter(group__in=groups, last_seen__gte=scope.since)
        .select_related("statement", "group")
        .order_by("-total_ms")[:50]
    )
    return with_examples(found)


def with_examples(found: Sequence[QueryFinding]) -> list[tuple[QueryFinding, int | None]]:
    samples = {
        (group, bytes(uid)): pk
        for pk, group, uid in TransactionSample.objects.filter(
            group__in={one.group_id for one in found}, uid__in=[bytes(one.example) for one in found]
        ).values_list("pk", "group_id", "uid")
    }
    return [(one, samples.get((one.group_id, bytes(one.example)))) for one in found]


def related_issues(group: TransactionGroup, samples: Sequence[TransactionSample]) -> list[Issue]:
    """Whose events happened in this transaction: named so by their tag, or in the trace of a sample."""
    tags = TagValue.objects.filter(project_id=group.project_id, key="transaction", value=group.name)
    traces = [bytes(sample.trace) for sample in samples if sample.trace]
    of_traces = StoredEvent.objects.filter(trace__in=traces, issue__project_id=group.project_id)
    return list(
        Issue.objects.filter(
            Q(pk__in=of_traces.values("issue_id")) | Q(tags__tag__in=tags), project_id=group.project_id
        )
        .select_related("project")
        .distinct()
        .order_by("-last_seen")[:_ISSUES_SHOWN]
    )


def sample_for(user: Any, pk: int) -> TransactionSample:
    """Raises Http404 for one that the user may not see."""
    sample = (
        TransactionSample.objects.filter(pk=pk, group__project__in=visible_projects(user))
        .select_related("group__project")
        .first()
    )
    if sample is None:
        raise Http404("There is no such sample, or no longer: slower ones replace it, and all go with time.")
    return sample


def kept(sample: TransactionSample) -> dict[str, Any] | None:
    """What was kept of it; None when its file is gone."""
    try:
        found: dict[str, Any] = orjson.loads(payload_store().read(sample.block_id, sample.slot))
    except (PayloadLostError, orjson.JSONDecodeError):
        return None
    return found


def issues_in_trace(sample: TransactionSample) -> list[Issue]:
    if not sample.trace:
        return []
    events = StoredEvent.objects.filter(trace=bytes(sample.trace), issue__project_id=sample.group.project_id)
    return list(
        Issue.objects.filter(pk__in=events.values("issue_id")).select_related("project")[:_ISSUES_SHOWN]
    )


def others_in_trace(sample: TransactionSample) -> list[TransactionSample]:
    """Samples of the same trace: the request that queued this task, say."""
    if not sample.trace:
        return []
    found = TransactionSample.objects.filter(
        trace=bytes(sample.trace), group__project_id=sample.group.project_id
    )
    return list(found.exclude(pk=sample.pk).select_related("group").order_by("at")[:SHOWN])


def samples_of_trace(user: Any, trace: bytes) -> QuerySet[TransactionSample]:
    """For other rooms: what was kept of a trace."""
    return (
        TransactionSample.objects.filter(trace=trace, group__project__in=visible_projects(user))
        .select_related("group")
        .order_by("at")
    )


@dataclass(frozen=True, slots=True)
class QueryRow:
    """A statement on the page of queries. Times are milliseconds."""

    statement: Statement
    count: int
    total_ms: float
    max_ms: float
    transactions: list[TransactionGroup]

    @property
    def mean_ms(self) -> float:
        return self.total_ms / self.count


QUERY_SORTS = {
    "total": ("Time in all", "-total"),
    "mean": ("Slowest on average", "-mean"),
    "longest": ("Longest", "-longest"),
    "count": ("Most often", "-times"),
}


def queries_of(scope: Scope, words: str, sort: str) -> QuerySet[Any, Any]:
    """By statement, over whole days: `statement`, `times`, `total`, `longest`, `mean`."""
    first, last = scope.days
    days = StatementDay.objects.filter(day__gte=first, day__lte=last, statement__project__in=scope.projects)
    if scope.environment:
        days = days.filter(group__environment=scope.environment)
    if words:
        days = days.filter(statement__text__icontains=words)
    return (
        days.values("statement")
        .annotate(times=Sum("count"), total=Sum("total_ms"), longest=Max("max_ms"))
        .annotate(mean=F("total") / F("times"))
        .order_by(QUERY_SORTS[sort][1], "statement")
    )


def query_rows(found: Sequence[dict[str, Any]], scope: Scope) -> list[QueryRow]:
    """With text and the transactions that ask them most."""
    statements = Statement.objects.in_bulk([one["statement"] for one in found])
    first, last = scope.days
    asked: dict[int, list[int]] = {}
    for statement, group in (
        StatementDay.objects.filter(statement__in=statements, day__gte=first, day__lte=last)
        .values("statement", "group")
        .annotate(total=Sum("total_ms"))
        .order_by("-total")
        .values_list("statement", "group")
    ):
        asked.setdefault(statement, []).append(group)
    groups = TransactionGroup.objects.in_bulk({pk for some in asked.values() for pk in some[:3]})
    return [
        QueryRow(
            statements[one["statement"]],
            one["times"],
            one["total"],
            one["longest"],
            [groups[pk] for pk in asked.get(one["statement"], [])[:3]],
        )
        for one in found
        if one["statement"] in statements
    ]


def findings_since(scope: Scope, since: datetime) -> QuerySet[QueryFinding]:
    """In all transactions of the scope, seen since a moment."""
    found = QueryFinding.objects.filter(group__project__in=scope.projects, last_seen__gte=since)
    return found.filter(group__environment=scope.environment) if scope.environment else found


def finding_counts(found: QuerySet[QueryFinding]) -> dict[str, int]:
    """How many of each kind, of those that there are: `slow_query`, `n_plus_one`."""
    return dict(found.order_by().values_list("kind").annotate(Count("pk")))


def costliest(found: QuerySet[QueryFinding]) -> list[tuple[QueryFinding, int | None]]:
    """The first few, with their examples."""
    return with_examples(list(found.select_related("statement", "group").order_by("-total_ms")[:SHOWN]))
