"""What a process has counted and not yet sent, in a file that outlives `kill -9`: whoever sends next takes it over.

A worker's child that runs into its time limit is killed, and with it would go the very failures that rates are about.
One line for each count, appended without fsync (the page cache outlives the process); the file is locked while its
process lives, so that nobody takes over what is still being counted.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Series = tuple[str, tuple[tuple[str, str], ...]]

_SUFFIX = ".sums"


class Journal:
    """The file of one process. Raises OSError when it cannot be made; what cannot be written is in memory still."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / f"{os.getpid()}-{secrets.token_hex(6)}{_SUFFIX}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, series: Series, quantity: int) -> None:
        """Add a line. Never raises: a full disk must not fail a request."""
        try:
            os.write(self._file, json.dumps([series[0], dict(series[1]), quantity]).encode() + b"\n")
        except OSError:
            return

    def remove(self) -> None:
        """What it says has been sent."""
        self._path.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        """Close the file and leave it; in a forked child, whose parent still counts into it."""
        os.close(self._file)


@contextmanager
def of_the_dead(directory: Path) -> Iterator[Counter[Series]]:
    """The sums of processes that died before they sent them; gone when the block ends well."""
    sums: Counter[Series] = Counter()
    held: list[tuple[int, Path]] = []
    try:
        for path in sorted(directory.glob(f"*{_SUFFIX}")):
            file = _claim(path)
            if file is not None:
                held.append((file, path))
                sums += _read(file)
        yield sums
        for _, path in held:
            path.unlink(missing_ok=True)
    finally:
        for file, _ in held:
            os.close(file)


def _claim(path: Path) -> int | None:
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file).st_nlink:
            return file
    except OSError:
        pass  # its process lives, or somebody else is taking it over
    os.close(file)
    return None


def _read(file: int) -> Counter[Series]:
    sums: Counter[Series] = Counter()
    with os.fdopen(os.dup(file), "rb") as lines:
        for line in lines:
            try:
                name, labels, quantity = json.loads(line)
            except ValueError:
                continue  # cut short by the kill
            sums[name, tuple(sorted(labels.items()))] += quantity
    return sums
