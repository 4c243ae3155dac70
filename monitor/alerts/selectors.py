"""Episodes and rules read: lists, how a rule has fared, how often people were told of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Case, Count, Max, Q, QuerySet, When
from django.http import Http404

from monitor.access.permissions import Someone, visible_projects
from monitor.alerts import muting
from monitor.alerts.models import Episode, Mute, Notification
from monitor.issues.models import Issue
from monitor.projects.models import Project

DAY_S = 86_400
FARED_S = 30 * DAY_S
STATES = ("open", "over")
USEFUL = {"yes": (True,), "no": (False,), "said": (True, False)}
"""What `?useful=` may be: of these, people have said so."""


@dataclass(slots=True)
class Fared:
    """How a rule has fared in 30 days, in projects that somebody may see."""

    times: int = 0
    useful: int = 0
    useless: int = 0
    last_at: datetime | None = None
    open: int = 0
    mutes: list[Mute] = field(default_factory=list)

    @property
    def judged(self) -> int:
        return self.useful + self.useless

    @property
    def false_share(self) -> float | None:
        """Of those that people have judged; None where nobody has."""
        return self.useless / self.judged if self.judged else None


def episodes_of(
    projects: Sequence[Project],
    *,
    environment: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    rule: str = "",
    severity: str = "",
    state: str = "",
    useful: str = "",
    began: bool = False,
) -> QuerySet[Episode]:
    """Open ones first, then the latest. In a stretch of time: those that had a part in it.

    With `began`, those that began in it, and so with `useful`: figures count an alert once, where it began.
    """
    found = Episode.objects.filter(project__in=projects).select_related("project", "incident")
    if useful in USEFUL:
        found = found.filter(useful__in=USEFUL[useful])
    if began or useful in USEFUL:
        found = _begun(found, since, until)
    else:
        if since is not None:
            found = found.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=since))
        if until is not None:
            found = found.filter(began_at__lte=until)
    for name, value in (("environment", environment), ("rule", rule), ("severity", severity)):
        if value:
            found = found.filter(**{name: value})
    if state in STATES:
        found = found.filter(ended_at__isnull=state == "open")
    is_open = Case(When(ended_at__isnull=True, then=0), default=1)
    return found.order_by(is_open, "-began_at", "-pk")


def _begun(found: QuerySet[Episode], since: datetime | None, until: datetime | None) -> QuerySet[Episode]:
    """From `since` on, before `until`."""
    if since is not None:
        found = found.filter(began_at__gte=since)
    return found if until is None else found.filter(began_at__lt=until)


def judged(
    projects: Sequence[Project], *, since: datetime, until: datetime, environment: str = "", rule: str = ""
) -> Fared:
    """How many began in a stretch of time, and what people have said of them; one query."""
    found = _begun(Episode.objects.filter(project__in=projects), since, until)
    for name, value in (("environment", environment), ("rule", rule)):
        if value:
            found = found.filter(**{name: value})
    told = found.aggregate(
        times=Count("pk"), yes=Count("pk", filter=Q(useful=True)), no=Count("pk", filter=Q(useful=False))
    )
    return Fared(told["times"], told["yes"], told["no"])


def episode_for(user: Someone, pk: int) -> Episode:
    """Raises Http404 for a stranger as for an episode that does not exist."""
    found = (
        Episode.objects.filter(pk=pk, project__in=visible_projects(user))
        .select_related("project", "incident", "useful_by", "leader")
        .first()
    )
    if found is None:
        raise Http404(f"You have no alert {pk}.")
    return found


def issues_of(episode: Episode) -> list[Issue]:
    """Its evidence, the latest first; those that were deleted are left out."""
    wanted = [one for one in episode.issues if isinstance(one, int)]
    found = Issue.objects.filter(project=episode.project_id).in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def notifications_of(episode: Episode) -> list[Notification]:
    """Of it, or of the one that it follows, the first first."""
    found = Notification.objects.filter(Q(episode=episode) | Q(episode__leader=episode))
    return list(found.order_by("created_at", "pk"))


def fared(projects: Sequence[Project], now: float, rule: str = "") -> dict[str, Fared]:
    """By rule, or of one rule only; three queries however many rules there are."""
    in_time = Q(began_at__gte=now - FARED_S)
    wanted = Q(rule=rule) if rule else Q()
    rows = (
        Episode.objects.filter(wanted, project__in=projects)
        .values("rule")
        .annotate(
            times=Count("pk", filter=in_time),
            of_use=Count("pk", filter=in_time & Q(useful=True)),
            of_none=Count("pk", filter=in_time & Q(useful=False)),
            last=Max("began_at"),
            open=Count("pk", filter=Q(ended_at__isnull=True)),
        )
    )
    found = {
        row["rule"]: Fared(row["times"], row["of_use"], row["of_none"], row["last"], row["open"])
        for row in rows
    }
    of_projects = Q(project__in=list(projects)) | Q(project__isnull=True)
    for mute in muting.mutes_at(now).filter(wanted, of_projects).select_related("by", "project"):
        found.setdefault(mute.rule, Fared()).mutes.append(mute)
    return found


def in_all(of_rules: dict[str, Fared]) -> Fared:
    """Of all rules together: what the goal for false positives is held against."""
    total = Fared()
    for one in of_rules.values():
        total.times += one.times
        total.useful += one.useful
        total.useless += one.useless
        total.open += one.open
    return total


def open_ones(projects: Sequence[Project], *, environment: str = "") -> int:
    """How many are open now."""
    found = Episode.objects.filter(project__in=projects, ended_at=None)
    return (found.filter(environment=environment) if environment else found).count()


def environment_names(projects: Sequence[Project]) -> list[str]:
    """Those that had episodes."""
    found = Episode.objects.filter(project__in=projects).values_list("environment", flat=True)
    return list(found.distinct().order_by("environment")[:100])
