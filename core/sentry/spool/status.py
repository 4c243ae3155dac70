"""What a command, the lab page or /metrics say about a spool: read from the directory, by any process."""

import fcntl
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.sentry.counters import CountKey, read_counts
from core.sentry.spool.directory import LOCK_FILE, list_entries, process_directories
from core.sentry.spool.entry import Priority

LAST_DELIVERY_FILE = "last-delivery"
LAST_ERROR_FILE = "last-error"


@dataclass(frozen=True, slots=True)
class DestinationStatus:
    """One Sentry host and project. `queued` is by data category, `waiting` by priority (errors, counts, samples)."""

    name: str
    queued: Mapping[str, int]
    waiting: Mapping[str, int]
    bytes_on_disk: int
    oldest: datetime | None
    living_processes: int
    dead_processes: int
    last_delivery: datetime | None
    last_error: str
    last_error_at: datetime | None


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """`counts` are of all processes, living and dead, since the directory was made."""

    directory: Path
    destinations: tuple[DestinationStatus, ...]
    counts: Mapping[CountKey, int]

    @property
    def queued(self) -> Counter[str]:
        return sum((Counter(destination.queued) for destination in self.destinations), Counter())

    def total(self, kind: str) -> Counter[str]:
        """Of one kind (captured, suppressed, delivered, dropped), by data category."""
        by_category: Counter[str] = Counter()
        for key, quantity in self.counts.items():
            if key.kind == kind:
                by_category[key.category] += quantity
        return by_category


def spool_status(directory: Path) -> SpoolStatus:
    """Never raises for a directory that does not exist: nothing is queued there."""
    destinations = sorted(path for path in directory.glob("*") if path.is_dir())
    return SpoolStatus(directory, tuple(map(_destination_status, destinations)), read_counts(directory))


def _destination_status(destination: Path) -> DestinationStatus:
    directories = process_directories(destination)
    entries = [entry for directory in directories for entry in list_entries(directory)]
    queued: Counter[str] = Counter()
    waiting = {priority.name.lower(): 0 for priority in Priority}
    for entry in entries:
        queued.update(entry.quantities)
        waiting[entry.priority.name.lower()] += 1
    living = sum(map(_is_held, directories))
    return DestinationStatus(
        name=destination.name,
        queued=queued,
        waiting=waiting,
        bytes_on_disk=sum(entry.size for entry in entries),
        oldest=_time(min((entry.captured_ms for entry in entries), default=None)),
        living_processes=living,
        dead_processes=len(directories) - living,
        last_delivery=_modified(destination / LAST_DELIVERY_FILE),
        last_error=_text(destination / LAST_ERROR_FILE),
        last_error_at=_modified(destination / LAST_ERROR_FILE),
    )


def _is_held(directory: Path) -> bool:
    try:
        lock = os.open(directory / LOCK_FILE, os.O_RDWR)
    except OSError:
        return False
    try:
        # Shared, and for a moment: an adopter that meets it comes back at its next scan.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(lock)
    return False


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _modified(path: Path) -> datetime | None:
    with suppress(OSError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return None


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""
