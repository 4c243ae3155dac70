"""The orders of the list."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Expression, F, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import NullIf

from monitor.issues.models import Issue


@dataclass(frozen=True)
class Sort:
    """`column` the way that is asked for most: the newest, the most, the worst first."""

    name: str
    words: str
    column: Expression | F
    ascends: bool = False

    def order(self, *, reverse: bool) -> OrderBy:
        if self.ascends == reverse:
            return OrderBy(self.column, descending=True, nulls_last=True)
        return OrderBy(self.column, nulls_last=True)


SORTS = {
    sort.name: sort
    for sort in (
        Sort("last_seen", "last seen", F("last_seen")),
        Sort("first_seen", "first seen", F("first_seen")),
        Sort("events", "events", F("times")),
        Sort("users", "users", F("users")),
        Sort("severity", "severity", NullIf(F("severity"), Value("")), ascends=True),
    )
}
DEFAULT = "last_seen"


def read(name: str) -> tuple[Sort, bool]:
    """`events`, or `-events` for the other way round. What is no sort is the default one."""
    plain = name.removeprefix("-")
    if plain not in SORTS:
        return SORTS[DEFAULT], False
    return SORTS[plain], name.startswith("-")


def in_order(issues: QuerySet[Issue], sort: Sort, *, reverse: bool = False) -> QuerySet[Issue]:
    """Equal ones: the last seen first, then the older issue, so that pages do not overlap."""
    return issues.order_by(sort.order(reverse=reverse), "-last_seen", "pk")
