"""Pages of releases: the list, one of them, two side by side; and what members may change."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from monitor.access.models import User
from monitor.access.permissions import require_change
from monitor.projects.models import Project
from monitor.releases import selectors, services
from monitor.releases.comparing import compare
from monitor.releases.figures import Scope, health_of, health_of_all, sessions_by_day, trend_of
from monitor.releases.filters import ReleaseFilters
from monitor.releases.models import Release
from monitor.releases.notes import notes_of
from monitor.site.lists import page_of, searched

PAGE_SIZE = 25
DEFAULT_PERIOD = "14d"
_COMMITS_SHOWN = 100
_DEPLOYS_SHOWN = 3
_NOTES_MAX = 50_000


@require_safe
def release_list(request: HttpRequest) -> HttpResponse:
    filters = ReleaseFilters.of(request, default_period=DEFAULT_PERIOD)
    words, archived = searched(request), "archived" in request.GET
    sort = request.GET.get("sort", "newest")
    sort = sort if sort in selectors.SORTS else "newest"
    deployed = selectors.deploys_by_release(filters.scope()) if request.GET.get("deployed") == "1" else None
    found = selectors.releases_of(
        filters.projects,
        environment=filters.environment,
        words=words,
        archived=archived if deployed is None else None,
    )
    if deployed is not None:
        found = found.filter(pk__in=list(deployed))
    if sort == "newest":
        page = page_of(request, found, PAGE_SIZE)
        releases = list(page.object_list)
    else:
        page = Paginator(selectors.in_order(found, sort, filters.scope()), PAGE_SIZE).get_page(
            request.GET.get("page")
        )
        by_id = Release.objects.in_bulk(list(page.object_list))
        releases = [by_id[pk] for pk in page.object_list]
    health = health_of(releases, filters.scope())
    deploys = selectors.last_deploys(releases) if deployed is None else deployed
    trends = sessions_by_day(releases, filters.scope())
    context = {
        "filters": filters,
        "page": page,
        "rows": [
            (
                release,
                health[release.pk],
                deploys.get(release.pk, [])[: _DEPLOYS_SHOWN if deployed is None else None],
                trends[release.pk],
            )
            for release in releases
        ],
        "all": health_of_all(filters.scope()),
        "deployed": deployed is not None,
        "deploys": sum(map(len, deployed.values())) if deployed is not None else 0,
        "sort": sort,
        "sorts": selectors.SORTS.items(),
        "words": words,
        "archived": archived,
        "is_first_use": not (releases or words or filters.environment or archived or deployed is not None),
    }
    return render(request, "releases/list.html", context)


@require_safe
def detail(request: HttpRequest, version: str) -> HttpResponse:
    release, projects = selectors.release_for(request.user, version)
    filters = ReleaseFilters.of(request, default_period=DEFAULT_PERIOD)
    projects = _chosen(filters, projects)
    scope = Scope([project.pk for project in projects], filters.environment, filters.since, filters.until)
    commits = list(selectors.commits_of(release)[: _COMMITS_SHOWN + 1])
    resolved = list(selectors.issues_resolved_in(release, projects)[: selectors.SHOWN_ISSUES])
    context = {
        "release": release,
        "projects": projects,
        "filters": filters,
        "health": health_of([release], scope)[release.pk],
        "trend": trend_of(release, scope),
        "issue_lists": (
            (
                "New in it",
                "first seen in this release",
                selectors.issues_new_in(release, projects)[: selectors.SHOWN_ISSUES],
            ),
            (
                "Came back in it",
                "had been resolved before",
                selectors.issues_regressed_in(release, projects)[: selectors.SHOWN_ISSUES],
            ),
            ("Resolved in it", "and not seen since", resolved),
        ),
        "commits": commits[:_COMMITS_SHOWN],
        "more_commits": len(commits) > _COMMITS_SHOWN,
        "authors": sorted({commit.author_name for commit in commits if commit.author_name}),
        "deploys": release.deploys.all()[:20],
        "notes": notes_of(release, commits, resolved),
        "others": selectors.neighbours(release, projects),
        "may_change": isinstance(request.user, User) and request.user.may_change,
        "notes_max": _NOTES_MAX,
    }
    return render(request, "releases/detail.html", context)


def _chosen(filters: ReleaseFilters, projects: list[Project]) -> list[Project]:
    """Those of the release that were asked for. Raises Http404 when it has none of them."""
    chosen = [project for project in projects if project.pk in filters.project_ids]
    if not chosen:
        raise Http404("The release is in none of these projects.")
    return chosen


@require_safe
def comparison(request: HttpRequest) -> HttpResponse:
    filters = ReleaseFilters.of(request, default_period=DEFAULT_PERIOD)
    names = [request.GET.get(name, "") for name in ("a", "b")]
    choices = list(selectors.releases_of(filters.projects)[:100])
    context = {"filters": filters, "choices": choices, "a": names[0], "b": names[1]}
    if all(names):
        (one, projects), (other, also) = (selectors.release_for(request.user, name) for name in names)
        both = _chosen(filters, list(dict.fromkeys([*projects, *also])))
        scope = Scope([project.pk for project in both], filters.environment, filters.since, filters.until)
        context |= {
            "one": one,
            "other": other,
            "lines": compare(one, other, scope),
            "gained": selectors.issues_gained(one, other, both, environment=filters.environment)[:50],
            "gone": selectors.issues_gained(other, one, both, environment=filters.environment)[:50],
        }
    return render(request, "releases/compare.html", context)


@require_POST
def change(request: HttpRequest, version: str) -> HttpResponse:
    release, _ = selectors.release_for(request.user, version)
    require_change(request.user)
    action = request.POST.get("action")
    if action == "finalize":
        services.finalize(release, by=request)
        messages.success(request, f"{release} is marked as released.")
    elif action in {"archive", "restore"}:
        services.update_release(release, by=request, is_archived=action == "archive")
        messages.success(
            request, f"{release} is {'archived' if release.is_archived else 'in the list again'}."
        )
    elif action == "notes":
        services.update_release(release, by=request, notes=request.POST.get("notes", "")[:_NOTES_MAX].strip())
        messages.success(
            request,
            "The notes are kept." if release.notes else "The notes are made from the commits again.",
        )
    else:
        messages.error(request, "Nothing was changed: the page asked for something that releases can't do.")
    return redirect(reverse("releases:detail", args=[release.version]))
