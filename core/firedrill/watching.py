"""Looks at the monitor all the time, so that a line can say after how many seconds something was there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from core.firedrill.monitor_api import Json, MonitorApi, MonitorError

EVERY_S = 0.25
PAGES = 6
"""Of events between two looks: more than 300 in a quarter of a second are not looked for."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Seen:
    """`first_at` is wall time in seconds: at the latest then it was there."""

    what: Json
    first_at: float

    @property
    def event_id(self) -> str:
        return str(self.what["eventID"])

    @property
    def issue_id(self) -> str:
        return str(self.what["groupID"])

    def tag(self, name: str) -> str:
        return next((tag["value"] for tag in self.what["tags"] if tag["key"] == name), "")


@dataclass(frozen=True, slots=True)
class Alert:
    """An episode of a rule, as it was at the last look."""

    what: Json
    first_at: float


class Watch:
    """A thread that asks again and again. While the monitor is away it goes on trying."""

    def __init__(self, api: MonitorApi) -> None:
        self._api = api
        self._changed = threading.Condition()
        self._events: dict[str, Seen] = {}
        self._alerts: dict[str, Alert] = {}
        self._known: frozenset[str] = frozenset()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.problem = ""

    def __enter__(self) -> Watch:
        """What is there already is not the drill's. Raises MonitorError."""
        self._known = frozenset(str(row["eventID"]) for row in self._api.events(per_page=100))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=5)

    def events(self) -> list[Seen]:
        """All that came since the drill began."""
        with self._changed:
            return list(self._events.values())

    def alerts(self) -> list[Alert]:
        """The last hundred episodes."""
        with self._changed:
            return list(self._alerts.values())

    def alert(self, alert_id: str) -> Alert | None:
        with self._changed:
            return self._alerts.get(alert_id)

    def of_request(self, request_id: str) -> list[Seen]:
        """What one request has caused, in its process or in a worker."""
        return [seen for seen in self.events() if seen.tag("request_id") == request_id]

    def wait(self, probe: Callable[[], Found], within_s: float) -> Found:
        """The first true answer of `probe`, asked again whenever something may have come; else its last one."""
        deadline = time.monotonic() + within_s
        while True:
            answer = probe()
            if answer or (left_s := deadline - time.monotonic()) <= 0:
                return answer
            with self._changed:
                self._changed.wait(min(left_s, EVERY_S * 2))

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            try:
                new, episodes = list(self._new_events()), self._api.episodes()
            except MonitorError as error:  # it may be one of the drills that it is away
                self.problem = str(error)
                continue
            self.problem = ""
            at = time.time()
            with self._changed:
                for row in new:
                    self._events.setdefault(str(row["eventID"]), Seen(row, at))
                for row in episodes:
                    known = self._alerts.get(row["id"])
                    self._alerts[row["id"]] = Alert(row, known.first_at if known else at)
                self._changed.notify_all()

    def _new_events(self) -> Iterator[Any]:
        for page in range(PAGES):
            rows = self._api.events(page)
            new = [row for row in rows if not self._is_known(str(row["eventID"]))]
            yield from new
            if len(new) < len(rows) or not rows:
                return

    def _is_known(self, event_id: str) -> bool:
        return event_id in self._events or event_id in self._known
