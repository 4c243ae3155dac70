"""A worker with many notifications and a receiver that fails half the time; shared by the test of kill -9 and the bench."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import orjson

from strategy.loader import DEFAULT_PATH
from tests.monitor_site.deliveries.receivers import Got, Reply

SECRET = "a secret that signs"
_TABLE = '[channels.webhook]\nkind = "webhook"'


def strategy_file(directory: Path, *, attempts: int) -> Path:
    """The project's own strategy, but that its webhook may be on this machine and is tried so often."""
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    assert _TABLE in text
    file = directory / "strategy.toml"
    keys = f"{_TABLE}\nallow_private_addresses = true\nattempts = {attempts}"
    file.write_text(text.replace(_TABLE, keys), encoding="utf-8")
    return file


def environment(directory: Path, url: str, *, attempts: int) -> dict[str, str]:
    """Of the worker."""
    return {
        "STRATEGY_FILE": str(strategy_file(directory, attempts=attempts)),
        "ALERT_WEBHOOK_ENABLED": "1",
        "ALERT_WEBHOOK_URL": url,
        "ALERT_WEBHOOK_SECRET": SECRET,
    }


def insert(database: Path, numbers: range, *, now: float | None = None) -> None:
    """Notifications for the webhook, as another process makes them."""
    now = time.time() if now is None else now
    rows = [
        (
            "webhook",
            "fired",
            orjson.dumps(
                {
                    "kind": "fired",
                    "title": f"number {number}",
                    "thread": f"t{number}",
                    "at": now,
                    "facts": [],
                    "links": [],
                }
            ).decode(),
            f"t{number}",
            f"{now}:{number}",
            now,
            now,
        )
        for number in numbers
    ]
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        connection.executemany(
            "INSERT INTO alerts_notification (channel, kind, message, thread, once, created_at, not_before, recipients,"
            " state, attempts, problem, answer) VALUES (?, ?, ?, ?, ?, ?, ?, '[]', 'waiting', 0, '', '{}')",
            rows,
        )


class Honouring:
    """Fails half the time, a third of that after it has done what it was asked. Tells each id once."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.told: Counter[str] = Counter()
        """By title: how often it was told, that is, how many ids there were for it."""
        self.told_at: dict[str, float] = {}
        self.requests = 0
        self._ids: set[str] = set()
        self.holds_from: int | None = None
        """From this request on nobody gets an answer, so that a kill meets some that are under way."""
        self.is_holding = threading.Event()
        self.goes_on = threading.Event()
        self.never_fails = False

    def __call__(self, got: Got) -> Reply:
        with self._lock:
            self.requests += 1
            chance = 1.0 if self.never_fails else self._random.random()
            holds = self.holds_from is not None and self.requests >= self.holds_from
            if chance > 1 / 3:
                self._tell(got)
        if holds:
            self.is_holding.set()
            self.goes_on.wait(120)
        return Reply() if chance > 0.5 else Reply(500, b"half the time")

    def _tell(self, got: Got) -> None:
        key = got.headers["webhook-id"]
        if key not in self._ids:
            self._ids.add(key)
            title = got.json["data"]["title"]
            self.told[title] += 1
            self.told_at[title] = time.time()
