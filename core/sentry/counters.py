"""What was captured, suppressed, delivered and dropped, and why: exact, across processes and after a kill.

During an outage the SDK forgets what it lost. Here each process keeps its counts in a small file of fixed
slots, written in place with pwrite (about two microseconds, no fsync): the page cache outlives `kill -9`.
Not mmap, which answers a full disk with SIGBUS. The counts of dead processes are folded into `totals`.
"""

import fcntl
import os
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

COUNTS_FILE = "counts"
TOTALS_FILE = "totals"

_KEY_BYTES = 88
_SLOT = struct.Struct(f"<{_KEY_BYTES}sq")
_MAX_SLOTS = 512
"""A bound on labels, not on counts: what finds no slot is counted under reason `other`."""


class CountKey(NamedTuple):
    """`kind` is captured, suppressed, delivered, dropped, or (for client reports) owed and reported."""

    kind: str
    reason: str
    category: str


class Counters:
    """Counts of one process: in memory, and in a file once there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[CountKey] = Counter()
        self._slots: dict[CountKey, int] = {}
        self._behind: set[CountKey] = set()
        self._file: int | None = None

    def attach(self, path: Path) -> None:
        """Keep the counts in a new file from here on, those made so far included. Raises OSError."""
        with self._lock:
            self._close()
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            self._slots.clear()
            for key in self._counts:
                self._write(key)

    def add(
        self, kind: str, *, reason: str = "", category: str = "", quantity: int = 1, at_once: bool = True
    ) -> None:
        """Without `at_once` it is in the file after the next sync(): for what happens at every request, and is a
        sample anyway."""
        key = CountKey(kind, reason, category)
        with self._lock:
            if key not in self._counts and len(self._counts) >= _MAX_SLOTS:
                key = CountKey(kind, "other", "other")
            self._counts[key] += quantity
            if at_once:
                self._write(key)
            else:
                self._behind.add(key)

    def sync(self) -> None:
        """Bring the file up to date."""
        with self._lock:
            for key in self._behind:
                self._write(key)
            self._behind.clear()

    def snapshot(self) -> Counter[CountKey]:
        with self._lock:
            return Counter(self._counts)

    def hand_over(self) -> None:
        """Start again at nothing: the counts so far are in the file, which others read and fold."""
        self.sync()
        with self._lock:
            self._close()
            self._counts.clear()
            self._slots.clear()

    def forget(self) -> None:
        """In a forked child: close the inherited descriptor, without the lock, which the parent may have held."""
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, key: CountKey) -> None:
        if self._file is None:
            return
        slot = self._slots.setdefault(key, len(self._slots))
        try:
            os.pwrite(self._file, _pack(key, self._counts[key]), slot * _SLOT.size)
        except OSError:
            # A full disk: the counts in memory stay right, and the next write of this key mends the file.
            return


def _pack(key: CountKey, value: int) -> bytes:
    return _SLOT.pack("|".join(key).encode()[:_KEY_BYTES], value)


def read_counts_file(path: Path) -> Counter[CountKey]:
    """The counts in one file; nothing when there is none. A slot half written by a crash is skipped."""
    counts: Counter[CountKey] = Counter()
    try:
        data = path.read_bytes()
    except OSError:
        return counts
    for raw_key, value in _SLOT.iter_unpack(data[: len(data) - len(data) % _SLOT.size]):
        labels = raw_key.rstrip(b"\0").decode(errors="replace").split("|")
        if len(labels) == len(CountKey._fields):
            counts[CountKey(*labels)] += value
    return counts


def fold_into_totals(process_directory: Path) -> Counter[CountKey]:
    """Move a dead process's counts into `totals` beside its directory; gives what its client reports still owe.

    What is owed is marked as reported in the totals: who folds a directory takes over its debt.
    """
    counts_path = process_directory / COUNTS_FILE
    with _locked_totals(process_directory.parent, fcntl.LOCK_EX) as totals_path:
        counts = read_counts_file(counts_path)
        debt = owed(counts)
        for key, quantity in debt.items():
            counts[key._replace(kind="reported")] += quantity
        if counts:
            merged = read_counts_file(totals_path) + counts
            replacement = totals_path.with_name(f".{TOTALS_FILE}.new")
            replacement.write_bytes(b"".join(_pack(key, value) for key, value in merged.items()))
            replacement.chmod(0o600)
            replacement.replace(totals_path)
        counts_path.unlink(missing_ok=True)
    return debt


def owed(counts: Counter[CountKey]) -> Counter[CountKey]:
    """What was dropped and not yet told to the host, as keys of kind `owed`."""
    debt: Counter[CountKey] = Counter()
    for key, quantity in counts.items():
        if key.kind in ("dropped", "owed"):
            debt[key._replace(kind="owed")] += quantity
        elif key.kind == "reported":
            debt[key._replace(kind="owed")] -= quantity
    return +debt


def read_counts(directory: Path) -> Counter[CountKey]:
    """The sum over all processes, living and dead, and all destinations of one spool directory."""
    total: Counter[CountKey] = Counter()
    for destination in sorted(path for path in directory.glob("*") if path.is_dir()):
        with _locked_totals(destination, fcntl.LOCK_SH) as totals_path:
            total += read_counts_file(totals_path)
            for path in destination.glob(f"*/{COUNTS_FILE}"):
                total += read_counts_file(path)
    return total


@contextmanager
def _locked_totals(destination: Path, mode: int) -> Iterator[Path]:
    """Readers and folders exclude each other, so that no count is seen twice or not at all."""
    create = os.O_CREAT if mode == fcntl.LOCK_EX else 0
    try:
        lock = os.open(destination / f".{TOTALS_FILE}.lock", os.O_RDWR | create, 0o600)
    except OSError:
        # Nothing folded yet, or read by another user: a sum that may be off by one folding is better than none.
        yield destination / TOTALS_FILE
        return
    try:
        fcntl.flock(lock, mode)
        yield destination / TOTALS_FILE
    finally:
        os.close(lock)


_current = Counters()


def use(counters: Counters) -> None:
    """Let count() write to `counters`; the transport calls this when it starts, and again in a forked child."""
    global _current
    _current = counters


def count(kind: str, *, reason: str = "", category: str = "", quantity: int = 1) -> None:
    """Count in this process, e.g. count("suppressed", reason="flood", category="error")."""
    _current.add(kind, reason=reason, category=category, quantity=quantity)


def current() -> Counters:
    """The counters of this process."""
    return _current


# A child starts at nothing: it must not inherit the parent's numbers, file or a lock that is held.
os.register_at_fork(after_in_child=lambda: use(Counters()))
