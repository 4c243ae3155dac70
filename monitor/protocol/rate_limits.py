"""How an SDK is told to hold off: https://develop.sentry.dev/sdk/expected-features/rate-limiting/"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

RATE_LIMITS_HEADER = "x-sentry-rate-limits"
_SCOPES = ("organization", "project", "key")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """No more of these data categories (none named: of all) until `until`, a Unix time in seconds."""

    until: float
    categories: tuple[str, ...] = ()
    scope: str = "key"
    reason: str = ""

    def __post_init__(self) -> None:
        if self.scope not in _SCOPES:
            raise ValueError(
                f"The scope of a rate limit is {self.scope!r}; it must be one of {', '.join(_SCOPES)}."
            )

    def remaining_s(self, now: float) -> int:
        """Whole seconds, rounded up: an SDK that comes back early is refused again."""
        return max(0, math.ceil(self.until - now))

    def applies_to(self, category: str, now: float) -> bool:
        return self.until > now and (not self.categories or category in self.categories)


def format_rate_limits(limits: Iterable[RateLimit], now: float) -> str:
    """The value of X-Sentry-Rate-Limits: `60:transaction;span:key:quota, 2700::organization`."""
    return ", ".join(_format(limit, now) for limit in limits if limit.until > now)


def retry_after_s(limits: Iterable[RateLimit], now: float) -> int:
    """For Retry-After: the longest of them, as Relay does."""
    return max((limit.remaining_s(now) for limit in limits), default=0)


def _format(limit: RateLimit, now: float) -> str:
    text = f"{limit.remaining_s(now)}:{';'.join(limit.categories)}:{limit.scope}"
    return f"{text}:{limit.reason}" if limit.reason else text
