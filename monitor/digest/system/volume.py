"""How much was sent, what became of it and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import F, Sum

from monitor.projects.models import Project
from monitor.stats.models import OutcomeCount
from monitor.stats.outcomes import (
    ACCEPTED,
    CLIENT_DISCARD,
    DIGESTED,
    DUPLICATE,
    NOT_KEPT,
    POISON,
    REFUSED,
    SAMPLED,
)

UNKNOWN_PROJECT = 0
DAY_MINUTES = 1440
_FRESH_S = 30

OUTCOME_WORDS = {
    ACCEPTED: "taken",
    DIGESTED: "stored",
    SAMPLED: "counted, payload left out in a flood",
    DUPLICATE: "came again, counted before",
    NOT_KEPT: "counted, of a kind that is not kept",
    REFUSED: "refused",
    POISON: "set aside, could not be digested",
    CLIENT_DISCARD: "dropped by the client itself",
}
REASON_WORDS = {
    "missing_auth": "no key",
    "bad_auth": "a key that cannot be read",
    "bad_project": "no project number",
    "unknown_key": "an unknown key",
    "wrong_project": "another project's key",
    "disabled_key": "a key that is switched off",
    "forbidden_origin": "an origin that is not allowed",
    "too_large": "too large",
    "too_slow": "not whole in time",
    "rate_limited": "rate limit",
    "spool_full": "the spool was full",
    "spool_unavailable": "the spool could not be written",
    "overloaded": "too many large bodies at once",
    "internal": "a fault of the monitor",
    "sample_rate": "sampled by the client",
    "before_send": "left out by before_send",
    "event_processor": "left out by an event processor",
    "network_error": "the network failed",
    "queue_overflow": "its queue was full",
    "ratelimit_backoff": "it was waiting out a rate limit",
}


@dataclass(frozen=True)
class Row:
    """So much of a project and category met with an outcome, for a reason, in the last day and in 30."""

    outcome: str
    project: Project | None
    category: str
    reason: str
    day: int
    month: int

    @property
    def outcome_words(self) -> str:
        return OUTCOME_WORDS.get(self.outcome, self.outcome)

    @property
    def reason_words(self) -> str:
        return REASON_WORDS.get(self.reason, self.reason.replace("_", " "))


@dataclass(frozen=True)
class Volume:
    """All outcomes of 30 days. `lost` is what nobody will ever see, `discarded` what clients kept back."""

    rows: list[Row]

    @property
    def lost(self) -> list[Row]:
        return [row for row in self.rows if row.outcome in {REFUSED, POISON, NOT_KEPT}]

    @property
    def discarded(self) -> list[Row]:
        return [row for row in self.rows if row.outcome == CLIENT_DISCARD]

    @property
    def by_outcome(self) -> list[tuple[str, int, int]]:
        """Words, in a day, in 30."""
        return [
            (words, sum(r.day for r in found), sum(r.month for r in found))
            for outcome, words in OUTCOME_WORDS.items()
            if (found := [row for row in self.rows if row.outcome == outcome])
        ]


def volume(projects: Sequence[Project], *, with_unknown: bool, now: datetime | None = None) -> Volume:
    """At most half a minute old: 30 days are many rows. `with_unknown`: also what came without a known key."""
    now = now or datetime.now(UTC)
    ids = [project.pk for project in projects] + ([UNKNOWN_PROJECT] if with_unknown else [])
    minute = int(now.timestamp()) // 60
    key = f"system-volume:{minute * 60 // _FRESH_S}:{','.join(map(str, sorted(ids)))}"
    counted = cache.get(key)
    if counted is None:
        counted = _counted(ids, minute)
        cache.set(key, counted, _FRESH_S)
    named = {project.pk: project for project in projects}
    rows = [
        Row(outcome, named.get(project), category, reason, day, month)
        for (project, outcome, category, reason), (day, month) in counted.items()
    ]
    return Volume(sorted(rows, key=lambda row: (-row.day, -row.month)))


def _counted(ids: list[int], minute: int) -> dict[tuple[Any, ...], tuple[int, int]]:
    names = ("project_id", "outcome", "category", "reason")
    rows = OutcomeCount.objects.filter(project_id__in=ids)
    month = _sums(rows.filter(minute__gt=minute - 30 * DAY_MINUTES), names)
    day = _sums(rows.filter(minute__gt=minute - DAY_MINUTES), names)
    return {key: (day.get(key, 0), total) for key, total in month.items()}


def _sums(rows: Any, names: Iterable[str]) -> dict[tuple[Any, ...], int]:
    names = tuple(names)
    return {tuple(row[:-1]): row[-1] for row in rows.values_list(*names).annotate(Sum("quantity"))}


def traffic(
    projects: Sequence[Project], *, since: datetime, until: datetime, with_unknown: bool
) -> tuple[list[datetime], dict[str, list[int]]]:
    """What was taken and what was not, in steps of ten minutes, an hour or a day."""
    length = until - since
    step = 10 if length <= timedelta(hours=6) else 60 if length <= timedelta(days=3) else DAY_MINUTES
    first, last = (int(moment.timestamp()) // 60 // step for moment in (since, until))
    ids = [one.pk for one in projects] + ([UNKNOWN_PROJECT] if with_unknown else [])
    shown = {ACCEPTED: "taken", REFUSED: "refused", POISON: "set aside"}
    series = {words: [0] * (last - first + 1) for words in shown.values()}
    rows = OutcomeCount.objects.filter(
        project_id__in=ids, outcome__in=shown, minute__gte=first * step, minute__lt=(last + 1) * step
    ).values_list(F("minute") / step, "outcome")
    for place, outcome, amount in rows.annotate(Sum("quantity")):
        series[shown[outcome]][place - first] += amount
    labels = [datetime.fromtimestamp((first + i) * step * 60, UTC) for i in range(last - first + 1)]
    return labels, {name: values for name, values in series.items() if name == "taken" or any(values)}
