"""Releases, as `sentry-cli releases` makes, finalises and deploys them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.http import Http404

from monitor.api.calls import Answer, Call
from monitor.api.errors import ApiError, field_error, not_found
from monitor.api.named import project_called
from monitor.api.parameters import moment
from monitor.api.routing import operation
from monitor.api.shapes import release as shapes
from monitor.projects.models import Project
from monitor.releases import services
from monitor.releases.commits import CommitData, commits_of
from monitor.releases.models import Commit, CommitFile, Deploy, Release, ReleaseCommit
from monitor.releases.selectors import release_for, releases_of

READ = ("project:read", "project:releases", "org:ci")
WRITE = ("project:releases", "org:ci")
_ALL = "organizations/{organization_id_or_slug}/releases/"
_OF_PROJECT = "projects/{organization_id_or_slug}/{project_id_or_slug}/releases/"
_ONE = f"{_ALL}{{version}}/"
_PAGES = ("cursor", "per_page")


def _listed(call: Call, projects: list[Project]) -> Any:
    found = releases_of(projects, environment=call.query("environment"), words=call.query("query"))
    page = call.paged(found)
    shaped = shapes.Releases(page, projects)
    return [shaped.release(one) for one in page]


@operation(
    "GET",
    _ALL,
    scopes=READ,
    summary="Releases, the newest first",
    answer=f"[{shapes.RELEASE}]",
    query=("project", "environment", "query", *_PAGES),
)
def list_releases(call: Call) -> Any:
    return _listed(call, call.projects)


@operation(
    "GET",
    _OF_PROJECT,
    scopes=READ,
    summary="Releases of a project, the newest first",
    answer=f"[{shapes.RELEASE}]",
    query=("environment", "query", *_PAGES),
)
def list_project_releases(call: Call, project: Project) -> Any:
    return _listed(call, [project])


@operation(
    "POST",
    _ALL,
    scopes=WRITE,
    summary="Make a release; 208 where it is there already",
    answer=shapes.RELEASE,
    status=201,
    body=shapes.NEW_RELEASE,
    other_statuses=(208,),
)
def create_release(call: Call) -> Any:
    if call.body["projects"]:
        return _made(call, _projects_called(call, call.body["projects"]))
    try:
        # As sentry-cli archives one that is there.
        _, projects = release_for(call.user, call.body["version"])
    except Http404 as error:
        raise field_error("projects", "Name one project at least.") from error
    return _made(call, projects)


def _made(call: Call, projects: list[Project]) -> Answer:
    body = call.body
    with transaction.atomic():
        release, is_new = services.create_release(
            body["version"],
            projects,
            by=call.token,
            ref=body.get("ref") or "",
            url=body.get("url") or "",
            released_at=_moment(body, "dateReleased"),
        )
        _apply(call, release, body)
    return Answer(_whole(call, release), status=201 if is_new else 208)


@operation(
    "POST",
    _OF_PROJECT,
    scopes=WRITE,
    summary="Make a release of a project",
    answer=shapes.RELEASE,
    status=201,
    body=shapes.NEW_PROJECT_RELEASE,
    other_statuses=(208,),
)
def create_project_release(call: Call, project: Project) -> Any:
    return _made(call, [project])


@operation("GET", _ONE, scopes=READ, summary="A release", answer=shapes.RELEASE)
def release(call: Call, version: str) -> Any:
    return _whole(call, _release(call, version)[0])


@operation(
    "GET", f"{_OF_PROJECT}{{version}}/", scopes=READ, summary="A release of a project", answer=shapes.RELEASE
)
def project_release(call: Call, project: Project, version: str) -> Any:
    return _whole(call, _release(call, version, project)[0])


@operation(
    "PUT",
    _ONE,
    scopes=WRITE,
    summary="Change or finalise a release, set its commits",
    answer=shapes.RELEASE,
    body=shapes.CHANGED_RELEASE,
)
def change_release(call: Call, version: str) -> Any:
    """As at Sentry, with `projects` it makes one that is not there yet: sentry-cli finalises so."""
    if call.body.get("projects"):
        projects = _projects_called(call, call.body["projects"])
        release, _ = services.create_release(version, projects, by=call.token)
    else:
        release, _ = _release(call, version)
    return _changed(call, release)


@operation(
    "PUT",
    f"{_OF_PROJECT}{{version}}/",
    scopes=WRITE,
    summary="Change or finalise a release of a project",
    answer=shapes.RELEASE,
    body=shapes.CHANGED_RELEASE,
)
def change_project_release(call: Call, project: Project, version: str) -> Any:
    return _changed(call, _release(call, version, project)[0])


def _changed(call: Call, release: Release) -> Any:
    with transaction.atomic():
        services.update_release(
            release,
            by=call.token,
            ref=call.body.get("ref"),
            url=call.body.get("url"),
            released_at=_moment(call.body, "dateReleased"),
        )
        _apply(call, release, call.body)
    return _whole(call, release)


@operation(
    "DELETE", _ONE, scopes=WRITE, summary="Delete a release that was never in use", answer=None, status=204
)
def delete_release(call: Call, version: str) -> Any:
    release, projects = _release(call, version)
    if release.projects.count() > len(projects):
        raise ApiError(403, "The release is also one of projects that are not yours.")
    services.delete_release(release, by=call.token)


@operation(
    "DELETE",
    f"{_OF_PROJECT}{{version}}/",
    scopes=WRITE,
    summary="Delete a release of a project",
    answer=None,
    status=204,
)
def delete_project_release(call: Call, project: Project, version: str) -> Any:
    _release(call, version, project)
    return delete_release(call, version)


def _apply(call: Call, release: Release, body: dict[str, Any]) -> None:
    """Commits, and whether it is archived."""
    if body.get("status"):
        services.update_release(release, by=call.token, is_archived=body["status"] == "archived")
    if body.get("commits"):
        try:
            commits = commits_of(body["commits"])
        except ValueError as error:
            raise field_error("commits", str(error)) from error
        services.set_commits(release, commits, by=call.token)
    elif body.get("refs"):
        services.set_commits(release, [_commit_of(ref) for ref in body["refs"]], by=call.token)


def _commit_of(ref: dict[str, Any]) -> CommitData:
    """Only the hash is known: the monitor asks no host of repositories."""
    sha = ref["commit"].strip()
    if not 1 <= len(sha) <= 64:
        raise field_error("refs", "The `commit` of a ref must have 1 to 64 characters.")
    return CommitData(sha=sha, repository=(ref.get("repository") or "")[:200])


def _projects_called(call: Call, names: list[str]) -> list[Project]:
    return [project_called(call.user, name) for name in dict.fromkeys(names)]


def _moment(body: dict[str, Any], name: str) -> datetime | None:
    return moment(body[name], name) if body.get(name) else None


def _release(call: Call, version: str, project: Project | None = None) -> tuple[Release, list[Project]]:
    """Raises ApiError (404)."""
    try:
        release, projects = release_for(call.user, version)
    except Http404 as error:
        raise not_found(f"You have no release {version[:100]}.") from error
    if project is not None and project not in projects:
        raise not_found(f"{project.slug} has no release {version[:100]}.")
    return release, projects


def _whole(call: Call, release: Release) -> Any:
    found, projects = _release(call, release.version)
    return shapes.Releases([found], projects).release(found)


@operation(
    "GET",
    f"{_ONE}commits/",
    scopes=READ,
    summary="Commits that are new in a release, the newest first",
    answer=f"[{shapes.COMMIT}]",
    query=_PAGES,
)
def list_commits(call: Call, version: str) -> Any:
    return _commits(call, _release(call, version)[0])


@operation(
    "GET",
    f"{_OF_PROJECT}{{version}}/commits/",
    scopes=READ,
    summary="Commits that are new in a release of a project",
    answer=f"[{shapes.COMMIT}]",
    query=_PAGES,
)
def list_project_commits(call: Call, project: Project, version: str) -> Any:
    return _commits(call, _release(call, version, project)[0])


def _commits(call: Call, release: Release) -> Any:
    rows = ReleaseCommit.objects.filter(release=release).select_related("commit").order_by("position")
    return call.shaped(rows, lambda one: shapes.commit_of(one.commit, release))


@operation(
    "GET",
    f"{_ONE}commitfiles/",
    scopes=READ,
    summary="Files that the commits of a release touched",
    answer=f"[{shapes.COMMIT_FILE}]",
    query=_PAGES,
)
def list_commit_files(call: Call, version: str) -> Any:
    release, _ = _release(call, version)
    rows = (
        CommitFile.objects.filter(commit__in_releases__release=release)
        .select_related("commit")
        .order_by("pk")
    )
    return call.shaped(rows, shapes.commit_file)


@operation(
    "GET",
    f"{_ONE}previous-with-commits/",
    scopes=READ,
    summary="The release before this one whose commits are known; an empty object where there is none",
    answer="object",
)
def previous_with_commits(call: Call, version: str) -> Any:
    release, projects = _release(call, version)
    earlier = releases_of(projects).filter(created_at__lt=release.created_at, in_commits__isnull=False)
    found = earlier.distinct().first()
    return shapes.Releases([found], projects).release(found) if found is not None else {}


@operation(
    "GET",
    f"{_ONE}deploys/",
    scopes=READ,
    summary="Where and when a release went, the last first",
    answer=f"[{shapes.DEPLOY}]",
    query=_PAGES,
)
def list_deploys(call: Call, version: str) -> Any:
    release, _ = _release(call, version)
    return call.shaped(Deploy.objects.filter(release=release).order_by("-finished_at", "-pk"), shapes.deploy)


@operation(
    "POST",
    f"{_ONE}deploys/",
    scopes=WRITE,
    summary="Say that a release went to an environment",
    answer=shapes.DEPLOY,
    status=201,
    body=shapes.NEW_DEPLOY,
)
def create_deploy(call: Call, version: str) -> Any:
    release, _ = _release(call, version)
    body = call.body
    made = services.create_deploy(
        release,
        body["environment"],
        by=call.token,
        name=body.get("name") or "",
        url=body.get("url") or "",
        started_at=_moment(body, "dateStarted"),
        finished_at=_moment(body, "dateFinished"),
    )
    return shapes.deploy(made)


@operation(
    "GET",
    f"{_ONE}files/",
    scopes=READ,
    summary="Files of a release: the monitor keeps none, so the list is empty",
    answer="[object]",
    query=_PAGES,
)
def list_release_files(call: Call, version: str) -> Any:
    _release(call, version)
    return call.paged([])


@operation(
    "POST",
    f"{_ONE}files/",
    scopes=WRITE,
    summary="Not done: the monitor keeps no source maps",
    answer="object",
    status=201,
)
def upload_release_file(call: Call, version: str) -> Any:
    _release(call, version)
    raise ApiError(
        400, "The monitor keeps no files of releases, such as source maps: stack traces stay as they came."
    )


@operation(
    "GET",
    "organizations/{organization_id_or_slug}/repos/",
    scopes=("org:read", *READ),
    summary="Repositories that commits named",
    answer=f"[{shapes.REPOSITORY}]",
    query=_PAGES,
)
def list_repositories(call: Call) -> Any:
    mine = Release.objects.filter(projects__in=call.projects)
    commits = Commit.objects.filter(in_releases__release__in=mine).exclude(repository="")
    names = dict(commits.order_by("repository").values_list("repository").annotate(Min("pk")))
    first = {one.pk: one for one in Commit.objects.filter(pk__in=names.values())}
    links = (
        ReleaseCommit.objects.filter(commit__in=first, release__in=mine)
        .select_related("release")
        .order_by("-pk")
    )
    releases = {link.commit_id: link.release for link in links}
    rows = [(name, pk) for name, pk in names.items() if pk in releases]
    return call.shaped(rows, lambda row: shapes.repository(row[0], row[1], first[row[1]], releases[row[1]]))
