"""How many requests and task runs there were, step by step, and which of them went wrong: one table that events,
metrics, sessions, transactions and alert rules are all made from, so that their figures agree."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from monitor.history.faults import COMMON, Fault
from monitor.history.story import MINUTE_S, Story, Trouble

STEP_S = 300
FINE_STEP_S = 60
_FINE_LAST_S = 26 * 3600
_AROUND_S = 1800
PEAK_A_MINUTE = 34.0
"""Requests a minute when most is going on, at scale 1."""
USERS = 140
_FORGED_USER = 9001
_RECOVERS_IN_TROUBLE = 0.6


@dataclass(frozen=True, slots=True)
class Place:
    """A route or task: its share of the traffic, a typical duration, the strategy's feature it belongs to."""

    name: str
    weight: float
    typical_ms: float
    feature: str
    refused: float = 0.01
    """Share that the user has to mend: 4xx, or a task that refuses its input."""
    recovers: float = 0.0
    """Share of the runs that go well which failed at first, and were tried again."""

    @property
    def is_task(self) -> bool:
        return ".tasks." in self.name


PLACES = (
    Place("projects/", 20, 70, "projects"),
    Place("projects/<uuid:project_id>/", 16, 95, "projects"),
    Place("projects/<uuid:project_id>/members/", 1.5, 60, "projects", 0.04),
    Place("data/", 7, 85, "data"),
    Place("data/<uuid:source_id>/", 12, 140, "data"),
    Place("data/<uuid:source_id>/progress/", 13, 22, "data", 0.0),
    Place("data/<uuid:source_id>/plot.json", 8, 210, "data"),
    Place("data/upload/<uuid:project_id>/", 2, 380, "data", 0.12),
    Place("experiments/", 7, 90, "experiments"),
    Place("experiments/<uuid:experiment_id>/", 9, 160, "experiments"),
    Place("experiments/<uuid:experiment_id>/progress/", 11, 24, "experiments", 0.0),
    Place("experiments/<uuid:experiment_id>/plot/<slug:kind>/", 7, 240, "experiments"),
    Place("experiments/<uuid:experiment_id>/export/<str:kind>/", 1.6, 520, "experiments", 0.02),
    Place("experiments/new/<uuid:project_id>/", 2, 110, "experiments", 0.1),
    Place("experiments/compare/", 1.5, 190, "experiments"),
    Place("accounts/login/", 3, 180, "sign_in", 0.09),
    Place("accounts/signup/", 0.3, 220, "sign_in", 0.15),
    Place("accounts/preferences/", 0.4, 60, "sign_in"),
    Place("accounts/password-reset/", 0.2, 90, "sign_in"),
    Place("none", 1.2, 12, "", 1.0),
    Place("data_tools.tasks.process_source", 1.8, 4_200, "data", 0.06),
    Place("data_tools.tasks.import_weather", 1.0, 6_500, "weather", 0.01, recovers=0.08),
    Place("experiments.tasks.train", 1.5, 21_000, "experiments", 0.02),
)
_WEIGHTS = sum(place.weight for place in PLACES)
BY_NAME = {place.name: place for place in PLACES}


