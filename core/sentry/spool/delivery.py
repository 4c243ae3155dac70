"""One attempt to deliver one envelope, and what the answer means for it and for the others."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Protocol

import urllib3

from core.sentry.spool.entry import Entry, Priority
from core.sentry.spool.status import LAST_DELIVERY_FILE, LAST_ERROR_FILE
from core.sentry.spool.store import Store
from core.sentry.spool.wire import BrokenEnvelopeError, prepare

logger = logging.getLogger("core.sentry.spool")

KEEP_4XX = frozenset({401, 403, 404, 407, 408, 425, 429})
"""A wrong key, a project not yet made, a proxy in between: wrong settings, not wrong envelopes."""
_NOTE_INTERVAL_S = 1.0
_LIMITED_PAUSE_S = 1.0
_UNREADABLE_PAUSE_S = 60.0
_ERROR_TEXT_MAX = 300


class Response(Protocol):
    """The part of urllib3's response that is used."""

    @property
    def status(self) -> int: ...
    @property
    def data(self) -> bytes: ...


class RateLimits(Protocol):
    def is_limited(self, category: str) -> bool: ...
    def update(self, response: Response) -> None: ...


class Result(Enum):
    SETTLED = "delivered, dropped, or evicted by another process: on to the next"
    LIMITED = "not now: its category is limited, or its file can't be read; on to the next"
    HOST_FAILED = "no answer worth the name: back off"


class Delivery:
    """Stateless but for what the host said last, which `spool_status` reads."""

    def __init__(
        self, store: Store, post: Callable[[bytes, Mapping[str, str]], Response], limits: RateLimits
    ) -> None:
        self.store = store
        self.limits = limits
        self.last_error = ""
        self._post = post
        self._noted: dict[str, tuple[float, str]] = {}

    def is_sendable(self, entry: Entry) -> bool:
        """Not put off for itself, and at least one of its items in a category that is not rate limited."""
        if entry.not_before > time.monotonic():
            return False
        return not self._is_limited(entry)

    def attempt(self, entry: Entry) -> Result:
        """Never raises for what the network or the disk does."""
        try:
            raw = entry.read()
            outgoing = prepare(raw, self.limits.is_limited)
        except FileNotFoundError:
            self.store.miss(entry)
            return Result.SETTLED
        except BrokenEnvelopeError:
            self.store.drop(entry, "broken_file")
            return Result.SETTLED
        except OSError as error:
            return self._put_off_unreadable(entry, error)
        if outgoing is None:
            # The file's name promised an item that may be sent; never ask again without a pause.
            entry.not_before = time.monotonic() + _LIMITED_PAUSE_S
            return Result.LIMITED
        try:
            response = self._post(outgoing.body, outgoing.headers)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            seen_by_host = not isinstance(
                error, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
            )
            return self._host_failed(
                entry, f"{type(error).__name__}: {error}", counts_against_it=seen_by_host
            )
        return self._judge(entry, raw, response, outgoing.withheld)

    def _judge(self, entry: Entry, raw: bytes, response: Response, withheld: Counter[str]) -> Result:
        self.limits.update(response)
        status = response.status
        if 200 <= status < 300:
            self.store.delivered(entry, raw, withheld)
            self._note(LAST_DELIVERY_FILE, "")
            return Result.SETTLED
        said = f"HTTP {status}: {response.data[:_ERROR_TEXT_MAX].decode(errors='replace')}"
        if status == 429:
            self._note(LAST_ERROR_FILE, said)
            # Limited for a category it is not in, or for no time at all: back off all the same.
            return Result.HOST_FAILED if self.is_sendable(entry) else Result.LIMITED
        if 400 <= status < 500 and status not in KEEP_4XX:
            self._note(LAST_ERROR_FILE, said)
            self.store.drop(entry, f"status_{status}")
            return Result.SETTLED
        return self._host_failed(entry, said, counts_against_it=status >= 500)

    def _is_limited(self, entry: Entry) -> bool:
        return bool(entry.quantities) and all(map(self.limits.is_limited, entry.categories))

    def drop_limited_samples(self) -> None:
        """Samples that come late are worth little to a host that asked for fewer. All else is kept."""
        for entry in self.store.backlog.entries():
            if entry.priority == Priority.SAMPLES and self._is_limited(entry):
                self.store.drop(entry, "ratelimit_backoff")

    def _host_failed(self, entry: Entry, said: str, *, counts_against_it: bool = False) -> Result:
        self.last_error = said[:_ERROR_TEXT_MAX]
        self._note(LAST_ERROR_FILE, self.last_error)
        entry.failures += counts_against_it
        return Result.HOST_FAILED

    def _put_off_unreadable(self, entry: Entry, error: OSError) -> Result:
        """Another user's file, a bad block: no fault of the host's, and nothing for the others to wait for."""
        entry.not_before = time.monotonic() + _UNREADABLE_PAUSE_S
        self._note(LAST_ERROR_FILE, f"{entry.path}: {error}"[:_ERROR_TEXT_MAX])
        logger.warning(
            "An envelope in the Sentry spool can't be read (%s). It is kept; the others go on.", error
        )
        return Result.LIMITED

    def _note(self, name: str, text: str) -> None:
        """For spool_status, at most once a second while the text stays the same."""
        noted_at, noted = self._noted.get(name, (float("-inf"), ""))
        now = time.monotonic()
        if now - noted_at < _NOTE_INTERVAL_S and text == noted:
            return
        self._noted[name] = (now, text)
        path: Path = self.store.destination / name
        with suppress(OSError):
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
