"""The order in which a history is made: each step by the room that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.db import connection

from monitor.alerts.models import Episode
from monitor.history import figures, people, releases, runs
from monitor.history.alarms import raise_alarms
from monitor.history.calendar import DAY_S, Calendar
from monitor.history.digesting import digest_history
from monitor.history.mark import Made, leave_mark
from monitor.history.rota import fill_rota
from monitor.history.story import Story, story_of
from monitor.history.stream import stream_of
from monitor.history.traffic import traffic_of
from monitor.history.unheard import unheard
from monitor.incidents.models import Incident
from monitor.issues.ageing import age_issues
from monitor.issues.models import Issue
from monitor.metrics.models import MetricSeries
from monitor.projects.models import Project
from monitor.reports.models import Kind
from monitor.reports.periods import latest_due
from monitor.reports.services import write
from monitor.site.strategy_file import current_strategy


def make_history(
    project: Project,
    *,
    until: float,
    days: int,
    seed: int,
    scale: float,
    say: Callable[[str], None] = lambda _: None,
) -> Made:
    """All of it. `until` is seconds since 1970; the same seed, days, scale and end make the same history."""
    zone = ZoneInfo(current_strategy().business_hours.time_zone)
    story = story_of(Calendar(until, days, zone))
    traffic = traffic_of(story, seed, scale)
    team = people.make_people(project)
    fill_rota(team, story.calendar.since)
    releases.store_releases(story, project, seed)
    say(
        f"{sum(row.total for row in traffic.served):,} requests and runs, {len(traffic.occurrences):,} errors"
    )

    def after_day(day_ends: float) -> None:
        people.work_on_issues(story, project, team, day_ends, seed)
        age_issues(day_ends)

    with unheard() as facts:
        records = digest_history(story, traffic, project.pk, seed, after_day)
        say(f"{records:,} records digested into {Issue.objects.filter(project=project).count()} issues")
        figures.store_metrics(story, traffic, project.pk, seed)
        figures.store_sessions(traffic, project.pk, seed)
        figures.store_transactions(story, traffic, project.pk, seed)
        figures.store_outcomes(story, traffic, project.pk)
        say("metrics, sessions, transactions and outcomes counted")
        runs.store_check_ins(story, project.pk, seed)
        runs.store_probes(story, seed)
        stream = stream_of(story, traffic, facts, project.pk, seed)
        alarms = raise_alarms(story, traffic, stream, project, team, seed)
    say(f"{alarms} alert episodes, {Incident.objects.filter(project=project).count()} incidents")
    say(f"{_write_reports(story)} reports written")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA optimize")
    made = Made(story.calendar.since, until, seed, project.slug)
    leave_mark(made)
    return made


def _write_reports(story: Story) -> int:
    """Those that were due meanwhile, each at its time; told to nobody. The triage list is of the present only."""
    digest, calendar = current_strategy().digest, story.calendar
    written, at = 0, calendar.since + DAY_S
    while at <= calendar.until:
        for kind in (Kind.DAILY, Kind.WEEKLY, Kind.MONTHLY):
            period = latest_due(kind, digest, calendar.zone, at)
            if period.until > calendar.since + DAY_S and write(period, period.due) is not None:
                written += 1
        at += DAY_S / 2
    return written


def has_real_data() -> bool:
    """Whether anything is there that a history would mix with."""
    tables = (Issue, MetricSeries, Episode, Incident)
    return any(table.objects.exists() for table in tables)
