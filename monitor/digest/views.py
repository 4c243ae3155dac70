"""The system page, and what was set aside."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from monitor.access import audit
from monitor.access.models import User
from monitor.access.permissions import require_admin
from monitor.digest.system import set_aside, state, volume
from monitor.digest.system.coverage import coverage
from monitor.digest.system.quota import quota
from monitor.ingest.spool.aside import AsideRecord
from monitor.projects.models import Project
from monitor.site.filters import Filters
from monitor.site.strategy_file import current_strategy

POISON_PAGE = 50


@never_cache
def system(request: HttpRequest) -> HttpResponse:
    """Everybody sees how the monitor does, and the volume of their own projects; what it runs on is for admins."""
    filters = Filters.of(request)
    strategy = current_strategy()
    is_admin = _is_admin(request)
    with_unknown = is_admin and not filters.narrowed
    hours, traffic = volume.traffic(
        filters.projects, since=filters.since, until=filters.until, with_unknown=with_unknown
    )
    parts = state.sizes()
    context = {
        "filters": filters,
        "state": state.state(),
        "aside": len(set_aside.shelf().names()),
        "hours": hours,
        "traffic": traffic,
        "volume": volume.volume(filters.projects, with_unknown=with_unknown),
        "quota": quota(filters.projects, strategy.retention.monthly_quota),
        "coverage": coverage(
            filters.projects,
            strategy.goals.coverage,
            since=filters.since,
            until=filters.until,
            environment=filters.environment,
        ),
        "sizes": parts,
        "room": state.room(parts),
        "versions": state.versions() if is_admin else [],
    }
    return render(request, "digest/system.html", context)


@never_cache
def now(request: HttpRequest) -> HttpResponse:
    """The part of the page that renews itself."""
    return render(
        request, "digest/_now.html", {"state": state.state(), "aside": len(set_aside.shelf().names())}
    )


@never_cache
def poison(request: HttpRequest) -> HttpResponse:
    """Newest first. For admins: what was set aside may be of any project, and is not scrubbed on disk."""
    require_admin(request.user)
    shelf = set_aside.shelf()
    names = shelf.names()[::-1]
    page = Paginator(names, POISON_PAGE).get_page(request.GET.get("page"))
    records = [found for name in page if (found := shelf.find(name)) is not None]
    context = {
        "page": page,
        "records": [(one, project, _moment(one)) for one, project in _with_projects(records)],
    }
    return render(request, "digest/poison.html", context)


@never_cache
def poison_record(request: HttpRequest, name: str) -> HttpResponse:
    require_admin(request.user)
    found = _found(name)
    (_, project), *_rest = _with_projects([found])
    audit.record(request, "poison.viewed", name, project)
    context = {
        "record": found,
        "at": _moment(found),
        "project": project,
        "parts": set_aside.parts_of(found),
    }
    return render(request, "digest/poison_record.html", context)


@require_POST
def poison_retry(request: HttpRequest) -> HttpResponse:
    """`name` may come several times. What was damaged can't be tried again and stays."""
    require_admin(request.user)
    shelf = set_aside.shelf()
    retried = 0
    for name in request.POST.getlist("name"):
        found = shelf.find(name)
        if found is not None and found.record is not None:
            shelf.retry(name)
            audit.record(request, "poison.retried", name, reason=found.reason[:300])
            retried += 1
    messages.success(request, f"{retried} back in the spool: what still can't be digested comes back here.")
    return redirect("digest:poison")


@require_POST
def poison_discard(request: HttpRequest) -> HttpResponse:
    """`name` may come several times."""
    require_admin(request.user)
    shelf = set_aside.shelf()
    discarded = 0
    for name in request.POST.getlist("name"):
        found = shelf.find(name)
        if found is not None:
            shelf.discard(name)
            audit.record(request, "poison.discarded", name, reason=found.reason[:300])
            discarded += 1
    messages.success(request, f"{discarded} thrown away.")
    return redirect("digest:poison")


def _found(name: str) -> AsideRecord:
    found = set_aside.shelf().find(name)
    if found is None:
        raise Http404(f"{name} is not among what was set aside.")
    return found


def _moment(record: AsideRecord) -> datetime:
    return datetime.fromtimestamp(record.set_aside_at, UTC)


def _with_projects(records: list[AsideRecord]) -> list[tuple[AsideRecord, Project | None]]:
    ids = {record.record.meta.project_id for record in records if record.record is not None}
    projects = Project.objects.in_bulk(ids)
    return [
        (one, projects.get(one.record.meta.project_id) if one.record is not None else None) for one in records
    ]


def _is_admin(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_admin
