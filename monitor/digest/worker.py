"""The worker: a loop that digests the spool, and beside it a thread for what is due by the clock.

Nothing that was accepted is lost here: a batch is stored whole or stays in the spool, and until it can be stored the
worker says what it waits for, in its log and in its state (worker_state.py), and asks again.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from django.db import DatabaseError, connection

from monitor.digest import positions
from monitor.digest.batches import BatchDigester
from monitor.digest.clock import ClockJob
from monitor.digest.clockwork import Clockwork
from monitor.digest.collecting import Collector
from monitor.digest.failures import Fault, fault_of
from monitor.digest.payloads import payload_store
from monitor.digest.stopping import Stop
from monitor.digest.worker_state import StateFile
from monitor.ingest.spool import SpoolReader

logger = logging.getLogger(__name__)
DAMAGED_EXIT_CODE = 65
"""EX_DATAERR: the database file is damaged; starting again does not help."""

_LOOK_EVERY_S = 0.1
_IDLE_AFTER_S = 5.0
_LOOK_WHILE_IDLE_EVERY_S = 0.25
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_RECORDS_MAX = 500
_BYTES_MAX = 4 * 1024 * 1024


class Worker:
    """One process. `run` is its whole life."""

    def __init__(
        self,
        *,
        root: Path,
        spool: Path,
        collectors: Sequence[Callable[[], Collector]],
        jobs: Sequence[ClockJob],
        durable: bool = False,
        beside: Sequence[Callable[[Path, Stop], None]] = (),
    ) -> None:
        """`beside`: what runs in threads of its own until the stop that it is given; the path is `root`."""
        self._root = root
        self._spool = spool
        self._collectors = collectors
        self._jobs = jobs
        self._durable = durable
        self._beside = beside
        self.stop = Stop()
        self._damage: Exception | None = None
        self._trouble = ""
        self._pause = _FIRST_PAUSE_S

    def run(self) -> int:
        """Until `stop` is requested; gives the exit code."""
        self._state = StateFile(self._root)
        self._clockwork = Clockwork(
            self._jobs,
            self._root,
            self.stop,
            on_lock=lambda: self._state.tell(runs_clock=True),
            on_damage=self._stop_for_damage,
        )
        threads = [threading.Thread(target=self._clockwork.run, name="clock")]
        threads += [threading.Thread(target=run, args=(self._root, self.stop)) for run in self._beside]
        for thread in threads:
            thread.start()
        _collect_seldom()
        try:
            self._digest()
        finally:
            self.stop.request()
            self._clockwork.tell_news()
            for thread in threads:
                thread.join()
            payload_store().close()
            connection.close()
            self._state.close()
        return self._exit_code()

    def _digest(self) -> None:
        while not self.stop.requested:
            with SpoolReader(self._spool, position_of=positions.position_of) as reader:
                # The boundary: whatever stops a batch is told, and the batch stays where it is.
                try:
                    self._digest_with(reader)
                    return
                except Exception as error:
                    if fault_of(error) is Fault.FILE:
                        self._stop_for_damage(error)
                        return
                    self._complain(error)
            # Only now: what the reader had claimed must be read again from where the database says.
            _let_go()
            self.stop.wait(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)

    def _digest_with(self, reader: SpoolReader) -> None:
        digester = BatchDigester(reader, self._collectors, durable=self._durable)
        positions.forget_gone(self._spool)
        idle_at = time.monotonic() + _IDLE_AFTER_S
        while not self.stop.requested:
            batch = reader.claim(max_records=_RECORDS_MAX, max_bytes=_BYTES_MAX)
            if batch is not None:
                digester.digest(batch)
                self._clockwork.tell_news()
                self._recover()
                idle_at = time.monotonic() + _IDLE_AFTER_S
            elif self.stop.wait(_LOOK_EVERY_S if time.monotonic() < idle_at else _LOOK_WHILE_IDLE_EVERY_S):
                return

    def _complain(self, error: Exception) -> None:
        """In the log and in the worker's state."""
        self._trouble = f"{type(error).__name__}: {error}"
        is_ours = fault_of(error) is Fault.RECORD
        logger.error(
            "Nothing can be stored: %s. The spool keeps everything; next try in %g s.",
            self._trouble,
            self._pause,
            exc_info=error if is_ours else None,
        )
        self._state.tell(trouble=self._trouble)

    def _recover(self) -> None:
        self._pause = _FIRST_PAUSE_S
        if self._trouble:
            logger.warning("Events are stored again.")
            self._trouble = ""
            self._state.tell(trouble="")

    def _stop_for_damage(self, error: Exception) -> None:
        """Of either thread."""
        self._damage = error
        self.stop.request()

    def _exit_code(self) -> int:
        if self._damage is None:
            return 0
        logger.critical(
            "The database %s is damaged (%s). The worker stops, so that nothing is made worse; what is sent from now"
            " on waits in the spool. docs/monitor/keeping.md says how to go on.",
            connection.settings_dict["NAME"],
            self._damage,
        )
        return DAMAGED_EXIT_CODE


def _let_go() -> None:
    """Files and connection, so that the next try begins with new ones."""
    payload_store().close()
    # Closing what is broken may fail as well.
    with suppress(OSError, DatabaseError):
        connection.close()


def _collect_seldom() -> None:
    """What is imported stays; and a batch makes hundreds of thousands of objects, none of them in circles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
