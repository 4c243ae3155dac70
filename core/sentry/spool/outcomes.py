"""What became of an error, for support: the ids of delivered and dropped events, in a small bounded log.

One log per destination, appended to by all processes (a short O_APPEND write is whole), two generations.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.sentry.spool.directory import list_entries, process_directories
from core.sentry.spool.entry import Priority

LOG_FILE = "outcomes.log"
OLD_LOG_FILE = "outcomes.old.log"
LOG_MAX_BYTES = 1024 * 1024
"""About ten thousand outcomes a generation."""

_ERROR_ID = re.compile(rb'"error_id":\s*"([A-Za-z0-9_-]{4,64})"')
_ID = re.compile(r"[A-Za-z0-9_-]{4,64}")


@dataclass(frozen=True, slots=True)
class Fate:
    """`state` is queued, delivered, dropped or unknown; `reason` says why it was dropped."""

    state: str
    event_id: str = ""
    error_id: str = ""
    at: datetime | None = None
    reason: str = ""
    destination: str = ""


def error_id_in(raw: bytes) -> str:
    """The application's own error id (the tag `error_id`) in an envelope, or nothing."""
    match = _ERROR_ID.search(raw)
    return match.group(1).decode() if match else ""


def record_outcome(destination: Path, state: str, *, event_id: str, error_id: str, reason: str = "") -> None:
    """Append one line. A log that can't be written loses only the answer to a question."""
    line = f"{time.time_ns() // 1_000_000} {state} {event_id or '-'} {error_id or '-'} {reason or '-'}\n"
    with suppress(OSError):
        log = os.open(destination / LOG_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(log, line.encode())
            if os.fstat(log).st_size > LOG_MAX_BYTES:
                _rotate(destination, log)
        finally:
            os.close(log)


def _rotate(destination: Path, log: int) -> None:
    fcntl.flock(log, fcntl.LOCK_EX)
    path = destination / LOG_FILE
    # Another process may have rotated while this one waited: then the name is another file's already.
    if path.stat().st_ino == os.fstat(log).st_ino:
        path.replace(destination / OLD_LOG_FILE)


def lookup(directory: Path, wanted: str) -> Fate:
    """What became of an event, by event id (dashes allowed) or by error id. The newest answer wins.

    Raises ValueError for what can't be an id.
    """
    wanted = wanted.strip()
    if not _ID.fullmatch(wanted):
        raise ValueError(f"{wanted!r} is no event or error id: it has 4 to 64 letters, digits, - or _.")
    ids = {wanted, wanted.replace("-", "").lower()}
    destinations = sorted(path for path in directory.glob("*") if path.is_dir())
    for destination in destinations:
        if (fate := _in_queue(destination, ids)) is not None:
            return fate
    logged = [fate for destination in destinations for fate in _in_logs(destination, ids)]
    return max(logged, key=lambda fate: fate.at or datetime.min.replace(tzinfo=UTC), default=Fate("unknown"))


def _in_queue(destination: Path, ids: set[str]) -> Fate | None:
    for directory in process_directories(destination):
        for entry in list_entries(directory):
            error_id = ""
            if entry.event_id not in ids:
                if entry.priority != Priority.ERRORS:
                    continue
                with suppress(OSError):
                    error_id = error_id_in(entry.read())
                if error_id not in ids:
                    continue
            at = datetime.fromtimestamp(entry.captured_ms / 1000, UTC)
            return Fate("queued", entry.event_id, error_id, at, destination=destination.name)
    return None


def _in_logs(destination: Path, ids: set[str]) -> Iterator[Fate]:
    for name in (OLD_LOG_FILE, LOG_FILE):
        with suppress(OSError), (destination / name).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                fields = line.split()
                if len(fields) != 5 or not fields[0].isdigit() or not ids.intersection(fields[2:4]):
                    continue
                when, state, event_id, error_id, reason = ("" if field == "-" else field for field in fields)
                at = datetime.fromtimestamp(int(when) / 1000, UTC)
                yield Fate(state, event_id, error_id, at, reason, destination.name)
