"""The month's exact counts, through the storing functions of the rooms that keep them: metrics, sessions, transactions.

By the minute as long as the rooms keep minutes, by the hour before that: what nobody could look at is not made.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby

from django.db import transaction

from monitor.history.payloads import ENVIRONMENT
from monitor.history.story import MINUTE_S, Story
from monitor.history.traffic import USERS, Occurrence, Served, Traffic
from monitor.metrics.collecting import Sums, store_sums
from monitor.metrics.models import Kind
from monitor.metrics.reading import Figure
from monitor.metrics.series import SeriesName, name_of
from monitor.metrics.tiers import FINE_S, TIERS
from monitor.performance import adding, groups
from monitor.performance.arriving import Arrived
from monitor.performance.models import STEPS
from monitor.performance.reading import Measured
from monitor.releases.counting import Counts, Sighting, Visit, place_of, see_releases, store_counts
from monitor.releases.sessions import DAY_S, Outcome
from monitor.releases.users import user_hash
from monitor.stats.coarsening import OUTCOMES_FINE_S
from monitor.stats.outcomes import ACCEPTED, CLIENT_DISCARD, Outcomes, count_outcomes

_HOUR_S = 3600
_TRACED = 0.1
_FIVE_MINUTES_KEPT_S = 3 * DAY_S


def days_of(served: Iterable[Served]) -> Iterator[list[Served]]:
    """By the day, so that no transaction of the database holds up a worker for long."""
    for _, rows in groupby(served, key=lambda row: int(row.at // DAY_S)):
        yield list(rows)


def store_metrics(story: Story, traffic: Traffic, project_id: int, seed: int) -> None:
    """What core/sentry counts and measures of the application."""
    chance = random.Random(f"{seed}:metrics")  # noqa: S311
    fine_from = story.calendar.until - FINE_S
    for rows in days_of(traffic.served):
        sums: dict[tuple[SeriesName, int], Sums] = {}
        old = rows[-1].at < fine_from
        for figure in _figures(story, rows, chance):
            at = figure.time // _HOUR_S * _HOUR_S if old else figure.time
            sums.setdefault((name_of(project_id, figure), int(at // MINUTE_S)), Sums()).add(figure)
        with transaction.atomic():
            store_sums(sums, TIERS[1:] if old else TIERS)
    with transaction.atomic():
        store_sums(_events_by_category(traffic.occurrences, project_id), TIERS[1:])


def _figures(story: Story, rows: list[Served], chance: random.Random) -> Iterator[Figure]:
    for row in rows:
        yield from _tasks(row, chance) if row.place.is_task else _requests(row, story)
    for at, step in groupby(rows, key=lambda row: row.at):
        yield from _gauges(story, at, list(step), chance)


def _count(row: Served, name: str, value: float, **labels: str) -> Figure:
    return Figure(
        name, Kind.COUNTER, float(value), row.at, "", ENVIRONMENT, row.release, tuple(sorted(labels.items()))
    )


def _requests(row: Served, story: Story) -> Iterator[Figure]:
    place = row.place
    server_error = (
        "503" if any(one.fault.category == "database" for one in story.troubles_at(row.at)) else "500"
    )
    refused = "404" if place.name == "none" else "400"
    by_status = (("200", row.worked), (refused, row.refused), (server_error, row.failed))
    for status, number in by_status:
        if number:
            yield _count(row, "requests", number, route=place.name, status=status)
    if place.feature:
        for outcome, number in (("ok", row.worked), ("refused", row.refused), ("failed", row.failed)):
            if number:
                yield _count(row, "feature_uses", number, feature=place.feature, outcome=outcome)
    if place.name == "accounts/login/" and row.refused:
        yield _count(row, "failed_logins", row.refused)


def _tasks(row: Served, chance: random.Random) -> Iterator[Figure]:
    name = "training_time_s" if "experiments" in row.place.name else "processing_time_s"
    kind = {"process_source": "upload", "import_weather": "weather", "train": "training"}[
        row.place.name.rpartition(".")[2]
    ]
    for outcome, number in (("ok", row.recovered), ("failed", row.exhausted)):
        if number:
            yield _count(row, "retried_tasks", number, task=row.place.name, outcome=outcome)
    for outcome, number in (("ok", row.worked), ("refused", row.refused), ("failed", row.failed)):
        if not number:
            continue
        yield _count(row, "tasks", number, task=row.place.name, outcome=outcome)
        yield _count(row, "feature_uses", number, feature=row.place.feature, outcome=outcome)
        labels = (("kind", kind), ("outcome", outcome))
        for _ in range(number):
            took = duration_s(row, chance)
            yield Figure(name, Kind.DISTRIBUTION, took, row.at, "second", ENVIRONMENT, row.release, labels)


def duration_s(row: Served, chance: random.Random) -> float:
    """One of many: most near the typical, a few far above."""
    return row.place.typical_ms * row.slowness * chance.lognormvariate(0, 0.55) / 1000


def _gauges(story: Story, at: float, step: list[Served], chance: random.Random) -> Iterator[Figure]:
    busy = story.calendar.busyness(at)
    release = step[0].release
    troubles = {one.fault.category for one in story.troubles_at(at)}
    waits = "external_service" in troubles or "database" in troubles
    length = int(busy * chance.uniform(0, 5) + (chance.uniform(8, 30) if waits else 0))
    figures = (
        ("queue_length", float(length), "job", ()),
        ("queue_age_s", length * chance.uniform(3, 14), "second", ()),
        ("database_connections", 6 + busy * chance.uniform(6, 14), "connection", ()),
        ("memory", (310 + 90 * busy + chance.uniform(0, 20)) * 2**20, "byte", (("process", "worker"),)),
    )
    for name, value, unit, labels in figures:
        yield Figure(name, Kind.GAUGE, value, at, unit, ENVIRONMENT, release, labels)
    looked_up = sum(row.total for row in step if not row.place.is_task)
    hits = round(
        looked_up * (chance.uniform(0.25, 0.45) if "cache" in troubles else chance.uniform(0.9, 0.97))
    )
    for outcome, number in (("hit", hits), ("miss", looked_up - hits)):
        if number:
            yield Figure(
                "cache_lookups", Kind.COUNTER, number, at, "", ENVIRONMENT, release, (("outcome", outcome),)
            )


def _events_by_category(occurrences: list[Occurrence], project_id: int) -> dict[tuple[SeriesName, int], Sums]:
    sums: dict[tuple[SeriesName, int], Sums] = {}
    for one in occurrences:
        labels = (("category", one.fault.category), ("outcome", "sent"))
        figure = Figure("events", Kind.COUNTER, 1.0, one.at, "", ENVIRONMENT, one.release, labels)
        place = (name_of(project_id, figure), int(one.at // _HOUR_S) * 60)
        sums.setdefault(place, Sums()).add(figure)
    return sums


def store_sessions(traffic: Traffic, project_id: int, seed: int) -> None:
    """A request is a session. Who came on a day: those who met an error, and others by the day's traffic."""
    chance = random.Random(f"{seed}:sessions")  # noqa: S311
    met: defaultdict[tuple[int, str], dict[int, bool]] = defaultdict(dict)
    for one in traffic.occurrences:
        users = met[int(one.at // DAY_S), one.release]
        users[one.user] = users.get(one.user, False) or one.fault.fails_request
    for rows in days_of([row for row in traffic.served if not row.place.is_task]):
        with transaction.atomic():
            store_counts(_sessions(rows, met, project_id, chance))


def _sessions(
    rows: list[Served],
    met: dict[tuple[int, str], dict[int, bool]],
    project_id: int,
    chance: random.Random,
) -> Counts:
    ids = see_releases(Sighting(project_id, row.release, row.at) for row in rows)
    counts = Counts.none()
    totals: Counter[str] = Counter()
    for row in rows:
        where = place_of(ids[row.release], project_id, ENVIRONMENT, row.at)
        worked = row.total - row.failed - row.errored
        for outcome, number in (
            (Outcome.HEALTHY, worked),
            (Outcome.ERRORED, row.errored),
            (Outcome.CRASHED, row.failed),
        ):
            counts.add_sessions(where, outcome, number)
        totals[row.release] += row.total
    day = int(rows[0].at // DAY_S)
    for release, total in totals.items():
        users = dict.fromkeys(
            (int(USERS * chance.random() ** 1.6) + 1 for _ in range(min(total // 90, 4 * USERS))), False
        )
        users |= met.get((day, release), {})
        for user, crashed in users.items():
            visit = Visit(ids[release], project_id, ENVIRONMENT, day, user_hash(str(user)))
            counts.visits[visit] = crashed
    return counts


def store_transactions(story: Story, traffic: Traffic, project_id: int, seed: int) -> None:
    """Those that were sampled, as sums; a few more come whole, through the digest."""
    chance = random.Random(f"{seed}:transactions")  # noqa: S311
    fine_from = story.calendar.until - _FIVE_MINUTES_KEPT_S
    for rows in days_of(traffic.served):
        arrivals = [one for row in rows for one in _transactions(row, project_id, chance)]
        with transaction.atomic():
            ids = see_releases(Sighting(project_id, row.release, row.at) for row in rows)
            for one in arrivals:
                one.release_id = ids[one.measured.release]
            groups.assign(arrivals)
            adding.add(arrivals, STEPS[1:] if rows[-1].at < fine_from else STEPS)


def _transactions(row: Served, project_id: int, chance: random.Random) -> Iterator[Arrived]:
    for _ in range(row.total):
        if chance.random() >= _TRACED:
            continue
        took = duration_s(row, chance)
        measured = Measured(
            name=row.place.name,
            op="queue.task.celery" if row.place.is_task else "http.server",
            environment=ENVIRONMENT,
            release=row.release,
            trace=None,
            start=row.at,
            duration_s=took,
            failed=chance.random() < row.failed / row.total,
            spans=5,
            layers={
                "middleware": took * 0.04,
                "database": took * chance.uniform(0.2, 0.4),
                "template": took * 0.2,
            },
        )
        yield Arrived(project_id, row.at, chance.randbytes(16), measured, b"")


def store_outcomes(story: Story, traffic: Traffic, project_id: int) -> None:
    """What the receiving end would have counted as taken, and clients as left out."""
    found: Outcomes = Counter()
    fine_from = story.calendar.until - OUTCOMES_FINE_S

    def minute(at: float) -> int:
        return int(at // MINUTE_S) if at >= fine_from else int(at // _HOUR_S) * 60

    for one in traffic.occurrences:
        found[project_id, minute(one.at), ACCEPTED, "error", ""] += 1
    for row in traffic.served:
        at = minute(row.at)
        traced = round(row.total * _TRACED)
        found[project_id, at, ACCEPTED, "transaction", ""] += traced
        found[project_id, at, CLIENT_DISCARD, "transaction", "sample_rate"] += row.total - traced
        if not row.place.is_task:
            found[project_id, at, ACCEPTED, "session", ""] += row.total
    with transaction.atomic():
        count_outcomes(found)
