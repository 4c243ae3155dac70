"""The tags of an issue's events as shares: which release, which browser, which route, how often each."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Sum, Window
from django.db.models.functions import RowNumber

from monitor.issues.models import Issue, IssueTag

SHOWN_VALUES = 5
OTHER = "<other>"
"""What the digest counts values under that are beyond the number which it keeps."""

_FIRST = (
    "environment",
    "release",
    "level",
    "transaction",
    "feature",
    "task_name",
    "url",
    "browser",
    "browser.name",
    "os",
    "os.name",
    "runtime",
    "server_name",
)


@dataclass(frozen=True, slots=True)
class TagValueShare:
    value: str
    times: int
    share: float  # of all events of the issue

    @property
    def can_be_searched(self) -> bool:
        return self.value != OTHER


@dataclass(frozen=True, slots=True)
class TagShares:
    """`values` are the most frequent ones; `further` others exist."""

    key: str
    values: list[TagValueShare]
    further: int
    further_times: int
    without: int  # events that do not have it

    @property
    def has_one_value(self) -> bool:
        return len(self.values) == 1 and not self.further and not self.without


def shares_of(issue: Issue) -> list[TagShares]:
    """Every key with its most frequent values, those first that people ask for first."""
    ranked = (
        IssueTag.objects.filter(issue=issue)
        .annotate(
            rank=Window(
                RowNumber(), partition_by=F("tag__key"), order_by=[F("times").desc(), F("tag").asc()]
            ),
            total=Window(Sum("times"), partition_by=F("tag__key")),
            number=Window(Count("id"), partition_by=F("tag__key")),
        )
        .filter(rank__lte=SHOWN_VALUES)
        .order_by("tag__key", "rank")
        .values_list("tag__key", "tag__value", "times", "total", "number")
    )
    by_key: dict[str, TagShares] = {}
    for key, value, times, total, number in ranked:
        shares = by_key.get(key)
        if shares is None:
            without = max(issue.times - total, 0)
            shares = by_key[key] = TagShares(key, [], max(number - SHOWN_VALUES, 0), total, without)
        shares.values.append(_share(issue, value, times))
    found = [_with_rest(shares) for shares in by_key.values()]
    return sorted(found, key=lambda one: (_rank(one.key), one.key))


def _with_rest(shares: TagShares) -> TagShares:
    shown = sum(one.times for one in shares.values)
    return TagShares(shares.key, shares.values, shares.further, shares.further_times - shown, shares.without)


def values_of(issue: Issue, key: str) -> list[TagValueShare]:
    """All values of one key, the most frequent first. The digest keeps at most 500."""
    found = (
        IssueTag.objects.filter(issue=issue, tag__key=key)
        .order_by("-times", "tag")
        .values_list("tag__value", "times")
    )
    return [_share(issue, value, times) for value, times in found]


def _share(issue: Issue, value: str, times: int) -> TagValueShare:
    return TagValueShare(value, times, min(times / max(issue.times, 1), 1.0))


def _rank(key: str) -> int:
    return _FIRST.index(key) if key in _FIRST else len(_FIRST)