@dataclass(slots=True)
class Served:
    """What one place served in one step. `failed` were answered with a 5xx, or are runs that failed."""

    at: float
    seconds: int
    place: Place
    release: str
    total: int
    failed: int = 0
    errored: int = 0
    """Met an error and went on."""
    refused: int = 0
    slowness: float = 1.0
    exhausted: int = 0
    """Of the runs that failed, those that had been tried again before."""
    recovered: int = 0
    """Of the runs that went well, those that did so when they were tried again."""

    @property
    def worked(self) -> int:
        return self.total - self.failed - self.refused


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One error: when, which, who met it. `number` varies its words."""

    at: float
    fault: Fault
    release: str
    user: int
    number: int


@dataclass
class Traffic:
    """All of the month, in order of time."""

    served: list[Served] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)


def traffic_of(story: Story, seed: int, scale: float) -> Traffic:
    """`scale` 1 is some 600,000 requests in 30 days."""
    chance = random.Random(f"{seed}:traffic")  # noqa: S311 - a story, no secret
    found = Traffic()
    by_place: dict[str, list[Served]] = {place.name: [] for place in PLACES}
    for at, seconds in _steps(story):
        level = (0.05 + 0.95 * story.calendar.busyness(at)) * PEAK_A_MINUTE * scale * seconds / MINUTE_S
        troubles = story.troubles_at(at)
        release = story.release_at(at)
        for place in PLACES:
            number = _about(chance, level * place.weight / _WEIGHTS)
            wrong = [one for one in troubles if one.concerns(place.name)]
            if not number and not wrong:
                continue
            row = Served(at, seconds, place, release, number)
            row.refused = sum(chance.random() < place.refused for _ in range(number)) if place.refused else 0
            for trouble in wrong:
                _go_wrong(chance, trouble, row, found.occurrences)
            if row.total:
                found.served.append(row)
                by_place[place.name].append(row)
    for fault in COMMON:
        _now_and_then(chance, story, fault, by_place[fault.place], found.occurrences, scale)
    for row in found.served:
        row.failed = min(row.failed, row.total)
        row.refused = min(row.refused, row.total - row.failed)
        row.errored = min(row.errored, row.total - row.failed)
        row.exhausted = min(row.exhausted, row.failed)
    _recover(found.served, seed)
    found.occurrences.sort(key=lambda one: one.at)
    return found


def _steps(story: Story) -> Iterator[tuple[float, int]]:
    """Minutes where rules must be exact: around what goes wrong suddenly, and lately; five minutes otherwise."""
    calendar = story.calendar
    sudden = [one for one in story.troubles if one.is_sudden]
    at = calendar.since
    while at < calendar.until:
        near = any(one.since - _AROUND_S <= at < one.until + _AROUND_S for one in sudden)
        seconds = FINE_STEP_S if near or at >= calendar.until - _FINE_LAST_S else STEP_S
        yield at, seconds
        at += seconds


def _about(chance: random.Random, mean: float) -> int:
    """A whole number near the mean, which it is on average."""
    spread = mean * chance.uniform(0.75, 1.25)
    return int(spread) + (chance.random() < spread % 1)


def _go_wrong(chance: random.Random, trouble: Trouble, row: Served, into: list[Occurrence]) -> None:
    fault = trouble.fault
    row.slowness = max(row.slowness, trouble.slowness)
    bad = sum(chance.random() < trouble.share for _ in range(row.total))
    bad = max(bad, _about(chance, trouble.at_least * row.seconds / MINUTE_S))
    row.total = max(row.total, bad)
    if fault.handled:
        row.errored += bad
    else:
        row.failed += bad
    if fault.tried_again:
        row.exhausted += bad
    if fault.category == "security":
        # One event tells of many requests of one client.
        bad = 1 if bad and chance.random() < 0.5 else 0
    into += [_occurrence(chance, row, fault) for _ in range(bad)]


def _now_and_then(
    chance: random.Random,
    story: Story,
    fault: Fault,
    rows: list[Served],
    into: list[Occurrence],
    scale: float,
) -> None:
    """Where much was served at its place, rather than where little was."""
    calendar = story.calendar
    length = calendar.until - calendar.since
    first = bisect_right(rows, calendar.since + fault.since * length, key=lambda row: row.at)
    last = bisect_right(rows, calendar.since + fault.until * length, key=lambda row: row.at)
    living = rows[first:last]
    if not living:
        return
    days = (fault.until - fault.since) * calendar.days * 5 / 7
    number = max(_about(chance, fault.per_day * days * max(scale, 0.2)), 1)
    for row in chance.choices(living, weights=[row.total**4 for row in living], k=number):
        if fault.fails_request or (fault.is_task and not fault.handled):
            row.failed += 1
        elif fault.level == "error":
            row.errored += 1
        if fault.tried_again:
            row.exhausted += 1
        into.append(_occurrence(chance, row, fault))


def _recover(served: list[Served], seed: int) -> None:
    """Of what a try more has mended nothing is reported: it is only counted."""
    chance = random.Random(f"{seed}:recovered")  # noqa: S311
    for row in served:
        if row.place.recovers:
            share = _RECOVERS_IN_TROUBLE if row.exhausted else row.place.recovers
            row.recovered = sum(chance.random() < share for _ in range(row.worked))


def _occurrence(chance: random.Random, row: Served, fault: Fault) -> Occurrence:
    # Some people work far more than others.
    user = int(USERS * chance.random() ** 1.6) + 1 if fault.category != "security" else _FORGED_USER
    at = row.at + chance.random() * (row.seconds - 1)
    return Occurrence(at, fault, row.release, user, chance.randint(2, 97))
