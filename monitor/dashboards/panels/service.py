"""Panels of the service as a whole: whether it is well, what was promised, what works, and what users notice."""

from __future__ import annotations

from monitor.alerts.models import Episode
from monitor.dashboards import readings
from monitor.dashboards.affected import users_affected
from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel, change_of
from monitor.dashboards.step_charts import step_lines
from monitor.incidents.models import OPEN_STATES, Incident
from monitor.metrics.courses import courses
from monitor.metrics.selectors import FEATURE_USES, Share, sums
from monitor.probes.models import Target
from monitor.site.quantities import quantity
from monitor.site.strategy_file import current_strategy
from monitor.slos.selectors import Objective, objectives

_LEVELS = {"spent": "failed", "low": "warning", "kept": "ok", "nothing": "queued"}


def health(look: Look) -> Panel:
    targets = list(Target.objects.all())
    down = [target for target in targets if not target.is_up]
    alerts = Episode.objects.filter(project__in=look.ids, ended_at=None)
    incidents = Incident.objects.filter(project__in=look.ids, state__in=OPEN_STATES)
    if look.environment:
        alerts = alerts.filter(environment=look.environment)
        incidents = incidents.filter(environment__in=[look.environment, ""])
    firing, opened = alerts.count(), incidents.count()
    rate = readings.answered(look)
    open_alerts, open_incidents = look.link("alerts:list", state="open"), look.link("incidents:list")
    figure, level, url = "Well", "ok", open_alerts
    if down:
        figure, level, url = "Does not answer", "failed", look.link("probes:list")
    elif opened:
        figure, level, url = "Incident", "failed", open_incidents
    elif firing:
        figure, level = "Alert", "warning"
    elif not targets and not rate.total:
        figure, level = "Unknown", "queued"
    lines = [
        Line(
            "Open incidents",
            quantity(opened),
            open_incidents,
            level="failed" if opened else "ok",
        ),
        Line("Open alerts", quantity(firing), open_alerts, level="warning" if firing else "ok"),
        *(
            Line(
                f"Probe {_path_of(target.url)}",
                f"up, {quantity(target.last_ms, 'ms')}" if target.is_up else "down",
                look.link("probes:list"),
                level="ok" if target.is_up else "failed",
            )
            for target in targets
        ),
    ]
    return Panel(
        title="Health",
        about="As it is now: probes of the application from outside, open alerts and incidents.",
        figure=figure,
        level=level,
        note="" if targets else "not probed: set MONITOR_PROBE_URL",
        lines=lines,
        url=open_alerts,
        url_words="Alerts",
        counted_url=url,
    )


def _path_of(url: str) -> str:
    return f"/{url.partition('://')[2].partition('/')[2]}"


def _objectives(look: Look) -> list[Objective]:
    return look.once("objectives", lambda: objectives(look.where, look.until))


def objectives_kept(look: Look) -> Panel:
    found = _objectives(look)
    counted = [one for one in found if one.state != "nothing"]
    kept = [one for one in counted if one.state != "spent"]
    about = "Each objective of the strategy over its own window, up to now."
    if not found:
        return Panel(
            title="What is promised", about=about, empty="Objectives stand under [slos] in strategy.toml."
        )
    return Panel(
        title="What is promised",
        about=about,
        figure=f"{len(kept)} of {len(counted)}" if counted else "–",
        note="kept" if counted else "nothing was counted yet",
        level="queued" if not counted else "ok" if len(kept) == len(counted) else "failed",
        lines=[
            Line(
                one.slo.title,
                url=look.link("slos:detail", one.name),
                hint=one.words,
                level=_LEVELS[one.state],
            )
            for one in found
        ],
        url=look.link("slos:list"),
        url_words="Objectives",
    )


