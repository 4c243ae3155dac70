"""Scheduled jobs that ran, or did not, and the application asked whether it lives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from monitor.crons.intake import take_in
from monitor.crons.models import CronEnvironment
from monitor.crons.reports import report_of
from monitor.history.calendar import DAY_S
from monitor.history.faults import DATABASE_AWAY
from monitor.history.payloads import ENVIRONMENT, hexadecimal
from monitor.history.story import Story
from monitor.probes.models import ProbeMinute, Target
from monitor.site.strategy_file import current_strategy

HOURLY, NIGHTLY = "clear-old-jobs", "nightly-quality-report"
MARGIN_S = 600
_HOURLY_FOR_S = 5 * DAY_S
"""How far back the hourly job is made: its list shows no more."""
_HOUR_S, _MINUTE_S = 3600, 60
_PROBED = "http://application.generated.example"


def due_times(story: Story, slug: str) -> Iterator[float]:
    """When a job should run, in seconds since 1970."""
    calendar = story.calendar
    if slug == HOURLY:
        since = max(calendar.since, calendar.until - _HOURLY_FOR_S)
        at = since // _HOUR_S * _HOUR_S + _HOUR_S + 420
        while at < calendar.until - _HOUR_S:
            yield at
            at += _HOUR_S
        return
    day = datetime.fromtimestamp(calendar.since, calendar.zone).date()
    while True:
        at = _local(day.isoformat(), calendar.zone)
        if at > calendar.until - _HOUR_S:
            return
        if at > calendar.since:
            yield at
        day += timedelta(days=1)


def _local(day: str, zone: ZoneInfo) -> float:
    return datetime.fromisoformat(f"{day}T02:00").replace(tzinfo=zone).timestamp()


def is_missed(story: Story, slug: str, due: float) -> bool:
    """Whether the story says that this run did not happen."""
    return slug == NIGHTLY and any(abs(due - missed) < DAY_S / 2 for missed in story.missed_runs)


def store_check_ins(story: Story, project_id: int, seed: int) -> None:
    """As they came, each missed one judged by the room itself when the next one came."""
    for slug in (HOURLY, NIGHTLY):
        chance = random.Random(f"{seed}:{slug}")  # noqa: S311
        with transaction.atomic():
            for due in due_times(story, slug):
                if not is_missed(story, slug, due):
                    _run(story, slug, due, project_id, chance)
    # Nothing of it goes on: what does not come from now on was not missed.
    CronEnvironment.objects.filter(monitor__project=project_id, monitor__slug__in=(HOURLY, NIGHTLY)).update(
        next_due_at=None, overdue_at=None
    )


def _run(story: Story, slug: str, due: float, project_id: int, chance: random.Random) -> None:
    took = chance.uniform(2, 9) if slug == HOURLY else chance.uniform(60, 300)
    begins = due + chance.uniform(0.2, 4)
    payload = {
        "monitor_slug": slug,
        "check_in_id": hexadecimal(chance, 32),
        "environment": ENVIRONMENT,
        "release": story.release_at(begins),
        "monitor_config": _CONFIGS[slug],
    }
    failed = chance.random() < 0.01
    for status, at in (("in_progress", begins), ("error" if failed else "ok", begins + took)):
        take_in(report_of({**payload, "status": status}, project_id=project_id, received=at))


_CONFIGS: dict[str, dict[str, object]] = {
    HOURLY: {
        "schedule": {"type": "interval", "value": 1, "unit": "hour"},
        "checkin_margin": 5,
        "max_runtime": 30,
    },
    NIGHTLY: {
        "schedule": {"type": "crontab", "value": "0 2 * * *"},
        "timezone": "Europe/Vienna",
        "checkin_margin": MARGIN_S // 60,
        "max_runtime": 60,
    },
}


def probe_results(story: Story) -> Iterator[tuple[float, str, bool]]:
    """Time, path, whether it answered: around the outage only, where alert rules have something to see."""
    probes = current_strategy().probes
    for trouble in story.troubles:
        if trouble.fault is not DATABASE_AWAY:
            continue
        at = trouble.since - 300
        while at < trouble.until + 300:
            for path in probes.paths:
                # Without its database the application lives and is not ready.
                yield at, path, not (trouble.holds(at) and path == "/readyz")
            at += probes.every_s


def store_probes(story: Story, seed: int) -> None:
    """Minutes of the last day, and those around the outage."""
    chance = random.Random(f"{seed}:probes")  # noqa: S311
    counts: dict[tuple[str, int], list[int]] = {}
    for at, path, is_good in probe_results(story):
        counts.setdefault((path, int(at // _MINUTE_S)), [0, 0])[0 if is_good else 1] += 1
    end = story.calendar.until
    for path in current_strategy().probes.paths:
        for minute in range(int((end - DAY_S) // _MINUTE_S), int(end // _MINUTE_S)):
            counts.setdefault((path, minute), [4, 0])
    ended = datetime.fromtimestamp(end, UTC)
    targets = {
        path: Target.objects.get_or_create(
            url=f"{_PROBED}{path}",
            defaults={"since": ended, "last_at": ended, "last_ms": 9.0, "last_answer": "200"},
        )[0]
        for path in current_strategy().probes.paths
    }
    ProbeMinute.objects.bulk_create(
        (
            ProbeMinute(
                target=targets[path], minute=minute, good=good, bad=bad, slowest_ms=chance.uniform(6, 40)
            )
            for (path, minute), (good, bad) in counts.items()
        ),
        ignore_conflicts=True,
    )
