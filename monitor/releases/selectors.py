"""Releases read: which there are, in which order, and what belongs to one."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum
from django.http import Http404

from monitor.access.permissions import Someone, visible_projects
from monitor.issues.models import Issue, IssueTag, Status
from monitor.projects.models import Project
from monitor.releases.figures import Scope
from monitor.releases.models import Commit, Deploy, Regression, Release, ReleaseHour, ReleaseProject
from monitor.releases.ordering import parse_version

SORTS = {
    "newest": "newest",
    "version": "version",
    "sessions": "most sessions",
    "crashes": "least crash-free",
    "events": "most events",
}
SORTED_MAX = 2000
"""So many of the newest are looked at, for orders other than the newest first."""
SHOWN_ISSUES = 25
DEPLOYS_MAX = 500


def releases_of(
    projects: Sequence[Project], *, environment: str = "", words: str = "", archived: bool | None = False
) -> QuerySet[Release]:
    """Newest first, each once. With an environment: those that were seen or deployed there. `archived` None: all."""
    of_projects = ReleaseProject.objects.filter(release=OuterRef("pk"), project__in=projects)
    found = Release.objects.filter(Exists(of_projects))
    if archived is not None:
        found = found.filter(is_archived=archived)
    if environment:
        seen = ReleaseHour.objects.filter(
            release=OuterRef("pk"), project__in=projects, environment=environment
        )
        deployed = Deploy.objects.filter(release=OuterRef("pk"), environment=environment)
        found = found.filter(Exists(seen) | Exists(deployed))
    for word in words.split():
        found = found.filter(version__icontains=word)
    return found.order_by("-created_at", "-pk")


def in_order(releases: QuerySet[Release], sort: str, scope: Scope) -> list[int]:
    """Ids of the newest SORTED_MAX of them, in an order of SORTS."""
    rows = list(releases.values_list("pk", "version")[:SORTED_MAX])
    if sort == "version":
        return _by_version(rows)
    ids = [pk for pk, _ in rows]
    rank = {
        pk: _rank(sort, sessions, crashed, events)
        for pk, sessions, crashed, events in scope.hours()
        .values_list("release")
        .annotate(Sum("sessions"), Sum("crashed"), Sum("events"))
    }
    return sorted(ids, key=lambda pk: rank.get(pk, 1.0)) if sort != "newest" else ids


def _by_version(rows: list[tuple[int, str]]) -> list[int]:
    """By package, the latest version first; last what has no version to go by, the newest first as it came."""
    versions = [(parsed, pk) for pk, name in rows if (parsed := parse_version(name)) is not None]
    versions.sort(key=lambda found: found[0].key, reverse=True)
    versions.sort(key=lambda found: found[0].package)
    known = {pk for _, pk in versions}
    return [pk for _, pk in versions] + [pk for pk, _ in rows if pk not in known]


def _rank(sort: str, sessions: int, crashed: int, events: int) -> float:
    """The smaller, the further up; 1 is last."""
    if sort == "crashes":
        return -crashed / sessions if sessions else 1.0
    return -float(sessions if sort == "sessions" else events)


def release_for(user: Someone, version: str) -> tuple[Release, list[Project]]:
    """The release, and those of its projects that the user may see. Raises Http404 where there are none."""
    release = Release.objects.filter(version=version).first()
    projects = list(visible_projects(user).filter(releases=release)) if release is not None else []
    if release is None or not projects:
        raise Http404(f"You have no release {version}.")
    return release, projects


def deploys_of(scope: Scope) -> QuerySet[Deploy]:
    """What went to the environment within the time, the newest first."""
    found = Deploy.objects.filter(
        Exists(ReleaseProject.objects.filter(release=OuterRef("release"), project__in=scope.projects)),
        finished_at__gte=scope.since,
        finished_at__lte=scope.until,
    )
    if scope.environment:
        found = found.filter(environment=scope.environment)
    return found.order_by("-finished_at", "-pk")


def deploys_by_release(scope: Scope) -> dict[int, list[Deploy]]:
    """The same, by id of the release."""
    found: dict[int, list[Deploy]] = {}
    for deploy in deploys_of(scope)[:DEPLOYS_MAX]:
        found.setdefault(deploy.release_id, []).append(deploy)
    return found


def commits_of(release: Release) -> QuerySet[Commit]:
    """Newest first."""
    return Commit.objects.filter(in_releases__release=release).order_by("in_releases__position")


def last_deploys(releases: Sequence[Release]) -> dict[int, list[Deploy]]:
    """By id of the release: the last deploy to each environment, newest first."""
    newest = (
        Deploy.objects.filter(release__in=releases)
        .order_by()
        .values("release", "environment")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    found: dict[int, list[Deploy]] = {}
    for deploy in Deploy.objects.filter(pk__in=newest).order_by("-finished_at", "-pk"):
        found.setdefault(deploy.release_id, []).append(deploy)
    return found


def issues_new_in(release: Release, projects: Sequence[Project]) -> QuerySet[Issue]:
    """First seen in it, the most frequent first."""
    return _shown(Issue.objects.filter(first_release=release.version), projects)


def issues_regressed_in(release: Release, projects: Sequence[Project]) -> QuerySet[Issue]:
    """Came back in it, the most frequent first."""
    return _shown(
        Issue.objects.filter(pk__in=Regression.objects.filter(release=release).values("issue")), projects
    )


def issues_resolved_in(release: Release, projects: Sequence[Project]) -> QuerySet[Issue]:
    """Resolved in it and not back since."""
    return _shown(Issue.objects.filter(status=Status.RESOLVED, resolved_in_release=release.version), projects)


def issues_seen_in(version: str, projects: Sequence[Project]) -> QuerySet[IssueTag]:
    """The tags of issues that had an event of this release; take `issue` of them."""
    return IssueTag.objects.filter(tag__project__in=projects, tag__key="release", tag__value=version)


def issues_gained(
    old: Release, new: Release, projects: Sequence[Project], *, environment: str = ""
) -> QuerySet[Issue]:
    """Seen in `new` and never in `old`."""
    found = Issue.objects.filter(pk__in=issues_seen_in(new.version, projects).values("issue")).exclude(
        pk__in=issues_seen_in(old.version, projects).values("issue")
    )
    if environment:
        there = IssueTag.objects.filter(
            tag__project__in=projects, tag__key="environment", tag__value=environment
        )
        found = found.filter(pk__in=there.values("issue"))
    return _shown(found, projects)


def _shown(issues: QuerySet[Issue], projects: Sequence[Project]) -> QuerySet[Issue]:
    return (
        issues.filter(project__in=projects).select_related("project").order_by("-times", "-last_seen", "-pk")
    )


def neighbours(release: Release, projects: Sequence[Project], number: int = 30) -> list[Release]:
    """Other releases to compare with: those heard of before it, newest first, then those after it."""
    others = releases_of(projects).exclude(pk=release.pk)
    earlier = Q(created_at__lt=release.created_at) | Q(created_at=release.created_at, pk__lt=release.pk)
    before = list(others.filter(earlier)[:number])
    return [*before, *others.exclude(earlier).reverse()[: number - len(before)]]
