"""What people and scripts do with releases. `by` is whoever the audit log shall name; whether they may, the caller asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction

from monitor.access.audit import Actor, record
from monitor.projects.models import Project
from monitor.releases.commits import CommitData, store_commits
from monitor.releases.fixes import resolve_mentioned
from monitor.releases.models import Deploy, Release, ReleaseCommit, ReleaseHour, ReleaseProject
from monitor.releases.naming import MAX_ENVIRONMENT, MAX_RELEASE, environment_of, release_of
from monitor.releases.observers import tell_deploy

_URL_MAX = 500


class ReleaseError(ValueError):
    """What cannot be done with a release, in words for who asked."""


def create_release(
    version: str,
    projects: Iterable[Project],
    *,
    by: Actor,
    ref: str = "",
    url: str = "",
    released_at: datetime | None = None,
) -> tuple[Release, bool]:
    """The release, and whether it is new. One that is there already gets the projects, and what else is given.

    Raises ReleaseError for a name that cannot be one.
    """
    name = release_of(version)
    if name is None:
        raise ReleaseError(
            f"{version[:60]!r} cannot be a release: it must be 1 to {MAX_RELEASE} printable characters, not . or .."
        )
    with transaction.atomic():
        release, is_new = Release.objects.get_or_create(version=name, defaults={"created_at": _now()})
        wanted = list(projects)
        ReleaseProject.objects.bulk_create(
            (ReleaseProject(release=release, project=project) for project in wanted), ignore_conflicts=True
        )
        if is_new:
            record(by, "release.created", name, wanted[0] if len(wanted) == 1 else None)
        update_release(release, by=by, ref=ref or None, url=url or None, released_at=released_at)
    return release, is_new


def update_release(
    release: Release,
    *,
    by: Actor,
    ref: str | None = None,
    url: str | None = None,
    notes: str | None = None,
    is_archived: bool | None = None,
    released_at: datetime | None = None,
) -> None:
    """Change what is given; None leaves it as it is."""
    given = {
        "ref": None if ref is None else ref[:MAX_RELEASE],
        "url": None if url is None else _address(url),
        "notes": notes,
        "is_archived": is_archived,
        "released_at": released_at,
    }
    changed = {
        name: value for name, value in given.items() if value is not None and getattr(release, name) != value
    }
    if not changed:
        return
    with transaction.atomic():
        for name, value in changed.items():
            setattr(release, name, value)
        release.save(update_fields=list(changed))
        record(by, "release.changed", release.version, changed=sorted(changed))


def finalize(release: Release, *, by: Actor, at: datetime | None = None) -> None:
    """It went live at `at`, by default now. Said twice, the first time stays."""
    if release.released_at is None:
        update_release(release, by=by, released_at=at or _now())


def set_commits(release: Release, commits: Iterable[CommitData], *, by: Actor) -> int:
    """These commits, newest first, are what is new in the release; gives how many they are.

    Issues that a message says it fixes (`fixes SHOP-12`) are resolved in this release.
    """
    with transaction.atomic():
        rows = store_commits(commits)
        ReleaseCommit.objects.filter(release=release).delete()
        ReleaseCommit.objects.bulk_create(
            ReleaseCommit(release=release, commit=commit, position=position)
            for position, commit in enumerate(rows)
        )
        record(by, "release.commits_set", release.version, commits=len(rows))
        resolve_mentioned(release, (commit.message for commit in rows), by)
    return len(rows)


def create_deploy(
    release: Release,
    environment: str,
    *,
    by: Actor,
    name: str = "",
    url: str = "",
    started_at: datetime | None = None,
    finished_at: datetime | None = None,
) -> Deploy:
    """That the release went to `environment`. Raises ReleaseError."""
    where = environment_of(environment)
    if not where:
        raise ReleaseError(f"A deploy needs an environment of 1 to {MAX_ENVIRONMENT} printable characters.")
    finished = finished_at or _now()
    if started_at is not None and started_at > finished:
        raise ReleaseError("A deploy cannot have ended before it began.")
    with transaction.atomic():
        deploy = Deploy.objects.create(
            release=release,
            environment=where,
            name=name[:64],
            url=_address(url),
            started_at=started_at,
            finished_at=finished,
        )
        record(by, "release.deployed", release.version, environment=where)
        tell_deploy(deploy)
    return deploy


def delete_release(release: Release, *, by: Actor) -> None:
    """Raises ReleaseError for one that has been in use: its counts would be gone."""
    if ReleaseHour.objects.filter(release=release).exists():
        raise ReleaseError(f"{release.version} has sessions or events. Archive it instead.")
    with transaction.atomic():
        record(by, "release.deleted", release.version)
        release.delete()


def _address(url: str) -> str:
    """Only what may be linked to. Raises ReleaseError."""
    if url and not url.startswith(("https://", "http://")):
        raise ReleaseError(f"{url[:60]!r} is no address: it must begin with https:// or http://.")
    if len(url) > _URL_MAX:
        raise ReleaseError(f"The address is longer than {_URL_MAX} characters.")
    return url


def _now() -> datetime:
    return datetime.now(UTC)
