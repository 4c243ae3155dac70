"""Cron monitors read: the list with how each stands, and the history of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from monitor.access.permissions import Someone, visible_projects
from monitor.crons.models import CheckIn, CheckInStatus, CronEnvironment, CronMonitor, EnvironmentStatus
from monitor.projects.models import Project

STRIP = 40
"""So many check-ins are shown in a row."""
_DURATIONS = 200


def monitors_of(
    projects: Sequence[Project], *, words: str = "", environment: str = "", state: str = ""
) -> QuerySet[CronMonitor]:
    """Failing ones first, then by name. `state`: failing, ok, muted, disabled; none means all."""
    environments = CronEnvironment.objects.filter(monitor=OuterRef("pk"))
    if environment:
        environments = environments.filter(name=environment)
    failing = Exists(environments.filter(status=EnvironmentStatus.FAILING))
    found = CronMonitor.objects.filter(project__in=projects).select_related("project")
    found = found.annotate(failing=failing)
    if environment:
        found = found.filter(Exists(environments))
    if state == "failing":
        found = found.filter(failing=True, is_disabled=False)
    elif state == "ok":
        found = found.filter(failing=False, is_disabled=False)
    elif state in {"muted", "disabled"}:
        found = found.filter(**{f"is_{state}": True})
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(slug__icontains=word))
    return found.order_by("is_disabled", "-failing", "name", "pk")


def environments_of(
    monitors: Iterable[CronMonitor], environment: str = ""
) -> dict[int, list[CronEnvironment]]:
    """By id of the monitor, by name."""
    by_monitor: dict[int, list[CronEnvironment]] = {monitor.pk: [] for monitor in monitors}
    found = CronEnvironment.objects.filter(monitor__in=by_monitor).order_by("name")
    for one in found.filter(name=environment) if environment else found:
        by_monitor[one.monitor_id].append(one)
    return by_monitor


def strips_of(environments: Iterable[CronEnvironment], number: int = STRIP) -> dict[int, list[CheckIn]]:
    """By id of the environment: its last check-ins, oldest first; two statements however many they are."""
    strips: dict[int, list[CheckIn]] = {environment.pk: [] for environment in environments}
    if not strips:
        return {}
    marks = ", ".join(["%s"] * len(strips))
    # One short walk along an index for each environment, however long its history is.
    last = (
        "SELECT c.id FROM crons_cronenvironment e JOIN crons_checkin c ON c.id IN"  # noqa: S608 - only marks
        " (SELECT id FROM crons_checkin WHERE environment_id = e.id ORDER BY started DESC LIMIT %s)"
        f" WHERE e.id IN ({marks})"
    )
    with connection.cursor() as cursor:
        cursor.execute(last, [number, *strips])
        ids = [row[0] for row in cursor.fetchall()]
    for check_in in CheckIn.objects.filter(pk__in=ids).order_by("started", "pk"):
        strips[check_in.environment_id].append(check_in)
    return strips


def states_of(projects: Sequence[Project]) -> Counter[str]:
    """How many monitors are failing, ok, muted and disabled."""
    failing = set(
        CronEnvironment.objects.filter(
            monitor__project__in=projects, status=EnvironmentStatus.FAILING
        ).values_list("monitor", flat=True)
    )
    found: Counter[str] = Counter()
    rows = CronMonitor.objects.filter(project__in=projects).values_list("pk", "is_muted", "is_disabled")
    for pk, muted, disabled in rows:
        found["disabled" if disabled else "failing" if pk in failing else "ok"] += 1
        found["muted"] += muted
        found["all"] += 1
    return found


def environment_names(projects: Sequence[Project]) -> list[str]:
    """Those that checked in: a job's environment need not have had an error."""
    found = CronEnvironment.objects.filter(monitor__project__in=projects)
    return list(found.values_list("name", flat=True).distinct().order_by("name")[:100])


def monitor_for(user: Someone, pk: int) -> CronMonitor:
    """Raises Http404 for a stranger as for a monitor that does not exist."""
    monitor = (
        CronMonitor.objects.filter(pk=pk, project__in=visible_projects(user))
        .select_related("project")
        .first()
    )
    if monitor is None:
        raise Http404(f"You have no monitor {pk}.")
    return monitor


def history_of(monitor: CronMonitor, environment: str = "", status: str = "") -> QuerySet[CheckIn]:
    """Newest first."""
    found = CheckIn.objects.filter(environment__in=_environments(monitor, environment))
    if status in CheckInStatus.values:
        found = found.filter(status=status)
    return found.select_related("environment").order_by("-started", "-pk")


def durations_of(monitor: CronMonitor, environment: str = "") -> list[tuple[datetime, float]]:
    """Start and seconds of the last runs that ended, oldest first."""
    ended = CheckIn.objects.filter(
        environment__in=_environments(monitor, environment), duration__isnull=False
    ).order_by("-started")
    return list(reversed(ended.values_list("started", "duration")[:_DURATIONS]))  # type: ignore[arg-type]


def _environments(monitor: CronMonitor, environment: str) -> list[int]:
    found = CronEnvironment.objects.filter(monitor=monitor)
    return list((found.filter(name=environment) if environment else found).values_list("pk", flat=True))
