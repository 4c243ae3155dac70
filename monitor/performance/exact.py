"""How often a transaction really ran: what the application counts of itself, put beside what was sampled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.metrics.selectors import REQUESTS, TASKS, Where, is_failed, sums
from monitor.performance.scope import Scope

_PARAMETER = re.compile(r"<(?:[^:>]+:)?([^>]+)>")
Key = tuple[int, str]
"""Project and name of a transaction."""


@dataclass(frozen=True, slots=True)
class Exact:
    """Of all that was answered, not of samples."""

    count: float = 0.0
    failed: float = 0.0

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.count if self.count else None


def exact_counts(scope: Scope, *, is_task: bool) -> Mapping[Key, Exact]:
    """By project and name of the transaction; empty where nobody sends such counts."""
    where = Where(scope.projects, environment=scope.environment)
    label, outcome = ("task", "outcome") if is_task else ("route", "status")
    counted = sums(
        where,
        TASKS if is_task else REQUESTS,
        scope.since,
        scope.until,
        by=("project", label, outcome),
    )
    found: dict[Key, Exact] = {}
    for (project, name, how), number in counted.items():
        key = (int(project), name if is_task else transaction_of(name))
        before = found.get(key, Exact())
        bad = how == "failed" if is_task else is_failed(how)
        found[key] = Exact(before.count + number, before.failed + (number if bad else 0.0))
    return found


def transaction_of(route: str) -> str:
    """What sentry-sdk calls the transaction of a route of Django's: `a/<int:pk>/` is `/a/{pk}/`."""
    return "/" + _PARAMETER.sub(r"{\1}", route)
