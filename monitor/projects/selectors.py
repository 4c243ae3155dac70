"""What the pages about projects read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, F, Max, Sum

from monitor.issues.models import Issue, Status
from monitor.projects.models import Project
from monitor.stats.models import EventCount, OutcomeCount

HOURS = 24


@dataclass(frozen=True)
class Overview:
    """Of one project: events by hour, oldest first, and how its issues stand."""

    project: Project
    by_hour: list[int]
    unresolved: int
    last_event: datetime | None
    now: datetime

    @property
    def hours(self) -> list[datetime]:
        """When each of them began."""
        this_hour = self.now.replace(minute=0, second=0, microsecond=0)
        return [this_hour - timedelta(hours=ago) for ago in range(HOURS - 1, -1, -1)]

    @property
    def events(self) -> int:
        return sum(self.by_hour)


def overviews(projects: Sequence[Project], *, now: datetime | None = None) -> list[Overview]:
    """Three queries, whatever the number of projects."""
    now = now or datetime.now(UTC)
    ids = [project.pk for project in projects]
    by_hour = _events_by_hour(ids, now)
    unresolved = dict(
        Issue.objects.filter(project__in=ids, status=Status.UNRESOLVED)
        .values_list("project")
        .annotate(Count("pk"))
    )
    last = dict(Issue.objects.filter(project__in=ids).values_list("project").annotate(Max("last_seen")))
    return [
        Overview(
            project=project,
            by_hour=by_hour.get(project.pk, [0] * HOURS),
            unresolved=unresolved.get(project.pk, 0),
            last_event=last.get(project.pk),
            now=now,
        )
        for project in projects
    ]


def has_arrived(project: Project) -> bool:
    """Whether anything that this project sent was taken."""
    return (
        Issue.objects.filter(project=project).exists()
        or OutcomeCount.objects.filter(project_id=project.pk, outcome="accepted").exists()
    )


def first_issue(project: Project) -> Issue | None:
    return Issue.objects.filter(project=project).order_by("pk").first()


def _events_by_hour(ids: list[int], now: datetime) -> dict[int, list[int]]:
    this_hour = int(now.timestamp()) // 3600
    since = now - timedelta(hours=HOURS - 1)
    rows = (
        EventCount.objects.filter(project__in=ids, minute__gte=int(since.timestamp()) // 3600 * 60)
        .values_list("project", F("minute") / 60)
        .annotate(Sum("times"))
    )
    found: dict[int, list[int]] = {}
    for project, hour, times in rows:
        place = HOURS - 1 - (this_hour - hour)
        if 0 <= place < HOURS:
            found.setdefault(project, [0] * HOURS)[place] += times
    return found
