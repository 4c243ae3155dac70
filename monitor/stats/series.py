"""What was received and what became of it, as series over time: for the API and for /metrics.

Counts are kept by the minute for a day, by the hour before (coarsening.py); a step shorter than that has its count in
the step with which the minute, or the hour, begins. Sums are exact in any case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import QuerySet, Sum

from monitor.stats.models import OutcomeCount
from monitor.stats.outcomes import ACCEPTED, CLIENT_DISCARD, REFUSED

EVENT_CATEGORIES = ("default", "error", "security")
"""What Sentry counts as events of a project; transactions and attachments are not among them."""
_RATE_LIMITED = "rate_limited"
OUTCOMES = ("accepted", "rate_limited", "invalid", "client_discard")
"""In Sentry's words. What the digest does with what was accepted (sampled, duplicate, poison) is told by /metrics."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Equal steps of `length` seconds, aligned to 1970; the first holds `since`, the last ends with or after `until`."""

    first: int
    number: int
    length: int

    @classmethod
    def between(cls, since: datetime, until: datetime, length: int) -> Steps:
        first = int(since.timestamp()) // length
        return cls(first, max(-(-int(until.timestamp() + 1) // length) - first, 1), length)

    @property
    def starts(self) -> list[int]:
        """Seconds since 1970."""
        return [(self.first + place) * self.length for place in range(self.number)]

    @property
    def minutes(self) -> tuple[int, int]:
        """The first one that counts, and the first that does not: whole hours, where a step is one at least."""
        start, end = self.first * self.length, (self.first + self.number) * self.length
        return -(-start // 60), -(-end // 60)

    def place_of(self, minute: int) -> int:
        return minute * 60 // self.length - self.first


def project_series(project_id: int, stat: str, steps: Steps) -> list[tuple[int, int]]:
    """Start of the step and number of events. `stat`: received, rejected, blacklisted, generated, as Sentry has them.

    Nothing is filtered on arrival here, and nothing generated: those two are 0.
    """
    outcomes = {"received": (ACCEPTED, REFUSED), "rejected": (REFUSED,)}.get(stat, ())
    first, end = steps.minutes
    rows = OutcomeCount.objects.filter(
        project_id=project_id,
        outcome__in=outcomes,
        category__in=EVENT_CATEGORIES,
        minute__gte=first,
        minute__lt=end,
    )
    values = [0] * steps.number
    for minute, quantity in rows.values_list("minute").annotate(Sum("quantity")):
        values[steps.place_of(minute)] += quantity
    return list(zip(steps.starts, values, strict=True))


@dataclass(frozen=True, slots=True)
class Which:
    """What of the outcomes is meant; empty: all."""

    project_ids: Sequence[int]
    categories: Sequence[str] = ()
    outcomes: Sequence[str] = ()
    reasons: Sequence[str] = ()

    def rows(self, steps: Steps) -> QuerySet[OutcomeCount]:
        first, end = steps.minutes
        found = OutcomeCount.objects.filter(
            project_id__in=self.project_ids,
            outcome__in=(ACCEPTED, REFUSED, CLIENT_DISCARD),
            minute__gte=first,
            minute__lt=end,
        )
        if self.categories:
            found = found.filter(category__in=self.categories)
        return found.filter(reason__in=self.reasons) if self.reasons else found


Group = tuple[str | int, ...]


def grouped_series(which: Which, by: Iterable[str], steps: Steps) -> dict[Group, list[int]]:
    """By the values of `by` (outcome, category, reason, project): the quantity in each step."""
    names = tuple(by)
    found: dict[Group, list[int]] = {}
    fields = ("minute", "project_id", "outcome", "category", "reason")
    for minute, project, outcome, category, reason, quantity in (
        which.rows(steps).values_list(*fields).annotate(Sum("quantity"))
    ):
        told = outcome_word(outcome, reason)
        if which.outcomes and told not in which.outcomes:
            continue
        parts = {"outcome": told, "category": category, "reason": reason, "project": project}
        values = found.setdefault(tuple(parts[name] for name in names), [0] * steps.number)
        values[steps.place_of(minute)] += quantity
    return found


def outcome_word(outcome: str, reason: str) -> str:
    """Sentry's."""
    if outcome != REFUSED:
        return outcome
    return "rate_limited" if reason == _RATE_LIMITED else "invalid"


def totals_since(moment: datetime) -> Counter[tuple[str, str, str]]:
    """Outcome, category, reason: how many of all projects together since the hour of `moment`."""
    hour = int(moment.timestamp()) // 3600 * 60
    rows = OutcomeCount.objects.filter(minute__gte=hour).values_list("outcome", "category", "reason")
    return Counter({row[:3]: row[3] for row in rows.annotate(Sum("quantity"))})


def start_of_month(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
