"""How the digest stands now: what waits, how late it is, who works, and how much room all of it takes."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

import django
from django.conf import settings
from django.db.models import Sum

from monitor.digest import figures
from monitor.digest.models import PayloadBlock
from monitor.digest.worker_state import WorkerState, workers
from monitor.ingest.spool.capacity import SpoolDepth, spool_depth
from monitor.site.strategy_file import current_strategy

LATE_S = 30.0
"""What waits longer has been forgotten, not queued: a segment is closed after half a second."""


@dataclass(frozen=True)
class State:
    """Ages in seconds. `problem` is a sentence, empty while all is well."""

    queue: SpoolDepth
    workers: list[WorkerState]
    problem: str
    last_batch_age_s: float | None
    lag_s: float | None
    """From its receipt to its storing, of the newest record of the last batch."""
    digested: int
    poison: int
    damaged_bytes: int

    @property
    def level(self) -> str:
        return "failed" if self.problem else "ok"

    @property
    def word(self) -> str:
        return "Needs somebody" if self.problem else "Keeps up"


@dataclass(frozen=True)
class Size:
    """Bytes of one part of what is kept."""

    name: str
    bytes: int
    about: str = ""


def state(*, now: float | None = None) -> State:
    """Never raises for a spool that cannot be read: that is what the page has to say."""
    now = time.time() if now is None else now
    found = figures.read()
    alive = workers(Path(settings.DATA_ROOT))
    try:
        queue = spool_depth(Path(settings.SPOOL_DIRECTORY))
        problem = _problem(queue, alive)
    except OSError as error:
        queue, problem = SpoolDepth(0, 0, 0.0), f"The spool can't be read: {error.strerror}."
    return State(
        queue=queue,
        workers=alive,
        problem=problem,
        last_batch_age_s=_age(found.get("last_batch_at"), now),
        lag_s=_lag(found),
        digested=int(found.get("digested_records", 0)),
        poison=int(found.get("poison", 0)),
        damaged_bytes=int(found.get("damaged_bytes", 0)),
    )


def _problem(queue: SpoolDepth, alive: list[WorkerState]) -> str:
    if not alive:
        return "No worker runs, and nothing is being stored. Start one: python -m monitor worker"
    troubles = [one.trouble for one in alive if one.trouble]
    if len(troubles) == len(alive):
        return f"Nothing can be stored: {troubles[0]}"
    if queue.segments and queue.oldest_age_s > LATE_S:
        return "The digest is behind: the oldest of what waits has waited longer than it should."
    return ""


def _age(moment: float | None, now: float) -> float | None:
    return None if moment is None else max(0.0, now - moment)


def _lag(found: dict[str, float]) -> float | None:
    stored, received = found.get("last_batch_at"), found.get("last_received_at")
    return None if stored is None or received is None else max(0.0, stored - received)


def sizes() -> list[Size]:
    """Of the database, the payloads and the spool, on disk."""
    database = Path(str(settings.DATABASES["default"]["NAME"]))
    payloads = PayloadBlock.objects.aggregate(Sum("length"), Sum("payloads"))
    return [
        Size(
            "Database",
            sum(_bytes(Path(f"{database}{end}")) for end in ("", "-wal", "-shm")),
            "SQLite and its log",
        ),
        Size(
            "Payloads",
            _tree(Path(settings.PAYLOAD_DIRECTORY)),
            f"{payloads['payloads__sum'] or 0:,} events, compressed, in a file a day",
        ),
        Size("Spool", _tree(Path(settings.SPOOL_DIRECTORY)), "what waits, and what was set aside"),
    ]


@dataclass(frozen=True)
class Room:
    """Of `kept` bytes the strategy allows `allowed`, then the oldest goes; the disk has `free` left."""

    kept: int
    allowed: int
    free: int

    @property
    def share(self) -> float:
        return self.kept / self.allowed if self.allowed else 0.0


def room(parts: list[Size]) -> Room:
    existing = next(
        one for one in (Path(settings.DATA_ROOT), *Path(settings.DATA_ROOT).parents) if one.exists()
    )
    return Room(
        kept=sum(part.bytes for part in parts),
        allowed=current_strategy().retention.max_bytes,
        free=shutil.disk_usage(existing).free,
    )


def versions() -> list[tuple[str, str]]:
    return [
        ("Monitor", settings.VERSION),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        ("SQLite", sqlite3.sqlite_version),
    ]


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _tree(directory: Path) -> int:
    """What the files take on disk: some have holes where something was erased."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_blocks * 512
            except OSError:
                continue
    return total
