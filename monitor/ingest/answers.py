"""What is answered: status, JSON body and headers as Relay's, the ones that browsers need on every one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from monitor.protocol import ProtocolError, RateLimit, format_rate_limits
from monitor.protocol.rate_limits import RATE_LIMITS_HEADER, retry_after_s

Header = tuple[bytes, bytes]

_ALLOWED_HEADERS = (
    b"x-sentry-auth",
    b"x-requested-with",
    b"x-forwarded-for",
    b"origin",
    b"referer",
    b"accept",
    b"content-type",
    b"authentication",
    b"authorization",
    b"content-encoding",
    b"transfer-encoding",
)
_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-sentry-error,x-sentry-rate-limits,retry-after"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_PREFLIGHT: tuple[Header, ...] = (
    *_CORS,
    (b"access-control-allow-methods", b"POST,GET"),
    (
        b"access-control-allow-headers",
        b",".join(_ALLOWED_HEADERS),
    ),
    (b"access-control-max-age", b"3600"),
)
JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """One response, whole."""

    status: int
    headers: Sequence[Header]
    body: bytes = b""


def answer(status: int, body: bytes, content_type: bytes = JSON, extra: Sequence[Header] = ()) -> Answer:
    length = (b"content-length", b"%d" % len(body))
    return Answer(status, (*_CORS, (b"content-type", content_type), length, *extra), body)


def accepted(event_id: str | None, extra: Sequence[Header] = ()) -> Answer:
    return answer(200, b'{"id":"%b"}' % event_id.encode() if event_id else b"{}", extra=extra)


def preflight() -> Answer:
    return Answer(200, (*_PREFLIGHT, (b"content-length", b"0")))


def not_found(path: str) -> Answer:
    return _problem(404, f"No endpoint of this monitor is at {path[:100]}.")


def method_not_allowed(method: str, allowed: str) -> Answer:
    return _problem(
        405, f"{method[:20]} is not allowed here; send {allowed}.", [(b"allow", allowed.encode())]
    )


def refusal(error: ProtocolError, extra: Sequence[Header] = ()) -> Answer:
    return _problem(error.status, error.detail, extra)


def rate_limit_headers(limits: Sequence[RateLimit], now: float, *, retry: bool = False) -> list[Header]:
    """With `retry`, for a 429: SDKs that do not know the Sentry header wait by this one."""
    headers = [(RATE_LIMITS_HEADER.encode(), format_rate_limits(limits, now).encode())]
    if retry:
        headers.append(retry_after(retry_after_s(limits, now)))
    return headers


def retry_after(seconds: int) -> Header:
    return (b"retry-after", b"%d" % seconds)


def _problem(status: int, detail: str, extra: Sequence[Header] = ()) -> Answer:
    # Header values are Latin-1 without line breaks, whatever a client has sent us to quote.
    told = "".join(letter if " " <= letter <= "~" else "?" for letter in detail).encode()
    body = orjson.dumps({"detail": detail.encode("utf-8", "replace").decode()})
    return answer(status, body, extra=[(b"x-sentry-error", told), *extra])
