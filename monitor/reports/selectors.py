"""Reports read: the index, one of them as its reader may see it, and those beside it."""

from __future__ import annotations

from django.db.models import QuerySet

from monitor.access.models import User
from monitor.access.permissions import Someone, able_to_change, visible_projects
from monitor.reports.counts import Json
from monitor.reports.models import Kind, Report

MOST_ASSIGNEES = 30


def reports_of(kind: str) -> QuerySet[Report]:
    """The newest first; all kinds but triage lists without one."""
    found = Report.objects.filter(kind=kind) if kind else Report.objects.exclude(kind=Kind.TRIAGE)
    return found.defer("sections", "common").order_by("-until", "kind")


def sections_for(user: Someone, report: Report) -> list[Json]:
    """Of the projects that the reader may see; of a project that is gone, admins only."""
    if isinstance(user, User) and user.is_admin:
        return list(report.sections)
    seen = set(visible_projects(user).values_list("pk", flat=True))
    return [section for section in report.sections if section["project"]["id"] in seen]


def neighbours(report: Report) -> tuple[Report | None, Report | None]:
    """The one before and the one after, of its kind."""
    same = Report.objects.filter(kind=report.kind).defer("sections", "common")
    return (
        same.filter(until__lt=report.until).order_by("-until").first(),
        same.filter(until__gt=report.until).order_by("until").first(),
    )


def assignees(projects: list[int]) -> list[User]:
    """Who could be given an issue of these projects."""
    return list(able_to_change(projects)[:MOST_ASSIGNEES])
