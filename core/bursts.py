"""Many harmless things from one client in a short time make one event: `[bursts]` of strategy.toml.

A page that is not there, a refused request, a wrong password is never an event by itself. Sixty in a minute are
somebody who tries doors. They are counted in Django's cache, so that all processes see the same client, in fixed
windows; while the cache is away each process counts for itself.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from core.errors import ApplicationError
from core.rate_limit import client_address
from core.request_facts import RequestFacts, facts_of
from core.sentry import capture_exception
from core.sentry.classify import Classification, classify
from core.sentry.denominators import count_failed_login
from core.sentry.scrubbing.secrets_of import current_request
from core.sentry.setup import current_setup
from strategy.model.classification import Burst

_REFUSALS = {404: Http404, 403: PermissionDenied}

_own = LocMemCache("core.bursts", {"OPTIONS": {"MAX_ENTRIES": 2000}})


class SuspiciousBurstError(ApplicationError):
    """Reported, never raised to anybody; its subclasses have the category and severity of their burst."""


def suspected(facts: RequestFacts, status: int) -> str | None:
    """The burst that a request answered with `status` is part of, if any."""
    if facts.burst is not None:
        return facts.burst
    refusal = _REFUSALS.get(status)
    return classify(refusal()).burst if refusal is not None else None


def note(request: HttpRequest, facts: RequestFacts, name: str) -> None:
    """Count one for the client of `request`; the one that makes a burst of it is told, once per cooldown."""
    setup = current_setup()
    burst = setup.strategy.bursts.get(name) if setup is not None and setup.strategy is not None else None
    if burst is None:
        return
    who = _digest(_counted_together(request, facts, burst))
    if _completes(burst, who):
        capture_exception(
            _kind(burst)(f"{burst.description} {burst.count} within {burst.window_s} s."),
            tags={"burst": burst.name},
            context={"burst": {"count": burst.count, "window_s": burst.window_s, "who": who}},
        )


def note_event(outcome: str, found: Classification, event: Any, hint: Any) -> None:
    """An observer of events: what Django logs itself, a forged host say, has no status that would tell it."""
    request = current_request()
    if outcome == "ignored" and found.burst is not None and request is not None:
        facts_of(request).burst = found.burst


def note_failed_login(
    sender: Any, credentials: Any = None, request: HttpRequest | None = None, **_: Any
) -> None:
    """Receiver of `user_login_failed`."""
    count_failed_login()
    if request is not None:
        facts = facts_of(request)
        facts.burst = "failed_logins"
        facts.account = str((credentials or {}).get("username") or "")


def _counted_together(request: HttpRequest, facts: RequestFacts, burst: Burst) -> str:
    if burst.per == "account" and facts.account:
        return facts.account
    return "all" if burst.per == "all" else client_address(request)


def _completes(burst: Burst, who: str) -> bool:
    try:
        return _count(cache, burst, who)
    except Exception:
        # A boundary: every cache backend has its own errors, and a scanner must not be served 500s for them.
        return _count(_own, burst, who)


def _count(kept: Any, burst: Burst, who: str) -> bool:
    window = int(time.time()) // burst.window_s
    slot = f"burst:{burst.name}:{who}:{window}"
    kept.add(slot, 0, burst.window_s + 1)
    if kept.incr(slot) < burst.count:
        return False
    return bool(kept.add(f"burst-told:{burst.name}:{who}", 1, burst.cooldown_s))


def _digest(who: str) -> str:
    # Neither the cache nor the event may hold an address or an account's name.
    return hashlib.sha256(f"{settings.SECRET_KEY}burst{who}".encode()).hexdigest()[:16]


_kinds: dict[tuple[str, str | None], type[SuspiciousBurstError]] = {}


def _kind(burst: Burst) -> type[SuspiciousBurstError]:
    """A class for each category and severity: classification goes by class."""
    key = (burst.category, burst.severity)
    if key not in _kinds:
        attributes = {"category": burst.category, "severity": burst.severity, "__module__": __name__}
        _kinds[key] = type("SuspiciousBurstError", (SuspiciousBurstError,), attributes)
    return _kinds[key]
