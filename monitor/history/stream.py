"""What the alert rules would have seen: the facts of the stored events, and the month's figures, in order of receipt."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby

from monitor.alerts import measurements as kinds
from monitor.alerts.measurements import Measurement
from monitor.digest.facts import Fact
from monitor.history.payloads import ENVIRONMENT
from monitor.history.runs import HOURLY, MARGIN_S, NIGHTLY, due_times, is_missed, probe_results
from monitor.history.story import MINUTE_S, Story
from monitor.history.traffic import Served, Traffic

_SLOW_S, _QUICK_S = 2.0, 0.1


def stream_of(
    story: Story, traffic: Traffic, facts: Iterable[Fact], project_id: int, seed: int
) -> Iterator[Fact | Measurement]:
    """Each as the digest would have told it."""
    sources: list[Iterable[Fact | Measurement]] = [
        sorted(facts, key=lambda fact: fact.received),
        _of_steps(story, traffic, project_id, random.Random(f"{seed}:stream")),  # noqa: S311
        sorted(_of_clocks(story, project_id), key=lambda one: one.received),
    ]
    yield from merge(*sources, key=lambda each: each.received)


def _of_steps(
    story: Story, traffic: Traffic, project_id: int, chance: random.Random
) -> Iterator[Measurement]:
    for at, rows in groupby(traffic.served, key=lambda row: row.at):
        step = list(rows)
        common = {
            "time": at,
            "received": at + min(step[0].seconds, MINUTE_S) + 0.5,
            "environment": ENVIRONMENT,
            "project_id": project_id,
            "release": step[0].release,
        }
        yield from _of_step(step, common, chance)


def _of_step(step: list[Served], common: dict[str, object], chance: random.Random) -> Iterator[Measurement]:
    def one(kind: str, **given: object) -> Measurement:
        return Measurement(kind=kind, **common, **given)  # type: ignore[arg-type]

    requests = [row for row in step if not row.place.is_task]
    total = sum(row.total for row in requests)
    failed = sum(row.failed for row in requests)
    errored = failed + sum(row.errored for row in requests)
    if total:
        yield one(kinds.REQUESTS, name="", total=total, bad=failed)
        yield one(kinds.SESSIONS, total=total, bad=failed, errored=errored)
        slow = sum(chance.random() < 0.003 * row.slowness for row in requests for _ in range(row.total))
        durations = ((_QUICK_S, total - slow), (_SLOW_S, slow)) if slow else ((_QUICK_S, total),)
        yield one(kinds.DURATIONS, name="projects/", durations=durations)
    for feature in sorted({row.place.feature for row in step} - {""}):
        used = [row for row in step if row.place.feature == feature]
        bad = sum(row.failed for row in used)
        worked = sum(row.total - row.refused for row in used)
        yield one(kinds.USES, name=feature, total=worked, bad=bad)
    refused = sum(row.refused for row in requests if row.place.name == "accounts/login/")
    if refused:
        yield one(kinds.COUNTER, name="failed_logins", value=float(refused))


def _of_clocks(story: Story, project_id: int) -> Iterator[Measurement]:
    def one(kind: str, at: float, **given: object) -> Measurement:
        return Measurement(
            kind=kind,
            time=at,
            received=at,
            environment=ENVIRONMENT,
            project_id=project_id,
            **given,  # type: ignore[arg-type]
        )

    for outing in story.outings:
        if outing.at >= story.calendar.since:
            yield one(kinds.DEPLOY, outing.at, release=outing.release)
    for slug in (HOURLY, NIGHTLY):
        for due in due_times(story, slug):
            missed = is_missed(story, slug, due)
            yield one(kinds.CHECK_IN, due + (MARGIN_S if missed else 5), name=slug, bad=int(missed))
    for at, path, is_good in probe_results(story):
        yield one(kinds.PROBE, at, name=path, bad=int(not is_good))
