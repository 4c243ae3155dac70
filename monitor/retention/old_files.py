"""Payload files that are to go, and the rows that point into them: first the rows, in steps, then the file at once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db.models import ManyToOneRel

from monitor.digest.models import PayloadBlock
from monitor.digest.payload_files import lock
from monitor.digest.sql import as_json, database
from monitor.retention.keeping_times import DAY_S, bytes_kept, events_kept_s
from monitor.retention.pace import Pace

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d+)\.(\d+)")
_BLOCKS_OF = "SELECT id FROM digest_payloadblock WHERE file = ? LIMIT ?"
_STORED_IN = (
    "UPDATE issues_issue SET stored = max(0, stored - e.n) FROM (SELECT issue_id, count(*) AS n FROM"
    " issues_storedevent WHERE block_id IN (SELECT value FROM json_each(?)) GROUP BY issue_id) e"
    " WHERE issues_issue.id = e.issue_id"
)


@dataclass(frozen=True, slots=True, order=True)
class PayloadFile:
    """By its name. `day` is its beginning, in seconds since 1970. The oldest is the least."""

    day: float
    number: int
    project_id: int
    name: str
    size: int


def payload_files() -> list[PayloadFile]:
    """All that are on disk, and those of which only the rows are left, the oldest first."""
    directory = Path(settings.PAYLOAD_DIRECTORY)
    names = {path.name for path in directory.iterdir()} if directory.is_dir() else set()
    names |= {row[0] for row in database().execute("SELECT DISTINCT file FROM digest_payloadblock")}
    return sorted(file for name in names if (file := _file_of(directory / name)) is not None)


def _file_of(path: Path) -> PayloadFile | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    day = datetime.strptime(match[1], "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    size = path.stat().st_size if path.exists() else 0
    return PayloadFile(day, int(match[3]), int(match[2]), path.name, size)


def forget_by_age(now: float, pace: Pace) -> None:
    """Files whose last second is past the time of their project, and those of projects that are gone."""
    kept = events_kept_s()
    for file in payload_files():
        if pace.is_over:
            return
        their_time = kept.get(file.project_id)
        if their_time is None or file.day + DAY_S + their_time < now:
            forget(file, pace)


def forget_by_size(pace: Pace) -> None:
    """The oldest files, of any project, until all that is kept is no more than the strategy allows."""
    allowed, by_project = bytes_kept()
    files = payload_files()
    for project_id, their_max in by_project.items():
        theirs = [file for file in files if file.project_id == project_id]
        _forget_beyond(theirs, sum(file.size for file in theirs) - their_max, pace)
    files = payload_files()
    _forget_beyond(files, database_bytes() + sum(file.size for file in files) - allowed, pace)


def _forget_beyond(files: list[PayloadFile], excess: float, pace: Pace) -> None:
    for file in files:
        if excess <= 0 or pace.is_over:
            return
        if forget(file, pace):
            excess -= file.size


def forget(file: PayloadFile, pace: Pace) -> bool:
    """Whether it is gone. One that the digest is writing to stays until that has gone on to another."""
    path = Path(settings.PAYLOAD_DIRECTORY) / file.name
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC) if path.exists() else -1
    try:
        if descriptor >= 0 and not lock(descriptor):
            return False
        if not pace.run(lambda blocks: _forget_rows(file.name, blocks), first=4):
            return False
        path.unlink(missing_ok=True)
        return True
    finally:
        if descriptor >= 0:
            os.close(descriptor)


@cache
def _pointing_here() -> list[tuple[str, str]]:
    """Table and column of every model that keeps something in payload files."""
    return [
        (field.related_model._meta.db_table, field.field.column)
        for field in PayloadBlock._meta.get_fields(include_hidden=True)
        if isinstance(field, ManyToOneRel)
    ]


def database_bytes() -> int:
    """Of the database file and its log."""
    name = str(settings.DATABASES["default"]["NAME"])
    return sum(path.stat().st_size for end in ("", "-wal") if (path := Path(name + end)).exists())


def _forget_rows(name: str, blocks: int) -> int:
    """Of some blocks, whatever tables point to them."""
    ids = [row[0] for row in database().execute(_BLOCKS_OF, (name, blocks))]
    if not ids:
        return 0
    given = (as_json(ids),)
    database().execute(_STORED_IN, given)
    for table, column in _pointing_here():
        # Both are names of our own models.
        database().execute(
            f'DELETE FROM "{table}" WHERE "{column}" IN (SELECT value FROM json_each(?))',  # noqa: S608
            given,
        )
    database().execute("DELETE FROM digest_payloadblock WHERE id IN (SELECT value FROM json_each(?))", given)
    return len(ids)
