"""The spool as one process uses it: its own directory, those it adopted, the bounds, and the counting of losses."""

import itertools
import logging
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sentry_sdk.envelope import Envelope

from core.sentry.counters import COUNTS_FILE, Counters, fold_into_totals, owed
from core.sentry.spool.backlog import Backlog
from core.sentry.spool.config import SpoolConfig
from core.sentry.spool.directory import ProcessDirectory, list_entries, process_directories, remove_abandoned
from core.sentry.spool.entry import Entry, Priority
from core.sentry.spool.intake import Handed, Intake
from core.sentry.spool.outcomes import error_id_in, record_outcome
from core.sentry.spool.wire import priority_of, quantities_of, serialise

logger = logging.getLogger("core.sentry.spool")

_EVENT_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_CALLER_SLACK = 1.1
"""The sender keeps the bound; a caller evicts on its own only when the sender is too busy to."""
_ROOM = 0.95
_HELD_MAX_BYTES = 1024 * 1024
"""Samples that wait for nothing but their turn on the wire. More than this means a slow host: to disk with them."""


class Store:
    """`counters` get every item that is captured, delivered or dropped, by reason and category."""

    def __init__(self, config: SpoolConfig, destination: Path, counters: Counters) -> None:
        self.config = config
        self.destination = destination
        self.counters = counters
        self.backlog = Backlog()
        self.intake = Intake(max_envelopes=config.queue_max_envelopes, max_items=config.queue_max_items)
        self._sequence = itertools.count()
        self._opening = threading.Lock()
        self._own: ProcessDirectory | None = None
        self._adopted: dict[Path, ProcessDirectory] = {}
        self._bytes_of_others = 0
        self._disk_complaint = ""

    # In the caller: no network, no lock held while writing.

    def add(self, envelope: Envelope, *, sender_follows: bool = False) -> None:
        """Keep one envelope. Raises nothing for a disk that fails: it is kept in memory then, and said so.

        With `sender_follows`, a sample is only queued: somebody calls take_up() or spill() in a moment.
        """
        sequence, captured_ms = next(self._sequence), time.time_ns() // 1_000_000
        if sender_follows and priority_of(envelope) == Priority.SAMPLES:
            if not self.intake.offer(Handed(sequence, captured_ms, envelope)):
                entry = self._entry(sequence, captured_ms, envelope)
                self._count("captured", entry)
                self._lose([entry], "queue_overflow")
        else:
            self._take_up(self._entry(sequence, captured_ms, envelope), envelope, hold=False)

    def _entry(self, sequence: int, captured_ms: int, envelope: Envelope) -> Entry:
        """Its size is not known before it is serialised."""
        quantities: Counter[str] = Counter()
        for item in envelope.items:
            quantities.update(quantities_of(item))
        event_id = str(envelope.headers.get("event_id") or "")
        return Entry(
            priority=priority_of(envelope),
            sequence=sequence,
            captured_ms=captured_ms,
            size=0,
            event_id=event_id if _EVENT_ID.fullmatch(event_id) else "",
            quantities=quantities,
        )

    def _take_up(self, entry: Entry, envelope: Envelope, *, hold: bool) -> None:
        data = serialise(envelope)
        entry.size = len(data)
        if hold and self.backlog.memory_bytes + entry.size <= min(
            _HELD_MAX_BYTES, self.config.memory_max_bytes
        ):
            entry.data = data
            self.backlog.put(entry)
        else:
            self.backlog.put(self._keep(entry, data))
        self._count("captured", entry)
        self._make_room()

    def _keep(self, entry: Entry, data: bytes) -> Entry:
        try:
            return self._write(entry, data)
        except OSError as error:
            self._complain(error)
            entry.data = data
            entry.directory = None
            return entry

    def _write(self, entry: Entry, data: bytes) -> Entry:
        own = self._own or self.open()
        try:
            own.write(entry, data)
        except FileNotFoundError:
            # Somebody removed the directory under the living process: make another.
            self._own = None
            own = self.open()
            own.write(entry, data)
        entry.directory = own.path
        return entry

    def open(self) -> ProcessDirectory:
        """This process's directory, made at the first need. Raises OSError."""
        with self._opening:
            if self._own is None:
                own = ProcessDirectory.create(self.destination)
                self.counters.attach(own.path / COUNTS_FILE)
                self._own = own
            return self._own

    def _complain(self, error: OSError) -> None:
        self.counters.add("spool_write_failed", reason=error.strerror or type(error).__name__)
        complaint = f"{type(error).__name__} {error.errno}"
        if complaint != self._disk_complaint:
            self._disk_complaint = complaint
            logger.error(
                "The spool %s can't be written (%s). Envelopes are kept in memory, at most %d bytes, and lost when "
                "the process ends: free space or mend the directory's rights.",
                self.destination,
                error,
                self.config.memory_max_bytes,
            )

    def _make_room(self) -> None:
        bound = int(self.config.max_bytes * _CALLER_SLACK)
        surplus = self.backlog.disk_bytes + self._bytes_of_others - bound
        if surplus > 0:
            self._lose(self.backlog.evict(surplus, from_memory=False), "spool_full")
        surplus = self.backlog.memory_bytes - self.config.memory_max_bytes
        if surplus > 0:
            self._lose(self.backlog.evict(surplus, from_memory=True), "memory_full")

    # In the sender; where there is none, in the caller.

    def take_up(self, *, hold: bool, at_most: int = sys.maxsize) -> None:
        """Serialise what callers have queued; keep it in memory with `hold`, on disk without."""

        def take_up(handed: Handed) -> None:
            entry = self._entry(handed.sequence, handed.captured_ms, handed.envelope)
            try:
                self._take_up(entry, handed.envelope, hold=hold)
            except Exception:  # a boundary: one sample must not hold up those behind it
                self._count("captured", entry)
                self._lose([entry], "internal_sdk_error")
                logger.exception("A sample could not be taken into the Sentry spool.")

        if self.intake:
            self._keep_counts()
            self.intake.drain(take_up, at_most)

    def spill(self) -> None:
        """Bring to disk what is in memory only: nobody may come to send it."""
        self.take_up(hold=False)
        if self.backlog.memory_bytes:
            self._persist_memory()

    def spill_in_flight(self) -> None:
        """At the end of a process: also what is on the wire. If the host has it after all, it is sent twice."""
        for entry in self.backlog.entries():
            if entry.data is not None and entry.in_flight:
                with suppress(OSError):
                    self._write(replace(entry, data=None), entry.data)

    def delivered(self, entry: Entry, raw: bytes, withheld: Counter[str]) -> None:
        """The host has it. Logged before it is removed: a crash between sends it again, which receivers bear."""
        if entry.priority == Priority.ERRORS:
            self._record("delivered", entry, raw)
        self._unlink(entry)
        self.backlog.remove(entry)
        for category, quantity in entry.quantities.items():
            at_once = entry.priority != Priority.SAMPLES
            if category in withheld:
                self.counters.add("dropped", reason="ratelimit_backoff", category=category, quantity=quantity)
            else:
                self.counters.add("delivered", category=category, quantity=quantity, at_once=at_once)

    def drop(self, entry: Entry, reason: str) -> None:
        """Give it up: counted, logged, told to the host later."""
        if self.backlog.remove(entry):
            self._lose([entry], reason)

    def miss(self, entry: Entry) -> None:
        """Its file has gone: evicted by another process, which has counted it, or removed with the directory."""
        if self.backlog.remove(entry) and entry.directory is not None and not entry.directory.exists():
            entry.directory = None
            self._lose([entry], "spool_removed")

    def housekeep(self) -> None:
        """Adopt, expire, keep the bound over all processes, bring to disk what is in memory only."""
        self._persist_memory()
        self.counters.sync()
        self.stock_up()
        self._adopt()
        self._expire()
        self._keep_bound()
        self._finish_adopted()
        remove_abandoned(self.destination)

    @property
    def is_low_on_files(self) -> bool:
        return self._own is not None and self._own.is_low

    def stock_up(self) -> None:
        if self._own is not None:
            with suppress(OSError):
                self._own.stock_up()

    def has_leftovers(self) -> bool:
        """True when there are directories of other processes, which may be dead."""
        return any(
            self._own is None or path != self._own.path for path in process_directories(self.destination)
        )

    def close(self, *, tell_losses: bool) -> None:
        """Let go of everything. What is not delivered, and what is not yet told, stays for another process."""
        self.spill()
        self._finish_adopted()
        for directory in self._adopted.values():
            directory.release(remove=False)
        self._adopted.clear()
        if self.counters.snapshot():
            self._keep_counts()
        own, self._own = self._own, None
        if own is None:
            return
        debt = owed(self.counters.snapshot()) if tell_losses else Counter()
        self.counters.hand_over()
        empty = not debt and not any(True for _ in list_entries(own.path))
        if empty:
            fold_into_totals(own.path)
        own.release(remove=empty)

    def _keep_counts(self) -> None:
        """A process that writes no envelope still has counts to leave."""
        if self._own is None:
            with suppress(OSError):
                self.open()

    def forget(self) -> None:
        """In a forked child: close what was inherited; the parent delivers its own."""
        for directory in (self._own, *self._adopted.values()):
            if directory is not None:
                directory.forget()
        self.counters.forget()

    def _adopt(self) -> None:
        own = self._own.path if self._own else None
        bytes_of_others = 0
        for path in process_directories(self.destination):
            if path == own or path in self._adopted:
                continue
            directory = ProcessDirectory.adopt(path)
            entries = list(list_entries(path))
            if directory is None:
                bytes_of_others += sum(entry.size for entry in entries)
                continue
            self._adopted[path] = directory
            for entry in entries:
                self.backlog.put(entry, adopted=True)
            if entries:
                # What becomes of them is counted here, so there must be a file to count in.
                with suppress(OSError):
                    self.open()
                logger.info("Delivering %d envelopes that the process %s left.", len(entries), path.name)
        self._bytes_of_others = bytes_of_others

    def _finish_adopted(self) -> None:
        waiting = {entry.directory for entry in self.backlog.entries()}
        for path in [path for path in self._adopted if path not in waiting]:
            debt = fold_into_totals(path)
            for key, quantity in debt.items():
                self.counters.add("owed", reason=key.reason, category=key.category, quantity=quantity)
            self._adopted.pop(path).release(remove=True)

    def _expire(self) -> None:
        too_old = time.time_ns() // 1_000_000 - int(self.config.max_age_s * 1000)
        for entry in self.backlog.entries():
            if entry.captured_ms < too_old and not entry.in_flight:
                self.drop(entry, "spool_too_old")

    def _keep_bound(self) -> None:
        """Over all processes: samples go first, then the oldest, whoever wrote them."""
        if self.backlog.disk_bytes + self._bytes_of_others <= self.config.max_bytes:
            return
        directories = process_directories(self.destination)
        entries = [e for path in directories for e in list_entries(path) if not e.is_report]
        surplus = sum(entry.size for entry in entries) - int(self.config.max_bytes * _ROOM)
        entries.sort(key=lambda entry: (-entry.priority, entry.captured_ms))
        for entry in entries:
            if surplus <= 0:
                break
            surplus -= entry.size
            self.backlog.remove(entry)
            # Of several processes that do this at once, the one whose unlink succeeds counts the loss.
            self._lose([entry], "spool_full")

    def _persist_memory(self) -> None:
        for entry in self.backlog.entries():
            if entry.data is None or not self.backlog.claim(entry):
                continue
            try:
                moved = self._write(replace(entry, data=None, in_flight=False), entry.data)
                self.backlog.replace(entry, moved)
            except OSError:
                return
            finally:
                entry.in_flight = False
        self._disk_complaint = ""

    def _lose(self, entries: Iterable[Entry], reason: str) -> None:
        for entry in entries:
            raw = b""
            if entry.priority == Priority.ERRORS:
                with suppress(OSError):
                    raw = entry.read()
            if not self._unlink(entry):
                continue
            if entry.priority == Priority.ERRORS:
                self._record("dropped", entry, raw, reason)
            self._count("dropped", entry, reason)

    def _count(self, kind: str, entry: Entry, reason: str = "") -> None:
        at_once = kind != "captured" or entry.priority != Priority.SAMPLES
        for category, quantity in entry.quantities.items():
            self.counters.add(kind, reason=reason, category=category, quantity=quantity, at_once=at_once)

    def _record(self, state: str, entry: Entry, raw: bytes, reason: str = "") -> None:
        record_outcome(
            self.destination, state, event_id=entry.event_id, error_id=error_id_in(raw), reason=reason
        )

    def _unlink(self, entry: Entry) -> bool:
        if entry.path is None:
            return True
        own = self._own
        try:
            if own is not None and entry.directory == own.path:
                own.discard(entry.name)
            else:
                entry.path.unlink()
        except OSError:
            return False
        return True
