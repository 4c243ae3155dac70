"""What a page of the list shows: the issues that a search finds, in an order, with their trend."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest, QueryDict

from monitor.issues import sorting
from monitor.issues.models import Issue, IssueHour
from monitor.issues.search import Scope, SearchError, search
from monitor.site.filters import Filters

if TYPE_CHECKING:  # generic to mypy only
    IdPaginator = Paginator[int]
else:
    IdPaginator = Paginator

DEFAULT_SEARCH = "is:unresolved"
PAGE_SIZE = 25
COUNTED = 1_000
"""So many are counted and can be paged through; what is beyond is reached by searching."""
_DAY_H = 24


class BoundedPaginator(IdPaginator):
    """Of ids that are there already: one query finds, sorts and counts them."""

    def __init__(self, ids: list[int]) -> None:
        super().__init__(ids[:COUNTED], PAGE_SIZE)
        self.capped = len(ids) > COUNTED


@dataclass(frozen=True)
class Row:
    """An issue in the list, with its events in equal stretches of the period, the oldest first."""

    issue: Issue
    trend: list[int]

    @property
    def in_period(self) -> int:
        return sum(self.trend)

    @property
    def name(self) -> str:
        """What the title begins with: the exception's type; else all of it."""
        issue = self.issue
        return issue.type if issue.type and issue.title.startswith(issue.type) else issue.title

    @property
    def rest(self) -> str:
        """The title without its `name`."""
        return self.issue.title[len(self.name) :].removeprefix(":").strip()


class Listing:
    """Of one request. `error` is set where the search can't be understood: then nothing is found.

    Nothing rather than what the rest of the search finds: what is done with all that match must not reach further than
    whoever mistyped a condition meant.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.filters = Filters.of(request)
        self.user = request.user
        self.text = request.GET.get("q", DEFAULT_SEARCH).strip()
        self.sort, self.reverse = sorting.read(request.GET.get("sort", ""))
        self.page_number = request.GET.get("page")
        self.query = request.GET
        self.error: SearchError | None = None

    @property
    def period_words(self) -> str:
        """What the trend is of: the period, or a day where that is shorter, since events are counted by hours."""
        if self.filters.period >= _DAY_H * 3600:
            return self.filters.period_words
        return (
            "last 24 hours"
            if self.filters.period_name
            else f"24 hours until {self.filters.until:%Y-%m-%d %H:%M} UTC"
        )

    @property
    def address(self) -> str:
        """Its part of the address, from which `at` makes it again."""
        return self.query.urlencode()

    @classmethod
    def at(cls, request: HttpRequest, address: str) -> Listing:
        """The one that stood at another address, for the same user."""
        other = copy(request)
        other.GET = QueryDict(address)
        return cls(other)

    @cached_property
    def found(self) -> QuerySet[Issue]:
        scope = Scope(
            self.user,
            projects=self.filters.projects,
            choices=self.filters.choices,
            environment=self.filters.environment,
        )
        try:
            issues = search(self.text, scope)
        except SearchError as error:
            self.error = error
            issues = Issue.objects.none()
        return sorting.in_order(issues, self.sort, reverse=self.reverse)

    @cached_property
    def page(self) -> Page[int]:
        ids = list(self.found.values_list("pk", flat=True)[: COUNTED + 1])
        return BoundedPaginator(ids).get_page(self.page_number)

    @cached_property
    def rows(self) -> list[Row]:
        return self.rows_of(list(self.page.object_list))

    def rows_of(self, ids: Sequence[int]) -> list[Row]:
        """In the order given."""
        issues = Issue.objects.filter(pk__in=ids).select_related("project", "assigned_to").in_bulk()
        trends = trends_of(ids, self.filters.period, self.filters.until)
        return [Row(issues[pk], trends[pk]) for pk in ids if pk in issues]


def trends_of(ids: Sequence[int], period_s: int, until: datetime) -> dict[int, list[int]]:
    """Events of each issue in about thirty equal stretches of the period, of a day at least; the oldest first."""
    hours = max(round(period_s / 3600), _DAY_H)
    step = 1 if hours <= _DAY_H else -(-hours // 30)
    slots = -(-hours // step)
    last = int(until.timestamp() // 3600)
    first = last - slots * step + 1
    found = {pk: [0] * slots for pk in ids}
    counts = (
        IssueHour.objects.filter(issue__in=ids, hour__gte=first, hour__lte=last)
        .annotate(slot=(F("hour") - first) / step)
        .values_list("issue", "slot")
        .annotate(Sum("times"))
    )
    for pk, slot, times in counts:
        found[pk][slot] = times
    return found
