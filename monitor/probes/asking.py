"""Asking, in a thread of its own: an application that hangs must not hold up what else is due by the clock."""

from __future__ import annotations

import logging
import queue
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, unquote, urlsplit

import httpcore

logger = logging.getLogger(__name__)
_ANSWER_MAX = 300
_UNREAD_MAX = 1_000
_KEPT = "/%:@!$&'()*+,;=~?"
_NO_ANSWER = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one probe. `at` is seconds since 1970, `text` the status or why there was none."""

    url: str
    at: float
    is_good: bool
    took_ms: float
    text: str


@cache
def _certificates() -> ssl.SSLContext:
    """Read once: that takes ten times as long as asking."""
    return httpcore.default_ssl_context()


def ask(url: str, timeout_s: float) -> Answer:
    """Good is any 2xx within the time, which holds for each of connecting, writing and reading.

    Never raises for what the other side does.
    """
    at, started = time.time(), time.monotonic()
    try:
        # A connection of its own: what a new visitor would meet. Nobody's proxy is asked.
        with httpcore.ConnectionPool(ssl_context=_certificates()) as pool:
            status = pool.handle_request(_request(url, timeout_s)).status
        is_good, text = 200 <= status < 300, str(status)
    except (*_NO_ANSWER, OSError, ValueError) as error:
        is_good, text = False, f"{type(error).__name__}: {error}".rstrip(": ")
    return Answer(url, at, is_good, (time.monotonic() - started) * 1000, text[:_ANSWER_MAX])


def _request(url: str, timeout_s: float) -> httpcore.Request:
    """A user and a password in the address are for the other side. Raises ValueError for what is no address."""
    parts = urlsplit(url)
    target = quote(parts.path or "/", safe=_KEPT) + (
        f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    )
    headers: dict[bytes | str, bytes | str] = {
        # By httpcore, an address of IPv6 would stand there without its brackets.
        "Host": parts.netloc.rpartition("@")[2].encode("idna"),
        "Accept": "*/*",
        "User-Agent": "HydroML-monitor-probe",
    }
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    return httpcore.Request(
        "GET",
        httpcore.URL(
            scheme=parts.scheme, host=(parts.hostname or "").encode("idna"), port=parts.port, target=target
        ),
        headers=headers,
        extensions={"timeout": dict.fromkeys(("connect", "write", "read"), timeout_s)},
    )


class Prober:
    """Asks each address every `every_s`; `answers` gives what came since the last time it was called."""

    def __init__(self, urls: Sequence[str], *, every_s: float, timeout_s: float) -> None:
        self._answers: queue.Queue[Answer] = queue.Queue(_UNREAD_MAX)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._ask_always, args=(url, every_s, timeout_s), name=f"probe {url}", daemon=True
            )
            for url in urls
        ]
        for thread in self._threads:
            thread.start()

    def answers(self) -> list[Answer]:
        found = []
        while True:
            try:
                found.append(self._answers.get_nowait())
            except queue.Empty:
                return found

    def stop(self) -> None:
        """Waits for none of the answers that are still out."""
        self._stop.set()

    def _ask_always(self, url: str, every_s: float, timeout_s: float) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._answers.put_nowait(ask(url, timeout_s))
            except queue.Full:
                logger.warning("Nobody reads the answers of %s; the latest is dropped.", url)
            self._stop.wait(max(0.0, every_s - (time.monotonic() - started)))


class Heartbeat:
    """Calls an address, for as long as `is_well` says so: silence there is the alarm."""

    def __init__(self, url: str, *, every_s: float, timeout_s: float, is_well: Callable[[], bool]) -> None:
        self._stop = threading.Event()
        threading.Thread(
            target=self._call_always, args=(url, every_s, timeout_s, is_well), name="heartbeat", daemon=True
        ).start()

    def stop(self) -> None:
        self._stop.set()

    def _call_always(self, url: str, every_s: float, timeout_s: float, is_well: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            if is_well():
                answer = ask(url, timeout_s)
                if not answer.is_good:
                    logger.warning("The heartbeat was not taken: %s", answer.text)
            self._stop.wait(every_s)
