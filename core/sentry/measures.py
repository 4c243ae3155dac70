"""What the application measures of itself: how long its work takes, how long work waits, what its parts use.

    with timed("processing_time_s", kind="upload"):
        ...
    gauge("queue_age_s", 12.5, unit="second", queue="training")

Every measurement is sent, none is sampled; names end in their unit, where they have one. Labels are words of which there
are few: no ids, no names of people. What is counted, and not measured, goes through `denominators`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sentry_sdk


def gauge(name: str, value: float, *, unit: str | None = None, **labels: str) -> None:
    """A figure as it stands now. Nothing when nothing is sent anyway."""
    if sentry_sdk.get_client().is_active():
        sentry_sdk.metrics.gauge(name, value, unit=unit, attributes=dict(labels))


def measure(name: str, value: float, *, unit: str | None = None, **labels: str) -> None:
    """One of many measurements, of which quantiles are wanted."""
    if sentry_sdk.get_client().is_active():
        sentry_sdk.metrics.distribution(name, value, unit=unit, attributes=dict(labels))


@contextmanager
def timed(name: str, **labels: str) -> Iterator[None]:
    """Measure how long the block takes, in seconds, with its `outcome` as of tasks: ok, refused (an error that says of
    itself that it is `expected`: the user's to mend) or failed."""
    started = time.monotonic()
    outcome = "failed"
    try:
        yield
        outcome = "ok"
    except Exception as error:
        if getattr(error, "expected", False):
            outcome = "refused"
        raise
    finally:
        measure(name, time.monotonic() - started, unit="second", outcome=outcome, **labels)
