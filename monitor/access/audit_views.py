"""The audit log: who saw, changed or exported what."""

import csv
from collections.abc import Iterator
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from monitor.access import audit, selectors
from monitor.access.models import AuditEntry
from monitor.access.user_views import admins_only
from monitor.site.filters import Filters
from monitor.site.lists import COUNTED, page_of, searched


@admins_only
def audit_log(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request, default_period="30d")
    page = page_of(request, _entries(request, filters))
    context = {
        "filters": filters,
        "page": page,
        "actor": searched(request, "actor"),
        "action": request.GET.get("action", ""),
        "actions": selectors.audited_actions(),
    }
    return render(request, "access/audit.html", context)


@admins_only
def export(request: HttpRequest) -> StreamingHttpResponse:
    """What the page's filters show, as CSV; the newest 10,000 entries of it."""
    filters = Filters.of(request, default_period="30d")
    rows = _entries(request, filters)[:COUNTED]
    audit.record(
        request, "audit.exported", f"the audit log, {filters.period_words}", filters=request.GET.urlencode()
    )
    response = StreamingHttpResponse(_csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _entries(request: HttpRequest, filters: Filters) -> QuerySet[AuditEntry]:
    return selectors.audit_entries(
        since=filters.since,
        until=filters.until,
        actor=searched(request, "actor"),
        action=request.GET.get("action", ""),
        project_ids=filters.project_ids if filters.narrowed else None,
    )


class _Line:
    """A file for csv.writer that gives each line back."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: QuerySet[AuditEntry]) -> Iterator[Any]:
    writer = csv.writer(_Line())
    yield writer.writerow(["at", "actor", "action", "target", "project", "details"])
    for row in rows.iterator(500):
        cells = [row.actor, row.action, row.target, row.project.slug if row.project else ""]
        details = orjson.dumps(row.details).decode()
        yield writer.writerow([row.at.isoformat(), *(_plain(cell) for cell in cells), details])


def _plain(cell: str) -> str:
    # A spreadsheet takes what begins with one of these for a formula.
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
