"""The filters, put together from what strategy.toml, the settings and the environment say."""

from __future__ import annotations

from core.sentry.filters import Filters
from core.sentry.sampling import FloodGate
from core.sentry.scrubbing import secrets_of
from core.sentry.scrubbing.event import EventScrubber, Limits
from core.sentry.scrubbing.keys import SecretNames
from core.sentry.scrubbing.known import KnownValues
from core.sentry.scrubbing.text import TextScrubber
from strategy import Strategy


def build_filters(strategy: Strategy | None) -> Filters:
    """The filters of `strategy`; without one, the scrubber's own rules and limits."""
    flood = strategy.sampling.flood if strategy else None
    return Filters(
        scrubber=_LazyScrubber(strategy),
        gate=FloodGate(burst=flood.burst, per_second=flood.per_second, never=flood.never)
        if flood
        else FloodGate(),
        max_frame_locals=strategy.scrubbing.max_frame_locals if strategy else 20,
    )


class _LazyScrubber:
    """The scrubber, made anew once settings can be read: set-up runs while they are still being imported."""

    def __init__(self, strategy: Strategy | None) -> None:
        self._strategy = strategy
        self._early: EventScrubber | None = None
        self._final: EventScrubber | None = None

    def __call__(self) -> EventScrubber:
        if self._final is not None:
            return self._final
        from django.conf import settings

        if settings.configured:
            self._final = self._build()
            return self._final
        if self._early is None:
            self._early = self._build()
        return self._early

    def _build(self) -> EventScrubber:
        rules = self._strategy.scrubbing if self._strategy else None
        names = rules.names if rules else ()
        text = TextScrubber(
            names=names,
            patterns=rules.patterns if rules else None,
            known=KnownValues(
                secrets_of.of_process(SecretNames(names)), harmless=secrets_of.harmless_of_process()
            ),
            max_string=rules.max_string if rules else 4096,
        )
        limits = (
            Limits(rules.max_depth, rules.max_breadth, rules.max_breadcrumbs, rules.max_event_bytes)
            if rules
            else Limits()
        )
        return EventScrubber(text, limits=limits, allowed_headers=rules.allowed_headers if rules else ())
