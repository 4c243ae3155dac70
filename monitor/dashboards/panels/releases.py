"""Panels of what was delivered: the newest releases with how they do, and what was deployed when."""

from __future__ import annotations

from django.utils.timezone import localtime

from monitor.dashboards import readings
from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel
from monitor.releases.figures import Scope, health_of
from monitor.releases.selectors import releases_of
from monitor.site.quantities import quantity, share

SHOWN = 5


def releases(look: Look) -> Panel:
    about = "The newest releases, with sessions free of crashes and the issues that were first seen in each."
    newest = list(releases_of(look.projects, environment=look.environment)[:SHOWN])
    if not newest:
        return Panel(
            title="Releases",
            about=about,
            empty="A release stands here with its first event or session: the application sends APP_VERSION.",
        )
    found = health_of(newest, Scope(look.ids, look.environment, look.since_moment, look.until_moment))
    lines = []
    for release in newest:
        health = found[release.pk]
        crash_free = health.crash_free_sessions
        lines.append(
            Line(
                release.version,
                "no sessions" if crash_free is None else f"{share(crash_free)} free of crashes",
                url=look.link("releases:detail", release.version),
                hint=f"{quantity(health.new_issues, 'new issues')} · {quantity(health.events, 'errors')}",
                level="" if crash_free is None else "ok" if crash_free >= 0.99 else "failed",
            )
        )
    return Panel(
        title="Releases",
        about=about,
        figure=newest[0].version.rpartition("@")[2],
        note="is the newest",
        lines=lines,
        url=look.link("releases:list"),
        url_words="Releases",
    )


def deploys(look: Look) -> Panel:
    about = "Releases that went to this environment in this time, as sentry-cli releases deploys tells them."
    found = readings.deploys(look)
    if not found:
        return Panel(
            title="Deploys", about=about, empty="Nothing was deployed in this time, or nobody told of it."
        )
    return Panel(
        title="Deploys",
        about=about,
        figure=quantity(len(found)),
        note=f"the last one {localtime(found[0].finished_at):%-d %b %H:%M}",
        lines=[
            Line(
                one.release.version,
                f"{localtime(one.finished_at):%-d %b %H:%M}",
                url=look.link("releases:detail", one.release.version),
                hint=one.environment,
            )
            for one in found[:SHOWN]
        ],
        url=look.link("releases:list", deployed="1"),
        url_words="Releases",
    )
