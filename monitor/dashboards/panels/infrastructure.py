"""Panels of what the application stands on, as it measures it itself each minute: queue, cache, database, memory."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.dashboards import readings
from monitor.dashboards.look import Look
from monitor.dashboards.panel import Panel, change_of
from monitor.dashboards.step_charts import step_lines
from monitor.metrics.courses import courses
from monitor.metrics.selectors import latest, ratio
from monitor.site.quantities import quantity
from monitor.site.strategy_file import current_strategy

_NOT_MEASURED = "The application's beat measures this each minute: no figure has come in this time."


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of the moment. Of several servers, and of several figures in a step, the highest is shown."""

    name: str
    title: str
    about: str
    unit: str


QUEUE_AGE = Gauge(
    "queue_age_s",
    "Age of the queue",
    "How long the oldest job has waited for a worker; the highest of each step.",
    "s",
)
QUEUE_LENGTH = Gauge(
    "queue_length",
    "Length of the queue",
    "Jobs that wait for a worker and were never begun; the most of each step.",
    "jobs",
)
CONNECTIONS = Gauge(
    "database_connections",
    "Database connections",
    "Connections of all processes to the database; the most of each step.",
    "connections",
)
MEMORY = Gauge(
    "memory",
    "Memory of a worker",
    "Resident memory of the worker's process; the most of each step.",
    "bytes",
)


def queue_age(look: Look) -> Panel:
    return _panel(look, QUEUE_AGE)


def queue_length(look: Look) -> Panel:
    return _panel(look, QUEUE_LENGTH)


def database_connections(look: Look) -> Panel:
    return _panel(look, CONNECTIONS)


def memory(look: Look) -> Panel:
    return _panel(look, MEMORY)


def _panel(look: Look, gauge: Gauge) -> Panel:
    course = [step.high for step in readings.gauge(look, gauge.name)]
    newest = latest(look.where, gauge.name, not_before=look.since)
    if not newest:
        return Panel(title=gauge.title, about=gauge.about, empty=_NOT_MEASURED)
    now = max(one.value for one in newest)
    limit = limit_of(gauge.name)
    highest = max((value for value in course if value is not None), default=None)
    return Panel(
        title=gauge.title,
        about=gauge.about,
        figure=quantity(now, gauge.unit),
        note=f"now; at most {quantity(highest, gauge.unit)}",
        level="" if limit is None else "warning" if now > limit else "ok",
        charts=[step_lines(look, course, gauge.unit, threshold=limit, threshold_label="told from")],
        url=look.metric_link(gauge.name),
        url_words="All figures",
    )


def limit_of(name: str) -> float | None:
    """The threshold of the strategy's first rule on this gauge or ratio."""
    rules = (rule for rule in current_strategy().alerts if rule.gauge == name and rule.threshold)
    return next((rule.threshold.value for rule in rules if rule.threshold), None)


def cache_hits(look: Look) -> list[float | None]:
    """The share of look-ups that hit, step by step."""
    course = courses(look.where, "cache_lookups", look.since, look.until, look.step, by=("outcome",))
    hits = course.at("hit")
    return [hit / all_ if all_ else None for hit, all_ in zip(hits, course.total, strict=True)]


def cache_hit_ratio(look: Look) -> Panel:
    about = "Look-ups in the cache that found what they looked for, of all. All are counted."
    now = ratio(look.where, "cache_hit_ratio", look.since, look.until)
    if not now.total:
        return Panel(
            title="Cache hits", about=about, empty="Nothing was looked up in the cache in this time."
        )
    limit = limit_of("cache_hit_ratio")
    before = ratio(look.where, "cache_hit_ratio", look.before.since, look.before.until)
    return Panel(
        title="Cache hits",
        about=about,
        figure=quantity(now.share, "share"),
        note=f"of {quantity(round(now.total), 'look-ups')}",
        level="" if limit is None else "ok" if (now.share or 0.0) >= limit else "warning",
        change=change_of(now.share, before.share, more_is=True, unit="share"),
        charts=[step_lines(look, cache_hits(look), "share", threshold=limit, threshold_label="warns under")],
        url=look.metric_link("cache_lookups", by="outcome"),
        url_words="Look-ups",
    )
