"""Writing reports when they are due, once each, and having them told in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse

from monitor.access.audit import Actor, record
from monitor.alerts.links import absolute
from monitor.alerts.messages import Kind as MessageKind
from monitor.alerts.messages import Link, Message
from monitor.alerts.outbox import queue
from monitor.projects.models import Project
from monitor.reports.models import Kind, Report
from monitor.reports.periods import Period, latest_due
from monitor.reports.sections import common_of, section_of
from monitor.reports.wording import markdown_of, title_of
from monitor.site.strategy_file import current_strategy
from monitor.stats.models import OutcomeCount

EVERY_S = 30.0


def write_due(now: float) -> None:
    """The clock job: of each kind the last one that is due, if it is not written. What was missed before that, while
    the monitor was away, is not told any more: nobody reads ten digests."""
    for kind in Kind:
        period = latest_due(kind, current_strategy().digest, zone(), now)
        if Report.objects.filter(kind=kind, name=period.name).exists() or not _received_by(period.until):
            continue
        with transaction.atomic():
            report = write(period, now)
            if report is not None:
                tell(report, now)


def write(period: Period, now: float) -> Report | None:
    """The report as it stands now, of all projects. None for one that is written already: it stays as it is."""
    with transaction.atomic():
        report, is_new = Report.objects.get_or_create(
            kind=period.kind,
            name=period.name,
            defaults={
                "since": _moment(period.since),
                "until": _moment(period.until),
                "written_at": _moment(now),
            },
        )
        if not is_new:
            return None
        report.sections = [section_of(one, period, zone()) for one in Project.objects.order_by("name", "pk")]
        report.common = common_of(period, zone())
        report.save(update_fields=["sections", "common"])
        # As it is read from the database, so that it is told as it will be shown.
        report.refresh_from_db()
        return report


def write_by_hand(period: Period, now: float, by: Actor) -> Report | None:
    """One that was not written in its time; told to nobody. None when it is there already."""
    with transaction.atomic():
        report = write(period, now)
        if report is not None:
            record(by, "report.written", report)
    return report


def tell(report: Report, now: float) -> None:
    """Through the strategy's channels for digests, to the roles that get them."""
    strategy = current_strategy()
    name = f"report:{report.kind}:{report.name}"
    message = Message(
        kind=MessageKind.REPORT,
        title=title_of(report, zone()),
        thread=name,
        at=report.until.timestamp(),
        text=markdown_of(report, zone()),
        links=(Link("report", "Open the page", report_url(report)),),
        details={"report": report.kind, "name": report.name},
    )
    roles = [role.name for role in strategy.roles.values() if role.digest]
    queue(message, channels=strategy.digest.channels, once=name, now=now, recipients=roles)


def report_url(report: Report) -> str:
    """Absolute. The triage list itself is worked on elsewhere than where it is kept."""
    if report.kind == Kind.TRIAGE:
        return absolute(reverse("reports:triage"))
    return absolute(reverse("reports:report", args=[report.kind, report.name]))


def zone() -> ZoneInfo:
    """Whose midnight ends a day."""
    return ZoneInfo(current_strategy().business_hours.time_zone)


def _received_by(until: float) -> bool:
    """Whether there was anything to report on: a monitor that is installed today has no yesterday."""
    return OutcomeCount.objects.filter(minute__lt=until // 60).exists()


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
