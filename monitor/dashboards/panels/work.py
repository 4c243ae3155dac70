"""Panels of work in the background: what fails, what a retry saved, how long it takes, what was wrong with the data."""

from __future__ import annotations

from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel, change_of
from monitor.dashboards.step_charts import step_bars, step_lines
from monitor.metrics.courses import courses
from monitor.metrics.selectors import TASKS, Share, numbers, points, quantiles, sums
from monitor.site.chart_parts import Chart
from monitor.site.quantities import quantity, share

SHOWN = 6
RETRIED = "retried_tasks"
"""What core/sentry/denominators.py counts: tasks that were tried again and are over, by task and outcome."""
PROCESSING, TRAINING = "processing_time_s", "training_time_s"


def retry_success(look: Look) -> Panel:
    now = _retried(look)
    about = "Tasks that failed at first and were tried again: the share that went well in the end. All are counted."
    if not now.total:
        return Panel(
            title="Retries that helped",
            about=about,
            empty="No task was tried again in this time. SentryTask tries again what the strategy calls retryable.",
        )
    course = courses(look.where, RETRIED, look.since, look.until, look.step, by=("outcome",))
    well = course.at("ok")
    failed = [all_ - ok for all_, ok in zip(course.total, well, strict=True)]
    return Panel(
        title="Retries that helped",
        about=about,
        figure=quantity(now.share, "share"),
        note=f"{quantity(round(now.good))} of {quantity(round(now.total), 'retried tasks')}",
        change=change_of(now.share, _retried(look.before).share, more_is=True, unit="share"),
        charts=[step_bars(look, {"went well": well, "failed": failed}, "tasks")],
        url=look.metric_link(RETRIED, by="outcome"),
        url_words="Retried tasks",
    )


def _retried(look: Look) -> Share:
    by_outcome = sums(look.where, RETRIED, look.since, look.until, by=("outcome",))
    return Share(by_outcome.get(("ok",), 0.0), sum(by_outcome.values()))


def task_failures(look: Look) -> Panel:
    counted = sums(look.where, TASKS, look.since, look.until, by=("task", "outcome"))
    about = "Runs of each task that failed, of those that went well or failed; retries are no runs. All are counted."
    totals: dict[str, Share] = {}
    for (task, outcome), number in counted.items():
        if outcome in ("ok", "failed"):
            known = totals.get(task, Share(0.0, 0.0))
            totals[task] = Share(known.good + (number if outcome == "ok" else 0.0), known.total + number)
    total = Share(sum(one.good for one in totals.values()), sum(one.total for one in totals.values()))
    if not total.total:
        return Panel(title="Failed tasks", about=about, empty="No task has ended in this time.")
    before = sums(look.where, TASKS, look.before.since, look.before.until, by=("outcome",))
    was = Share(before.get(("ok",), 0.0), before.get(("ok",), 0.0) + before.get(("failed",), 0.0))
    failing = sorted(
        ((name, one) for name, one in totals.items() if one.bad), key=lambda pair: (-pair[1].bad, pair[0])
    )
    return Panel(
        title="Failed tasks",
        about=about,
        figure=quantity(total.bad_share, "share"),
        note=f"{quantity(round(total.bad))} of {quantity(round(total.total), 'runs')}",
        level="" if total.bad else "ok",
        change=change_of(total.bad_share, was.bad_share, more_is=False, unit="share"),
        charts=[_failures_chart(look)],
        lines=[
            Line(
                name,
                quantity(round(one.bad)),
                url=look.link("issues:list", q=f'transaction:"{name}"'),
                hint=f"{share(one.bad_share or 0.0)} of {quantity(round(one.total), 'runs')}",
                share=one.bad_share,
                counted_url=look.metric_link(TASKS, by="outcome", only=f"task:{name}"),
            )
            for name, one in failing[:SHOWN]
        ],
        url=look.metric_link(TASKS, by="outcome"),
        url_words="Tasks by outcome",
    )


def _failures_chart(look: Look) -> Chart:
    course = courses(look.where, TASKS, look.since, look.until, look.step, by=("outcome",))
    return step_bars(look, course.at("failed"), "tasks", caption=f"Failed, each {look.step_words}")


def processing_time(look: Look) -> Panel:
    return _time(
        look, PROCESSING, "Processing of data", "Uploads and imports, from the worker's start to the end."
    )


def training_time(look: Look) -> Panel:
    return _time(look, TRAINING, "Training", "Trainings and trials of searches.")


def _time(look: Look, metric: str, title: str, what: str) -> Panel:
    about = f"{what} The 95th percentile and the median, of all of them, right within 1 %."
    p50, p95 = quantiles(look.where, metric, look.since, look.until, (0.5, 0.95))
    if p95 is None:
        return Panel(title=title, about=about, empty="Nothing of the kind has run in this time.")
    (before,) = quantiles(look.where, metric, look.before.since, look.before.until, (0.95,))
    steps = [
        one.quantiles((0.5, 0.95)) for one in points(look.where, metric, look.since, look.until, look.step)
    ]
    return Panel(
        title=title,
        about=about,
        figure=quantity(p95, "s"),
        note=f"p95; median {quantity(p50, 's')}",
        change=change_of(p95, before, more_is=False),
        charts=[
            step_lines(look, {"p95": [one[1] for one in steps], "median": [one[0] for one in steps]}, "s")
        ],
        url=look.metric_link(metric, by="kind"),
        url_words="By kind",
    )


def data_quality(look: Look) -> Panel:
    about = "Uploads and imports whose data could be used, of those that were read to the end; ours are failed tasks."
    by_step = courses(look.where, PROCESSING, look.since, look.until, look.step, by=("outcome",), counts=True)
    ok, refused, failed = (by_step.at(outcome) for outcome in ("ok", "refused", "failed"))
    whole = numbers(look.where, PROCESSING, look.since, look.until, by=("outcome",))
    good, bad, ours = (whole.get((outcome,), 0.0) for outcome in ("ok", "refused", "failed"))
    usable = Share(good, good + bad)
    if not usable.total and not ours:
        return Panel(
            title="Data that could be used",
            about=about,
            empty="No data was uploaded or imported in this time.",
        )
    outcomes = {"used": ok, "refused": refused} | ({"failed": failed} if ours else {})
    return Panel(
        title="Data that could be used",
        about=about,
        figure=quantity(usable.share, "share"),
        note=f"{quantity(round(usable.bad))} of {quantity(round(usable.total), 'files')} refused"
        + (f"; {quantity(round(ours))} failed by our fault" if ours else ""),
        charts=[step_bars(look, outcomes, "files")],
        url=look.metric_link(PROCESSING, by="outcome"),
        url_words="By outcome",
    )
