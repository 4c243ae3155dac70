"""Commits as `sentry-cli releases set-commits` and the API send them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from monitor.events.clock import seconds_of
from monitor.issues.arrival import user_salt
from monitor.releases.models import Commit, CommitFile

COMMITS_MAX = 1000
"""Of one release."""
FILES_MAX = 1000
"""Of one commit."""
MESSAGE_MAX = 10_000
_PATH_MAX = 510
_CHANGES = frozenset("AMD")


@dataclass(frozen=True, slots=True)
class CommitData:
    """`author_email` is not kept: only a hash of it. `files` are path and change: A, M or D."""

    sha: str
    repository: str = ""
    message: str = ""
    author_name: str = ""
    author_email: str = ""
    timestamp: datetime | None = None
    files: tuple[tuple[str, str], ...] = field(default=())


def commits_of(raw: Any) -> list[CommitData]:
    """From the API's list of objects: id, repository, message, author_name, author_email, timestamp, patch_set.

    Raises ValueError that names what is wrong.
    """
    if not isinstance(raw, list) or len(raw) > COMMITS_MAX:
        raise ValueError(f"`commits` must be a list of at most {COMMITS_MAX} objects.")
    return [_commit_of(one) for one in raw]


def _commit_of(raw: Any) -> CommitData:
    if not isinstance(raw, Mapping):
        raise ValueError("A commit must be an object.")  # noqa: TRY004 - what is sent, not how we are called
    sha = raw.get("id")
    if not isinstance(sha, str) or not sha.strip() or len(sha) > 64:
        raise ValueError("The `id` of a commit must be a text of 1 to 64 characters.")
    seconds = seconds_of(raw.get("timestamp"))
    return CommitData(
        sha=sha.strip(),
        repository=_text(raw, "repository", 200),
        message=_text(raw, "message", MESSAGE_MAX),
        author_name=_text(raw, "author_name", 128),
        author_email=_text(raw, "author_email", 254),
        timestamp=None if seconds is None else datetime.fromtimestamp(seconds, UTC),
        files=_files(raw.get("patch_set")),
    )


def _text(raw: Mapping[str, Any], name: str, longest: int) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"`{name}` of a commit must be a text.")  # noqa: TRY004
    return value.replace("\0", "")[:longest]


def _files(raw: Any) -> tuple[tuple[str, str], ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise ValueError("`patch_set` of a commit must be a list.")  # noqa: TRY004
    found: dict[str, str] = {}
    for one in raw[:FILES_MAX]:
        if not isinstance(one, Mapping) or not isinstance(one.get("path"), str):
            raise ValueError("Each of a commit's `patch_set` must have a `path`.")  # noqa: TRY004
        change = str(one.get("type"))
        found[one["path"][:_PATH_MAX]] = change if change in _CHANGES else "M"
    return tuple(found.items())


def store_commits(commits: Iterable[CommitData]) -> list[Commit]:
    """The rows, in the order given, each commit once. What is known of a commit already is completed, not lost."""
    rows: dict[tuple[str, str], Commit] = {}
    for data in commits:
        key = (data.repository, data.sha)
        if key not in rows:
            rows[key] = _store(data)
    return list(rows.values())


def _store(data: CommitData) -> Commit:
    commit, _ = Commit.objects.get_or_create(repository=data.repository, sha=data.sha)
    commit.message = data.message or commit.message
    commit.author_name = data.author_name or commit.author_name
    commit.author_hash = author_hash(data.author_email) or commit.author_hash
    commit.timestamp = data.timestamp or commit.timestamp
    commit.save()
    CommitFile.objects.bulk_create(
        (CommitFile(commit=commit, path=path, change=change) for path, change in data.files),
        ignore_conflicts=True,
    )
    return commit


def author_hash(email: str) -> str:
    """Tells authors of one name apart; "" of nothing."""
    address = email.strip().lower()
    if not address:
        return ""
    return blake2b(address.encode(errors="replace"), digest_size=8, key=user_salt()).hexdigest()
