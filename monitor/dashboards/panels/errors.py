"""Panels of errors: how many, how bad, of what kind, and whom they met."""

from __future__ import annotations

from monitor.dashboards import readings
from monitor.dashboards.affected import users_affected
from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel, change_of
from monitor.dashboards.step_charts import step_bars, step_lines
from monitor.digest.system.coverage import UNCATEGORISED
from monitor.metrics.selectors import REQUESTS
from monitor.site.chart_parts import SEVERITY_COLOURS
from monitor.site.quantities import quantity
from monitor.site.strategy_file import current_strategy

SHOWN = 6


def _counted(look: Look, by: str = "severity", **more: str) -> str:
    """Where the same events are counted: a list of issues has all that they ever were."""
    return look.link("dashboards:events", by=by, **more)


def critical_errors(look: Look) -> Panel:
    found, before = readings.events(look), readings.events(look.before)
    number = found.total(lambda key: key[0] in readings.CRITICAL)
    previous = before.total(lambda key: key[0] in readings.CRITICAL)
    series = {level: found.of_severity(level) for level in readings.CRITICAL}
    return Panel(
        title="Critical errors",
        about="Errors of P0 and P1, exact, by when they happened.",
        figure=quantity(number),
        level="failed" if series["P0"] and any(series["P0"]) else "warning" if number else "ok",
        note="P0 and P1",
        change=change_of(number, previous, more_is=False),
        charts=[
            step_bars(
                look,
                {level: values for level, values in series.items() if any(values)} or series["P0"],
                "errors",
                colours=SEVERITY_COLOURS,
            )
        ],
        url=look.link("issues:list", q="severity:<=P1"),
        url_words="Issues",
        counted_url=_counted(look, severity=",".join(readings.CRITICAL)),
    )


def error_rate(look: Look) -> Panel:
    now, before = readings.answered(look), readings.answered(look.before)
    if not now.total:
        return Panel(
            title="Error rate",
            about="The share of requests that were answered with 5xx; all requests are counted, none is sampled.",
            empty="Requests stand here within a minute of the first one: the application counts and sends them.",
        )
    return Panel(
        title="Error rate",
        about="The share of requests that were answered with 5xx; all requests are counted, none is sampled.",
        figure=quantity(now.bad_share, "share"),
        note=f"{quantity(round(now.bad))} of {quantity(round(now.total), 'requests')}",
        change=change_of(now.bad_share, before.bad_share, more_is=False, unit="share"),
        charts=[
            step_lines(
                look,
                readings.failed_shares(look),
                "share",
                threshold=_told_from(),
                threshold_label="told from",
                marks=readings.deploy_marks(look),
            )
        ],
        url=look.metric_link(REQUESTS, by="status"),
        url_words="Requests by status",
    )


def _told_from() -> float | None:
    """The lowest share of failed requests of which anybody is told."""
    found = [
        rule.threshold.value
        for rule in current_strategy().alerts
        if rule.watches == "error_rate" and rule.threshold and not rule.features
    ]
    return min(found, default=None)


def error_types(look: Look) -> Panel:
    rows = readings.types(look)
    total = sum(times for _, times in rows)
    about = "Events of each type of error by the hour, of issues that were seen in this environment."
    if not rows:
        return Panel(title="Types of error", about=about, empty="No error has happened in this time.")
    return Panel(
        title="Types of error",
        about=about,
        figure=quantity(len(rows)),
        note=f"in {quantity(total, 'events')}",
        lines=[
            Line(
                kind or "(a message)",
                quantity(times),
                url=look.link("issues:list", q=f'type:"{kind}"') if kind else "",
                share=times / total,
                counted_url=_counted(look, by="type"),
            )
            for kind, times in rows[:SHOWN]
        ],
        url=look.link("issues:list", q="", sort="events"),
        url_words="Issues by events",
        counted_url=_counted(look, by="type"),
    )


def error_trend(look: Look) -> Panel:
    found, before = readings.events(look), readings.events(look.before)
    levels = sorted({severity for severity, _ in found.series})
    series = {severity or "no severity": found.of_severity(severity) for severity in levels}
    return Panel(
        title="Errors",
        about="Errors by severity, exact, by when they happened.",
        figure=quantity(found.total()),
        note="in all",
        change=change_of(found.total(), before.total(), more_is=False),
        charts=[step_bars(look, series or [0] * len(look.starts), "errors", colours=SEVERITY_COLOURS)],
        url=look.link("issues:list", q=""),
        url_words="Issues",
        counted_url=_counted(look),
    )


def affected_users(look: Look) -> Panel:
    found, before = users_affected(look), users_affected(look.before)
    about = (
        "Users who met an error, each once, by the hour of the error. Errors without a user are of nobody."
    )
    if not found.number and not before.number:
        return Panel(
            title="Users affected",
            about=about,
            figure="0",
            level="ok",
            note="nobody met an error",
            url=look.link("issues:list", q="", sort="users"),
            url_words="Issues by users",
            counted_url=_counted(look),
        )
    return Panel(
        title="Users affected",
        about=about,
        figure=quantity(found.number),
        change=change_of(found.number, before.number, more_is=False),
        charts=[step_bars(look, found.by_step, "users")],
        url=look.link("issues:list", q="", sort="users"),
        url_words="Issues by users",
        counted_url=_counted(look),
    )


def categories(look: Look) -> Panel:
    found = readings.events(look)
    total = found.total()
    goal = current_strategy().goals.coverage
    about = f"Errors by category. At least {quantity(goal, 'share')} are to have one that the strategy knows."
    if not total:
        return Panel(title="Categories", about=about, empty="No error has happened in this time.")
    numbers: dict[str, int] = {}
    for (_, category), values in found.series.items():
        numbers[category] = numbers.get(category, 0) + sum(values)
    covered = 1 - sum(numbers.get(name, 0) for name in UNCATEGORISED) / total
    owners = {name: one.owner for name, one in current_strategy().categories.items()}
    ranked = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    return Panel(
        title="Categories",
        about=about,
        figure=quantity(covered, "share"),
        note="have a category",
        level="ok" if covered >= goal else "warning",
        lines=[
            Line(
                name.replace("_", " ") or "none",
                quantity(number),
                url=look.link("issues:list", q=f"category:{name}") if name else "",
                hint=str(owners.get(name) or ""),
                share=number / total,
                counted_url=_counted(look, by="category"),
            )
            for name, number in ranked[:SHOWN]
        ],
        url=look.link("issues:list", q="category:uncategorised"),
        url_words="Without a category",
        counted_url=_counted(look, by="category"),
    )
