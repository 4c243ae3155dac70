"""One HTTP request to a receiver that may be anybody: to a pinned address, in a bounded time, for a bounded answer.

No redirect is followed, nobody's proxy is asked, nothing is unpacked. The time holds for all of it, also for a receiver
that sends a byte now and then: each wait gets what is left of it. Only the look-up of a name is the system's own time.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpcore
import orjson

from monitor.alerts.dispatch.addresses import Place, place_of
from monitor.alerts.dispatch.errors import DeliveryError

ANSWER_MAX = 256 * 1024
RETRY_AFTER_MAX_S = 3600.0
_USER_AGENT = "HydroML-monitor"
_SAID_MAX = 200
_PIECE = 65_536
_ABOUT_THE_MESSAGE = frozenset({400, 410, 413, 414, 415, 422})
"""Another try would be refused as well."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Raises DeliveryError for what is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise DeliveryError("The receiver answered with something that is no JSON.") from error

    @property
    def said(self) -> str:
        """The beginning of the body on one line, for people."""
        return " ".join(self.body[: _SAID_MAX * 4].decode(errors="replace").split())[:_SAID_MAX]


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes = b"",
    timeout_s: float,
    allow_private: bool = False,
    answer_max: int = ANSWER_MAX,
) -> Answer:
    """Any answer at all, whatever its status. Raises DeliveryError when there is none, AddressError when it may not ask."""
    deadline = time.monotonic() + timeout_s
    place = place_of(url, allow_private=allow_private)
    backend = _PinnedBackend(place, deadline)
    try:
        with httpcore.ConnectionPool(
            ssl_context=_ssl_context(), network_backend=backend, max_connections=1
        ) as pool:
            return _asked(pool, method, place, headers, content, answer_max)
    except httpcore.TimeoutException as error:
        raise DeliveryError(f"{place.host} gave no whole answer within {timeout_s:g} s.") from error
    except httpcore.LocalProtocolError as error:
        # Its text quotes the header, which may be a secret.
        raise DeliveryError(
            "The request can't be written: a header has a character that none may have.", permanent=True
        ) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise DeliveryError(f"{place.host}: {str(error) or type(error).__name__}") from error


def post(
    url: str,
    payload: Any,
    *,
    timeout_s: float,
    allow_private: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """JSON to where only 2xx means that it was taken; whatever else raises DeliveryError."""
    sent = {"Content-Type": "application/json", **(headers or {})}
    content = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    return taken(
        ask("POST", url, headers=sent, content=content, timeout_s=timeout_s, allow_private=allow_private)
    )


def taken(answer: Answer) -> Answer:
    """The answer, if it is 2xx. Raises DeliveryError that says what a status means for another try."""
    if answer.is_good:
        return answer
    problem = f"{answer.status}: {answer.said}".rstrip(": ")
    wait_s = retry_after_s(answer.headers)
    if 300 <= answer.status < 400:
        raise DeliveryError(
            f"{answer.status}: redirects are not followed; give the final address.", permanent=True
        )
    limited = answer.status == 403 and (
        wait_s is not None or answer.headers.get("x-ratelimit-remaining") == "0"
    )
    raise DeliveryError(
        problem,
        permanent=answer.status in _ABOUT_THE_MESSAGE,
        throttled=answer.status == 429 or limited,
        retry_after_s=wait_s,
    )


def retry_after_s(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """What `Retry-After` asks for, in seconds or as a date, or GitHub's x-ratelimit-reset; never more than an hour."""
    now = time.time() if now is None else now
    given = headers.get("retry-after", "").strip()
    wait: float | None = None
    try:
        wait = float(given)
    except ValueError:
        wait = _until(given, now)
    if wait is None and headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        wait = float(reset) - now if reset.isdigit() else None
    # NaN is none of these.
    return min(max(wait, 0.0), RETRY_AFTER_MAX_S) if wait is not None and wait == wait else None


def _until(date: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, IndexError, TypeError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now


def _asked(
    pool: httpcore.ConnectionPool,
    method: str,
    place: Place,
    headers: Mapping[str, str],
    content: bytes,
    answer_max: int,
) -> Answer:
    host = f"[{place.host}]" if ":" in place.host else place.host
    url = httpcore.URL(scheme=place.scheme, host=place.host, port=place.port, target=place.target)
    sent = {
        "Host": f"{host}:{place.port}" if place.port not in (80, 443) else host,
        "User-Agent": _USER_AGENT,
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    with pool.stream(method, url, headers=list(sent.items()), content=content) as response:
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > answer_max:
                break
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, names, bytes(body[:answer_max]))


class _PinnedBackend(httpcore.SyncBackend):
    """Connects to what was looked up and judged, whatever the name means by now."""

    def __init__(self, place: Place, deadline: float) -> None:
        super().__init__()
        self._place = place
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        ips = self._place.ips
        for number, ip in enumerate(ips, start=1):
            try:
                # None may have all of the time while there are others.
                left = _left(self._deadline, httpcore.ConnectTimeout) / (len(ips) - number + 1)
                stream = super().connect_tcp(ip, port, left, local_address, socket_options)
                return _BoundedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(ips):
                    raise
        raise httpcore.ConnectError("no address")


class _BoundedStream(httpcore.NetworkStream):
    """Each wait gets what is left of the whole."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            piece = buffer[start : start + _PIECE]
            self._stream.write(piece, _left(self._deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, httpcore.ConnectTimeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, error: type[httpcore.TimeoutException]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise error("the time is over")
    return left


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpcore.default_ssl_context()
