"""Asks the weather service over HTTP, as core.resilience would have it. It speaks Open-Meteo's archive API."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from core.errors import ApplicationError, ExternalServiceError
from core.resilience import Breaker, OutsideService, Retry, ServiceAnswerError, ServiceUnavailableError
from data_tools.weather import kept_answers
from data_tools.weather.query import WeatherAnswer, WeatherQuery, read_answer

MAX_ANSWER_BYTES = 8 * 1024 * 1024
# A service that falls silent in the middle of its answer is given up after this, whatever the try has left.
SILENCE_S = 5.0

weather_service = OutsideService(
    "weather",
    title="weather service",
    timeout_s=20,
    try_timeout_s=8,
    retry=Retry(tries=3, base_s=0.5, cap_s=4),
    breaker=Breaker(failures=5, open_s=30),
)


class WeatherNotConfiguredError(ApplicationError):
    """An import was queued, and the worker knows no weather service."""

    category = "configuration"


@dataclass(frozen=True)
class Found:
    """Weather, when the service gave it, and, where an earlier answer stands in, why."""

    answer: WeatherAnswer
    answered_at: datetime
    instead_because: str = ""


def find_weather(query: WeatherQuery) -> Found:
    """The service's answer, or the last good one for the same place and period while it is not to be had.

    Raises ExternalServiceError when there is neither.
    """

    def ask(timeout_s: float) -> Found:
        raw = fetch(query, timeout_s)
        found = Found(read_answer(query, raw), datetime.now(UTC))
        kept_answers.keep(query, raw)
        return found

    def last_good(error: ExternalServiceError) -> Found:
        kept = kept_answers.find(query)
        if kept is None:
            raise error
        because = error.what if isinstance(error, ServiceUnavailableError) else str(error)
        return Found(kept[0], kept[1], because)

    return weather_service.call(ask, fallback=last_good)


def fetch(query: WeatherQuery, timeout_s: float) -> bytes:
    """The body of the service's answer. Raises httpx.HTTPError, ServiceAnswerError, WeatherNotConfiguredError."""
    if not settings.WEATHER_SERVICE_URL:
        raise WeatherNotConfiguredError("No weather service is set for this site. Ask whoever runs it.")
    base = settings.WEATHER_SERVICE_URL.rstrip("/")
    ends_at = time.monotonic() + timeout_s
    timeout = httpx.Timeout(timeout_s, read=min(timeout_s, SILENCE_S))
    with (
        httpx.Client(timeout=timeout, trust_env=not _is_local(base)) as http,
        http.stream("GET", f"{base}/v1/archive", params=query.parameters) as response,
    ):
        response.raise_for_status()
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                raise ServiceAnswerError("The weather service sent more than it was asked for.")
            if time.monotonic() > ends_at:
                raise httpx.ReadTimeout("The answer takes too long.", request=response.request)
    return bytes(content)


def _is_local(url: str) -> bool:
    """A proxy for the outside world must not be asked for what runs here."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
