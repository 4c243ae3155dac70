"""What only one worker does at a time, of however many there are: whoever holds the lock of a file."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from monitor.digest.stopping import Stop


def wait_for_turn(file: Path, stop: Stop, *, ask_every_s: float) -> int | None:
    """Waits until the lock is ours; None when told to stop before. Closing the descriptor gives it back, as dying does."""
    while not stop.requested:
        with suppress(OSError):
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
            else:
                return descriptor
        stop.wait(ask_every_s)
    return None
