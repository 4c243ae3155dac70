"""The engine over the journal: one process at a time, the one that runs the clock.

What follows from an entry (episodes, notifications, incidents) and how far the journal is read are written in one
transaction. So a process that is killed has either done both or neither; the next one makes the engine's windows anew
(rebuilding.py), takes the episodes from their table, and goes on. Two that run at once cannot both go on: the second to
write finds that the other has had its turn, forgets what it had concluded, and begins again from what is written.
"""

from __future__ import annotations

import logging
import time
from heapq import heappop, heappush
from typing import Any

from django.conf import settings
from django.db import transaction

from monitor.alerts import episodes, journal, rebuilding
from monitor.alerts.engine import Transition
from monitor.alerts.entries import Entry
from monitor.alerts.horizon import Horizon
from monitor.alerts.journal import Row
from monitor.alerts.measurements import PROBE, Measurement
from monitor.alerts.models import EngineState
from monitor.alerts.rebuilding import Rebuilt
from monitor.digest.sql import state_of_database
from monitor.site.strategy_file import current_strategy
from strategy.model.strategy import Strategy
from strategy.problems import StrategyError

logger = logging.getLogger(__name__)
EVALUATE_EVERY_S = 0.5
"""For what goes missing, and for what another process has stored: its own batches wake it."""
FOLLOW_EVERY_S = 10.0
_SAVE_EVERY_S = 5.0
_SNAPSHOT_EVERY_S = 300.0
_ROWS = 200
_BUDGET_S = 0.5

_COMPLAIN_EVERY_S = 60.0

_live: Live | None = None
_complained_at = float("-inf")


class OvertakenError(Exception):
    """Another process has gone on from where this one stood."""


def evaluate(now: float) -> None:
    """The clock's job: all that has come and is known by `now`. What takes longer than half a second goes on next time."""
    global _live
    strategy = _strategy()
    if _live is None or _live.strategy is not strategy or _live.is_ahead_of(now):
        _live = Live(strategy, now)
    try:
        _live.advance(now)
    except OvertakenError:
        logger.warning("Another worker holds the alert rules against what comes, too; this one begins anew.")
        _live = None
    except BaseException:
        # What is in memory may be ahead of what is written.
        _live = None
        raise


def follow(now: float) -> None:
    """The clock's job, every ten seconds: how open episodes go, and whose time of silence is over."""
    if _live is not None:
        _live.follow(now)


def forget() -> None:
    """Begin anew at the next call: for tests, and for whoever has changed the tables."""
    global _live
    _live = None


def _strategy() -> Strategy:
    """Raises StrategyError where there never was a sound one: a mistake in the file must not stop all alerts."""
    global _complained_at
    try:
        return current_strategy()
    except (StrategyError, OSError):
        if _live is None:
            raise
        if time.monotonic() - _complained_at > _COMPLAIN_EVERY_S:
            _complained_at = time.monotonic()
            logger.exception("The strategy can't be read; its alert rules stay as they were.")
        return _live.strategy


class Live:
    """The engine of this process, and what waits to be given to it."""

    def __init__(self, strategy: Strategy, now: float) -> None:
        self.strategy = strategy
        self._horizon = Horizon(settings.SPOOL_DIRECTORY)
        built: Rebuilt = rebuilding.rebuild(strategy, now)
        self._engine = built.engine
        self._state = built.state
        self._untold: list[Transition] = built.transitions
        self._orphans = built.orphans
        self._waiting: list[tuple[float, int, Entry]] = []
        self._probes: list[Measurement] = []
        self._number = 0
        for entry in built.pending:
            self._wait(entry)
        self._saved_at = self._snapshot_at = time.monotonic()
        self._saved = (self._state.position, self._state.clock)
        self._snapshot_position = built.snapshot_position
        self._seen: tuple[Any, ...] | None = None
        """The database as it was when all of the journal was read."""

    def is_ahead_of(self, now: float) -> bool:
        """Whether the clock has been set back by so much that nothing would be concluded for long."""
        return self._engine.now > now + rebuilding.SET_BACK_S

    def advance(self, now: float) -> None:
        """Raises OvertakenError, and what the database raises: then nothing was written, and this one is of no use."""
        started = time.monotonic()
        seen = state_of_database()
        if seen == self._seen and not self._has_work(now):
            return
        while True:
            # In this order: what leaves the spool meanwhile is in the rows.
            known = self._horizon.at(now)
            rows = journal.after(self._state.position, _ROWS)
            for row in rows:
                self._read(row)
            all_read = len(rows) < _ROWS
            self._conclude(known if all_read else min(known, rows[-1].last_received))
            if all_read or time.monotonic() - started > _BUDGET_S:
                self._seen = seen if all_read else None
                break
        if time.monotonic() - self._snapshot_at > _SNAPSHOT_EVERY_S:
            self._snapshot_at = time.monotonic()
            if self._state.position != self._snapshot_position:
                self._snapshot_position = self._state.position
                rebuilding.save_snapshot(self.strategy, self._engine, self._state)

    def _has_work(self, now: float) -> bool:
        """Something waits, becomes due, or is to be written down, though the journal has nothing new."""
        due = self._engine.next_due
        return bool(
            self._waiting
            or self._untold
            or self._orphans
            or (due is not None and due < now)
            or time.monotonic() - self._saved_at > _SAVE_EVERY_S
        )

    def follow(self, now: float) -> None:
        """Writes what has changed in open episodes, if anything has."""
        episodes.follow(self.strategy, dict(self._values()), now)

    def _values(self) -> list[tuple[episodes.Spot, float]]:
        return [((rule, *place, key), value) for rule, place, key, value in self._engine.open_values()]

    def _read(self, row: Row) -> None:
        self._state.position = row.id
        for entry in row.entries:
            self._wait(entry)

    def _wait(self, entry: Entry) -> None:
        if isinstance(entry, Measurement) and entry.kind == PROBE:
            # It did not come by the spool: that the application is down does not wait until a backlog is read.
            self._probes.append(entry)
        else:
            self._number += 1
            heappush(self._waiting, (entry.received, self._number, entry))

    def _conclude(self, known: float) -> None:
        """From what was received until `known`, in the order of receipt."""
        told, self._untold = self._untold, []
        while self._waiting and self._waiting[0][0] <= known:
            received, _, entry = heappop(self._waiting)
            told += self._engine.take(entry, now=received)
        told += self._engine.tick(known)
        probes, self._probes = self._probes, []
        for probe in probes:
            told += self._engine.measure(probe, now=self._engine.now)
        self._state.clock = max(self._state.clock, known)
        if told or self._orphans or time.monotonic() - self._saved_at > _SAVE_EVERY_S:
            self._write(told)

    def _write(self, told: list[Transition]) -> None:
        self._saved_at = time.monotonic()
        if not told and not self._orphans and self._saved == (self._state.position, self._state.clock):
            return
        now = time.time()
        with transaction.atomic():
            turn = self._state.turn
            changed = EngineState.objects.filter(pk=self._state.pk, turn=turn).update(
                position=self._state.position, clock=self._state.clock, turn=turn + 1
            )
            if not changed:
                raise OvertakenError
            episodes.end_orphans(self.strategy, self._orphans, now)
            for transition in told:
                episodes.keep(self.strategy, transition, now)
        self._state.turn = turn + 1
        self._orphans = []
        self._saved = (self._state.position, self._state.clock)
