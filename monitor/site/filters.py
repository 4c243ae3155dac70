"""What most pages are narrowed by: projects, environment, period. It stands in the address and goes along from room to room.

filters = Filters.of(request)
issues = Issue.objects.filter(project__in=filters.projects, last_seen__gte=filters.since)
return render(request, "…", {"filters": filters, …})          # {% include "site/filters.html" %}
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.utils.functional import cached_property

from monitor.access.permissions import visible_projects
from monitor.issues.models import TagValue
from monitor.projects.models import Project

HOUR, DAY = 3600, 86_400
PERIODS: dict[str, tuple[str, int]] = {
    "1h": ("last hour", HOUR),
    "24h": ("last 24 hours", DAY),
    "7d": ("last 7 days", 7 * DAY),
    "14d": ("last 14 days", 14 * DAY),
    "30d": ("last 30 days", 30 * DAY),
    "90d": ("last 90 days", 90 * DAY),
}
"""What `?period=` may be, in words and seconds. Without it, `?since=…&until=…` (ISO 8601 or seconds since 1970)."""
DEFAULT_PERIOD = "24h"
NAMES = ("project", "environment", "period", "since", "until")
_ENVIRONMENTS_MAX = 100
_YEARS_END = 2200


@dataclass(frozen=True)
class Filters:
    """`projects` are those that were chosen of those that the user may see: all when none was."""

    projects: list[Project]
    choices: list[Project]
    environment: str
    period_name: str
    """A key of PERIODS, or "" for a stretch that `since` and `until` name."""
    since: datetime
    until: datetime
    other: tuple[tuple[str, str], ...]
    """What else stands in the address, but for the page: a form keeps it."""
    unread: tuple[str, ...] = ()
    """What of the address names no time, as `since=yesterday`: the page says that it was passed over."""

    @classmethod
    def of(cls, request: HttpRequest, *, default_period: str = DEFAULT_PERIOD) -> Self:
        """Raises Http404 for a project that the user may not see. What is no period counts as the default one."""
        choices = list(visible_projects(request.user))
        name, since, until, unread = _period(request, default_period)
        return cls(
            projects=_chosen(request, choices),
            choices=choices,
            environment=request.GET.get("environment", "")[:64],
            period_name=name,
            since=since,
            until=until,
            other=tuple(
                (key, value)
                for key, values in request.GET.lists()
                if key not in {*NAMES, "page", "cursor"}
                for value in values
            ),
            unread=unread,
        )

    @property
    def period(self) -> int:
        """Seconds from `since` to `until`."""
        return round((self.until - self.since).total_seconds())

    @property
    def period_words(self) -> str:
        """As part of a sentence: `last 24 hours`."""
        if self.period_name:
            return PERIODS[self.period_name][0]
        return f"{self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"

    @property
    def periods(self) -> list[tuple[str, str]]:
        """For a select: name, words."""
        return [(name, words) for name, (words, _) in PERIODS.items()]

    @property
    def narrowed(self) -> bool:
        """Whether projects were chosen: without, nothing need be joined for an admin."""
        return len(self.projects) < len(self.choices)

    @cached_property
    def project_ids(self) -> list[int]:
        return [project.pk for project in self.projects]

    @property
    def environments(self) -> list[str]:
        """What a page's filter offers."""
        return sorted({*self.known_environments, self.environment} - {""})

    @property
    def is_environment_unknown(self) -> bool:
        """Whether the address names an environment that nothing of what the page shows ever came from."""
        return self.environment not in {*self.known_environments, ""}

    @cached_property
    def known_environments(self) -> list[str]:
        """Those that events of these projects came from; asked for when a page shows the filter."""
        return list(
            TagValue.objects.filter(project__in=self.project_ids, key="environment")
            .values_list("value", flat=True)
            .distinct()[:_ENVIRONMENTS_MAX]
        )

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values for hidden fields of another form on the page, such as a search."""
        found = [("project", project.slug) for project in self.projects] if self.narrowed else []
        if self.environment:
            found.append(("environment", self.environment))
        if not self.period_name:
            found += [("since", self.since.isoformat()), ("until", self.until.isoformat())]
        elif self.period_name != DEFAULT_PERIOD:
            found.append(("period", self.period_name))
        return found

    @property
    def query(self) -> str:
        """The same for a link: `project=web&period=7d`, or nothing."""
        return urlencode(self.fields)


def carried(request: HttpRequest) -> str:
    """What the links to other rooms take along, as `?project=…`, or nothing."""
    kept = [
        (name, value)
        for name in ("project", "environment", "period")
        for value in request.GET.getlist(name)
        if value
    ]
    return f"?{urlencode(kept)}" if kept else ""


def _chosen(request: HttpRequest, choices: list[Project]) -> list[Project]:
    slugs = {slug for slug in request.GET.getlist("project") if slug}
    if not slugs:
        return choices
    chosen = [project for project in choices if project.slug in slugs]
    if len(chosen) < len(slugs):
        raise Http404(f"You have no project {', '.join(sorted(slugs - {one.slug for one in chosen}))}.")
    return chosen


def _period(request: HttpRequest, default: str) -> tuple[str, datetime, datetime, tuple[str, ...]]:
    given = {name: value for name in ("period", "since", "until") if (value := request.GET.get(name, ""))}
    since, until = _moment(given.get("since")), _moment(given.get("until"))
    now = datetime.now(UTC)
    name = given.get("period", "")
    if name in PERIODS:
        return name, now - timedelta(seconds=PERIODS[name][1]), now, ()
    is_stretch = since is not None and since < (until or now)
    read = {"since": is_stretch, "until": is_stretch and until is not None}
    unread = tuple(f"{key}={value[:60]}" for key, value in given.items() if not read.get(key))
    if since is not None and is_stretch:
        return "", since, until or now, unread
    return default, now - timedelta(seconds=PERIODS[default][1]), now, unread


def _moment(text: str | None) -> datetime | None:
    """None for what is no time, or one that no event can be of: pages count from it on."""
    if not text:
        return None
    try:
        moment = (
            datetime.fromtimestamp(float(text), UTC)
            if text.replace(".", "", 1).isdigit()
            else datetime.fromisoformat(text)
        )
    except (ValueError, OverflowError, OSError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if 1970 <= moment.year < _YEARS_END else None
