"""Cron monitors of beat's schedule: there before the first run, so that a job that never ran is missed."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

from core.provisioning.marks import Mark
from core.provisioning.wanted import Json, Place, Wanted, Wish

_SLUG = re.compile(r"(?![0-9]+$)[a-z0-9_-]{1,50}")


def crons_wish(place: Place, wish: Wish) -> None:
    """One for each entry of beat that checks in. Nothing where Celery is not installed."""
    if importlib.util.find_spec("celery") is None:
        return
    from celery import current_app

    current_app.loader.import_default_modules()
    for name, entry in sorted(current_app.conf.beat_schedule.items()):
        monitor = getattr(current_app.tasks.get(entry["task"]), "monitor", None)
        if monitor is not None:
            wish.objects.append(_wanted(monitor.slug, monitor.config(), place))
        else:
            _by_schedule(name, entry, place, wish)


def _by_schedule(name: str, entry: dict[str, Any], place: Place, wish: Wish) -> None:
    """The SDK's monitoring of beat checks in under the entry's name, where Sentry can take both name and schedule."""
    schedule = _schedule(entry["schedule"])
    if schedule is None:
        why = "A cron monitor's shortest interval is a minute, and its times are whole minutes."
        wish.miss(f"beat: {name}", why, "The monitor counts its runs; in Sentry, the task's own errors.")
    elif not _SLUG.fullmatch(name):
        why = "The entry's name is no slug, and the SDK checks in under it: Sentry makes the monitor at the first check-in."
        wish.miss(f"beat: {name}", why, "Give the task a Monitor with a slug (docs/tasks.md).")
    else:
        config = {
            "schedule": schedule, "checkin_margin": 1, "max_runtime": 30, "failure_issue_threshold": 1,
            "recovery_threshold": 1, "timezone": "UTC",
        }  # fmt: skip
        wish.objects.append(_wanted(name, config, place))


def _wanted(slug: str, config: Json, place: Place) -> Wanted:
    schedule = config["schedule"]
    interval = schedule["type"] == "interval"
    written = {
        **config,
        "schedule_type": schedule["type"],
        "schedule": [schedule["value"], schedule["unit"]] if interval else schedule["value"],
    }
    name = Mark(place.project).name(slug.replace("-", " "), f"cron.{slug}", 128)
    body = {"project": place.project, "name": name, "slug": slug, "status": "active", "config": written}
    return Wanted("cron monitor", f"cron.{slug}", body)


def _schedule(schedule: Any) -> Json | None:
    """As a check-in has it; None for what a cron monitor cannot say."""
    if isinstance(schedule, int | float):
        seconds = float(schedule)
    elif hasattr(schedule, "_orig_minute"):
        fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
        return {
            "type": "crontab",
            "value": " ".join(str(getattr(schedule, f"_orig_{each}")) for each in fields),
        }
    else:
        run_every = getattr(schedule, "run_every", schedule)
        seconds = run_every.total_seconds() if hasattr(run_every, "total_seconds") else 0.0
    if seconds < 60 or seconds % 60:
        return None
    unit, size = next(
        (unit, size) for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)) if seconds % size == 0
    )
    return {"type": "interval", "value": int(seconds // size), "unit": unit}
