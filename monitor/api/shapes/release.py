"""Releases, their commits, deploys and repositories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Max, Min

from monitor.api.schemas import define
from monitor.api.shapes.times import iso, iso_or_none
from monitor.projects.models import Project
from monitor.releases.figures import new_issues
from monitor.releases.models import Commit, CommitFile, Deploy, Release, ReleaseCommit, ReleaseProject
from monitor.releases.ordering import parse_version
from monitor.releases.selectors import last_deploys

Json = dict[str, Any]
RELEASE = define(
    "Release",
    {
        "id": "int", "version": "str", "shortVersion": "str", "status": "=open|archived", "ref": "str?", "url": "str?",
        "dateCreated": "date", "dateStarted": "date?", "dateReleased": "date?", "firstEvent": "date?",
        "lastEvent": "date?", "newGroups": "int", "commitCount": "int", "deployCount": "int", "authors": "[Author]",
        "projects": "[ProjectOfRelease]", "lastCommit": "Commit?", "lastDeploy": "Deploy?", "data": "object",
        "owner": "object?", "versionInfo": "object?", "userAgent": "str?",
    },
)  # fmt: skip
define("Author", {"name": "str?", "email": "str"})
define(
    "ProjectOfRelease",
    {
        "id": "int", "slug": "str", "name": "str", "platform": "str?", "platforms": "[str]", "newGroups": "int",
        "hasHealthData": "bool",
    },
)  # fmt: skip
DEPLOY = define(
    "Deploy",
    {
        "id": "str",
        "environment": "str",
        "name": "str?",
        "url": "str?",
        "dateStarted": "date?",
        "dateFinished": "date",
    },
)
COMMIT = define(
    "Commit",
    {
        "id": "str", "message": "str", "dateCreated": "date", "author": "Author", "repository": "Repository",
        "releases": "[object]", "pullRequest": "object?", "suspectCommitType": "str",
    },
)  # fmt: skip
REPOSITORY = define(
    "Repository",
    {
        "id": "str", "name": "str", "url": "str?", "provider": "{str}", "status": "str", "dateCreated": "date",
        "integrationId": "str?", "externalSlug": "str?", "externalId": "str?", "settings": "object?",
    },
)  # fmt: skip
COMMIT_FILE = define(
    "CommitFile",
    {
        "id": "str",
        "commitMessage": "str",
        "filename": "str",
        "type": "str",
        "orgId": "int",
        "author": "Author",
    },
)
_NEW_COMMIT = define(
    "NewCommit",
    {
        "id": "str", "repository?": "str?", "message?": "str?", "author_name?": "str?", "author_email?": "str?",
        "timestamp?": "any", "patch_set?": "[object]?",
    },
)  # fmt: skip
define("Ref", {"commit": "str", "repository?": "str?", "previousCommit?": "str?"})
_CHANGES = {
    "ref?": "str?", "url?": "str?", "dateReleased?": "date?", "commits?": f"[{_NEW_COMMIT}]?", "refs?": "[Ref]?",
    "status?": "=open|archived?",
}  # fmt: skip
NEW_RELEASE = define("NewRelease", {"version": "str", "projects": "[str]", **_CHANGES})
CHANGED_RELEASE = define("ChangedRelease", {"projects?": "[str]", **_CHANGES})
NEW_PROJECT_RELEASE = define("NewProjectRelease", {"version": "str", **_CHANGES})
NEW_DEPLOY = define(
    "NewDeploy",
    {
        "environment": "str", "name?": "str?", "url?": "str?", "dateStarted?": "date?", "dateFinished?": "date?",
        "projects?": "[str]?",
    },
)  # fmt: skip


class Releases:
    """Shapes of several releases; what is needed of other tables is read once for all of them."""

    def __init__(self, releases: Sequence[Release], projects: Sequence[Project]) -> None:
        self._projects = {project.pk: project for project in projects}
        ids = [release.pk for release in releases]
        self._new = {
            project.pk: new_issues([one.version for one in releases], [project.pk]) for project in projects
        }
        self._of: dict[int, list[int]] = {pk: [] for pk in ids}
        of_projects = ReleaseProject.objects.filter(release__in=ids, project__in=self._projects)
        for release, project in of_projects.values_list("release_id", "project_id").order_by("project__slug"):
            self._of[release].append(project)
        self._seen = {
            row[0]: row[1:]
            for row in of_projects.order_by()
            .values_list("release_id")
            .annotate(Min("first_seen"), Max("last_seen"))
        }
        self._commits = dict(
            ReleaseCommit.objects.filter(release__in=ids)
            .order_by()
            .values_list("release_id")
            .annotate(Count("pk"))
        )
        self._deploys = dict(
            Deploy.objects.filter(release__in=ids).order_by().values_list("release_id").annotate(Count("pk"))
        )
        self._last_deploys = last_deploys(releases)
        self._authors: dict[int, dict[str, None]] = {}
        self._last_commit: dict[int, Commit] = {}
        links = (
            ReleaseCommit.objects.filter(release__in=ids)
            .select_related("commit")
            .order_by("release_id", "position")
        )
        for link in links:
            self._last_commit.setdefault(link.release_id, link.commit)
            if link.commit.author_name:
                self._authors.setdefault(link.release_id, {})[link.commit.author_name] = None

    def release(self, of: Release) -> Json:
        first, last = self._seen.get(of.pk, (None, None))
        deploys = self._last_deploys.get(of.pk, [])
        projects = [self._project(self._projects[pk], of) for pk in self._of.get(of.pk, [])]
        commit = self._last_commit.get(of.pk)
        return {
            "id": of.pk,
            "version": of.version,
            "shortVersion": short_version(of.version),
            "status": "archived" if of.is_archived else "open",
            "ref": of.ref or None,
            "url": of.url or None,
            "dateCreated": iso(of.created_at),
            "dateStarted": None,
            "dateReleased": iso_or_none(of.released_at),
            "firstEvent": iso_or_none(first),
            "lastEvent": iso_or_none(last),
            "newGroups": sum(one["newGroups"] for one in projects),
            "commitCount": self._commits.get(of.pk, 0),
            "deployCount": self._deploys.get(of.pk, 0),
            "authors": [{"name": name, "email": ""} for name in self._authors.get(of.pk, {})],
            "projects": projects,
            "lastCommit": commit_of(commit, of) if commit is not None else None,
            "lastDeploy": deploy(deploys[0]) if deploys else None,
            "data": {},
            "owner": None,
            "versionInfo": version_info(of.version),
            "userAgent": None,
        }

    def _project(self, project: Project, of: Release) -> Json:
        return {
            "id": project.pk,
            "slug": project.slug,
            "name": project.name,
            "platform": project.platform,
            "platforms": [project.platform],
            "newGroups": self._new[project.pk].get(of.version, 0),
            "hasHealthData": False,
        }


def short_version(version: str) -> str:
    """Without the package's name."""
    parsed = parse_version(version)
    return parsed.text if parsed is not None else version


