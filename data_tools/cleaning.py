"""Finds files that killed uploads and workers left behind. Nothing that a row refers to is ever touched."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from data_tools.models import DataSource
from data_tools.processing import NOT_THE_FILE, drop_unreadable_upload
from jobs.models import Job

log = structlog.get_logger(__name__)

OLDER_THAN_S = 24 * 3600
BATCH = 500


@dataclass
class Swept:
    files: int = 0
    bytes: int = 0


def sweep_files(*, older_than_s: float = OLDER_THAN_S, dry_run: bool = False) -> Swept:
    """Remove files below DATA_ROOT/incoming and DATA_ROOT/sources that are that old and belong to no row.

    With `dry_run` they are only counted.
    """
    before = time.time() - older_than_s
    swept = Swept()
    for path in _files_in(Path(settings.INCOMING_ROOT)):
        _remove(path, before, swept, dry_run=dry_run)
    directories: list[Path] = []
    for directory in _directories_in(Path(settings.DATA_ROOT) / "sources"):
        directories.append(directory)
        if len(directories) == BATCH:
            _sweep_directories(directories, before, swept, dry_run=dry_run)
            directories.clear()
    _sweep_directories(directories, before, swept, dry_run=dry_run)
    if not dry_run:
        for source_id in _unreadable_with_upload():
            drop_unreadable_upload(source_id)
    if swept.files:
        log.warning("files without an owner", files=swept.files, bytes=swept.bytes, removed=not dry_run)
    return swept


def _sweep_directories(directories: list[Path], before: float, swept: Swept, *, dry_run: bool) -> None:
    owners = [_uuid(directory.name) for directory in directories]
    rows = DataSource.objects.filter(pk__in=[owner for owner in owners if owner])
    kept = {
        str(Path(settings.DATA_ROOT) / path)
        for paths in rows.values_list("upload_path", "parquet_path")
        for path in paths
        if path
    }
    for directory in directories:
        old = [path for path in (*_directories_in(directory), directory) if path.stat().st_mtime < before]
        for path in _files_in(directory):
            if str(path) not in kept:
                _remove(path, before, swept, dry_run=dry_run)
        for path in old:
            if not dry_run and not any(path.iterdir()):
                path.rmdir()


def _remove(path: Path, before: float, swept: Swept, *, dry_run: bool) -> None:
    try:
        status = path.stat()
        if status.st_mtime >= before:
            return
        if not dry_run:
            path.unlink()
    except FileNotFoundError:  # its owner came back and removed it
        return
    swept.files += 1
    swept.bytes += status.st_size


def _unreadable_with_upload() -> Iterator[uuid.UUID]:
    """Data sources whose worker died between telling the fault and removing the file."""
    return (
        DataSource.objects.filter(parquet_path="", job__state=Job.State.FAILED)
        .exclude(upload_path="")
        .exclude(job__error_code__in=NOT_THE_FILE)
        .values_list("pk", flat=True)
        .iterator()
    )


def _files_in(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()] if directory.is_dir() else []


def _directories_in(directory: Path) -> Iterator[Path]:
    return (path for path in directory.iterdir() if path.is_dir()) if directory.is_dir() else iter(())


def _uuid(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name)
    except ValueError:
        return None
