"""Which commits may have brought an issue: those of its first release that touch a file in which it failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from monitor.events.model import Frame
from monitor.issues.models import Issue
from monitor.releases.models import Commit, CommitFile, Release

SUSPECTS_MAX = 5
_FILES_LOOKED_AT = 20_000


@dataclass(frozen=True, slots=True)
class Suspect:
    """`path` is the file that the commit touched; `distance` how many of our own frames lie between it and the failure."""

    commit: Commit
    release: Release
    path: str
    distance: int


def of_issue(issue: Issue, frames: Sequence[Frame]) -> list[Suspect]:
    """The likeliest first: nearest to where it failed, then the newest. `frames` run from the outermost to the failure."""
    places = _own_files(frames)
    if not places or not issue.first_release:
        return []
    release = Release.objects.filter(version=issue.first_release, projects=issue.project_id).first()
    if release is None:
        return []
    touched = (
        CommitFile.objects.filter(commit__in_releases__release=release)
        .select_related("commit")
        .order_by("commit__in_releases__position")[:_FILES_LOOKED_AT]
    )
    best: dict[int, Suspect] = {}
    for file in touched:
        distance = next((n for n, names in enumerate(places) if _is_same(file.path, names)), None)
        if distance is None:
            continue
        known = best.get(file.commit_id)
        if known is None or distance < known.distance:
            best[file.commit_id] = Suspect(file.commit, release, file.path, distance)
    # Sorting keeps the order of the commits among equals.
    return sorted(best.values(), key=lambda suspect: suspect.distance)[:SUSPECTS_MAX]


def _own_files(frames: Sequence[Frame]) -> list[tuple[str, ...]]:
    """The names of each file of ours, the failing one first."""
    found: dict[tuple[str, ...], None] = {}
    for frame in reversed(frames):
        if frame.get("in_app"):
            names = tuple(name for name in (frame.get("filename"), frame.get("abs_path")) if name)
            if names:
                found.setdefault(names)
    return list(found)


def _is_same(path: str, names: Iterable[str]) -> bool:
    """Whether a path in the repository is one of the names that a frame has for its file: one ends in the other.

    A file at the repository's root must be named just so, or each `__init__.py` would be any other.
    """
    parts = PurePosixPath(path).parts
    for name in names:
        of_frame = PurePosixPath(name.replace("\\", "/")).parts
        shared = min(len(parts), len(of_frame))
        if shared == 1:
            if parts == of_frame:
                return True
        elif shared and parts[-shared:] == of_frame[-shared:]:
            return True
    return False