def version_info(version: str) -> Json | None:
    parsed = parse_version(version)
    if parsed is None:
        return None
    return {
        "description": parsed.text,
        "package": parsed.package or None,
        "version": {"raw": parsed.text},
        "buildHash": parsed.build or None,
    }


def deploy(of: Deploy) -> Json:
    return {
        "id": str(of.pk),
        "environment": of.environment,
        "name": of.name or "",
        "url": of.url or None,
        "dateStarted": iso_or_none(of.started_at),
        "dateFinished": iso(of.finished_at),
    }


def commit_of(of: Commit, release: Release) -> Json:
    """Of its author only the name is kept. A commit without a time has its release's."""
    return {
        "id": of.sha,
        "message": of.message,
        "dateCreated": iso(of.timestamp or release.created_at),
        "author": {"name": of.author_name or None, "email": ""},
        "repository": repository(of.repository, of.pk, of, release),
        "pullRequest": None,
        "suspectCommitType": "",
        "releases": [
            {
                "version": release.version,
                "shortVersion": short_version(release.version),
                "ref": release.ref or None,
                "url": release.url or None,
                "dateReleased": iso_or_none(release.released_at),
                "dateCreated": iso(release.created_at),
            }
        ],
    }


def repository(name: str, number: int, commit: Commit, release: Release) -> Json:
    """`number` is that of a commit: repositories have no rows of their own."""
    return {
        "id": str(number),
        "name": name or "unknown",
        "url": None,
        "provider": {"id": "unknown", "name": "Unknown Provider"},
        "status": "active",
        "dateCreated": iso(commit.timestamp or release.created_at),
        "integrationId": None,
        "externalSlug": None,
        "externalId": None,
        "settings": None,
    }


def commit_file(of: CommitFile) -> Json:
    """`commit` has to be there. `type`: A, M or D."""
    return {
        "id": str(of.pk),
        "orgId": 1,
        "filename": of.path,
        "type": of.change,
        "commitMessage": of.commit.message,
        "author": {"name": of.commit.author_name or None, "email": ""},
    }
