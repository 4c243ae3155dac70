"""Ctrl-C, `kill` and a closed terminal all end a command the same way: as SystemExit, so that everything is stopped."""

import signal
import sys
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_on_signals() -> None:
    """From here on the first of these signals raises SystemExit in the main thread, and further ones are ignored."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        ignore_signals()
        sys.exit(128 + number)

    for number in STOPPING:
        signal.signal(number, stop)


def ignore_signals() -> None:
    """Stopping must not be stopped half way."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