def error_budgets(look: Look) -> Panel:
    found = [one for one in _objectives(look) if one.left is not None]
    about = "What is left of each error budget over its own window, and how fast it burned in the last 6 h."
    if not found:
        return Panel(
            title="Error budgets",
            about=about,
            empty="Budgets stand here as soon as requests, tasks or sessions were counted.",
        )
    least = min(found, key=lambda one: one.left or 0.0)
    return Panel(
        title="Error budgets",
        about=about,
        figure=quantity(round(least.left or 0.0, 3), "share"),
        note=f"left of the scarcest: {least.slo.title.rstrip('.').lower()}",
        level=_LEVELS[least.state],
        lines=[
            Line(
                one.slo.title,
                quantity(round(one.left or 0.0, 3), "share"),
                url=look.link("slos:detail", one.name),
                hint=f"burns {quantity(round(burn, 2))}×" if (burn := one.burn(6 * 3600)) is not None else "",
                share=max(one.left or 0.0, 0.0),
                level=_LEVELS[one.state],
            )
            for one in found
        ],
        url=look.link("slos:list"),
        url_words="Objectives",
    )


def feature_success(look: Look) -> Panel:
    course = courses(look.where, FEATURE_USES, look.since, look.until, look.step, by=("feature", "outcome"))
    counted = sums(look.where, FEATURE_USES, look.since, look.until, by=("feature", "outcome"))
    names = sorted({feature for feature, _ in counted})
    about = "Uses of each feature that worked, of those that worked or failed. What was refused is the user's to mend."
    if not names:
        return Panel(
            title="What users do, works",
            about=about,
            empty="Features stand under [features] in strategy.toml; their uses are counted by the application.",
        )
    titles = {name: one.title for name, one in current_strategy().features.items()}
    lines = []
    for name in names:
        worked, failed = (counted.get((name, outcome), 0.0) for outcome in ("ok", "failed"))
        if worked + failed:
            share = worked / (worked + failed)
            lines.append((share, Line(titles.get(name, name), quantity(share, "share"), share=share,
                                      hint=quantity(round(worked + failed), "uses"),
                                      level="" if share >= 0.99 else "warning" if share >= 0.95 else "failed",
                                      url=look.metric_link(FEATURE_USES, by="outcome",
                                                    only=f"feature:{name}"))))  # fmt: skip
    good = course.of(lambda key: key[1] == "ok")
    bad = course.of(lambda key: key[1] == "failed")
    whole, before = _success(look), _success(look.before)
    return Panel(
        title="What users do, works",
        about=about,
        figure=quantity(whole.share, "share"),
        note=f"of {quantity(round(whole.total), 'uses')}",
        change=change_of(whole.share, before.share, more_is=True, unit="share"),
        charts=[
            step_lines(
                look,
                [ok / (ok + no) if ok + no else None for ok, no in zip(good, bad, strict=True)],
                "share",
                from_zero=False,
            )
        ],
        lines=[line for _, line in sorted(lines, key=lambda pair: (pair[0], pair[1].label))],
        url=look.metric_link(FEATURE_USES, by="outcome"),
        url_words="Uses by outcome",
    )


def _success(look: Look) -> Share:
    by_outcome = sums(look.where, FEATURE_USES, look.since, look.until, by=("outcome",))
    good, bad = (by_outcome.get((outcome,), 0.0) for outcome in ("ok", "failed"))
    return Share(good, good + bad)


def user_impact(look: Look) -> Panel:
    now, before = readings.sessions(look), readings.sessions(look.before)
    users, users_before = users_affected(look), users_affected(look.before)
    lines = [
        Line(
            "Users who met an error",
            quantity(users.number),
            look.link("issues:list", q="", sort="users"),
            counted_url=look.link("dashboards:events", by="severity"),
        ),
        Line("Just as long before", quantity(users_before.number)),
    ]
    about = "Sessions that met an error, crashed or ended abnormally, of all; and the users whom errors met."
    if not now.total:
        return Panel(
            title="What users notice",
            about=about,
            figure=quantity(users.number, "users"),
            note="met an error; no sessions were sent",
            change=change_of(users.number, users_before.number, more_is=False),
            url=look.link("issues:list", q="", sort="users"),
            url_words="Issues by users",
            counted_url=look.link("dashboards:events", by="severity"),
        )
    return Panel(
        title="What users notice",
        about=about,
        figure=quantity(now.bad_share, "share"),
        note=f"of {quantity(now.total, 'sessions')} met an error",
        change=change_of(now.bad_share, before.bad_share, more_is=False, unit="share"),
        lines=lines,
        url=look.link("releases:list"),
        url_words="Releases and sessions",
    )
