"""How the worker is told to stop, by a signal or by one of its threads, and how it sleeps until then."""

import os
import select
import signal
from types import FrameType


class Stop:
    """`request` may be called from a signal's handler and from any thread; it ends every `wait`."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self.requested = False

    def request(self) -> None:
        self.requested = True
        # Nobody reads it away: all that wait see it. No lock: a handler may run in the middle of anything.
        os.write(self._writing, b".")

    def wait(self, seconds: float) -> bool:
        """Sleep; gives whether it is time to stop."""
        if not self.requested:
            select.select([self._reading], [], [], max(0.0, seconds))
        return self.requested

    def on_signals(self) -> None:
        """SIGTERM, and Ctrl-C. In the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def close(self) -> None:
        os.close(self._reading)
        os.close(self._writing)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.request()
