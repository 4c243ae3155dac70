"""Transactions of a project: their slowest samples, and what their queries show."""

from __future__ import annotations

from typing import Any

from monitor.api.calls import Call
from monitor.api.routing import operation
from monitor.api.shapes import transaction as shapes
from monitor.performance.models import QueryFinding, TransactionGroup, TransactionSample
from monitor.projects.models import Project


@operation(
    "GET",
    "projects/{organization_id_or_slug}/{project_id_or_slug}/transactions/",
    scopes=("event:read",),
    summary="Transactions by name, with the slowest kept of them and what their queries show",
    answer=f"[{shapes.TRANSACTION}]",
    query=("query", "environment", "statsPeriod", "start", "end", "cursor", "per_page"),
)
def list_transactions(call: Call, project: Project) -> Any:
    groups = TransactionGroup.objects.filter(project=project).order_by("name", "op", "environment", "pk")
    if call.query("query"):
        groups = groups.filter(name__icontains=call.query("query")[:200])
    if call.query("environment"):
        groups = groups.filter(environment=call.query("environment"))
    page = list(call.paged(groups))
    samples = TransactionSample.objects.filter(group__in=page).order_by("-duration_ms")
    findings = QueryFinding.objects.filter(group__in=page).select_related("statement").order_by("-last_seen")
    if call.period is not None:
        samples = samples.filter(at__gte=call.period[0], at__lte=call.period[1])
        findings = findings.filter(last_seen__gte=call.period[0], last_seen__lte=call.period[1])
    return shapes.transactions(page, list(samples), list(findings[:500]))
