"""Pages of a list whose cost does not grow with the list."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

if TYPE_CHECKING:  # generic to mypy only
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator

PAGE_SIZE = 50
COUNTED = 10_000
"""What is beyond is not counted, and reached by searching."""


class BoundedPaginator(BasePaginator):
    """Counts at most `counted` rows; `capped` says that there are more."""

    def __init__(self, rows: QuerySet[Any], per_page: int = PAGE_SIZE, *, counted: int = COUNTED) -> None:
        super().__init__(rows, per_page)
        self._rows = rows
        self._counted = counted

    @cached_property
    def _found(self) -> int:
        return self._rows.order_by()[: self._counted + 1].values("pk").count()

    @cached_property
    def count(self) -> int:
        return min(self._found, self._counted)

    @property
    def capped(self) -> bool:
        return self._found > self._counted


def page_of(
    request: HttpRequest, rows: QuerySet[Any], per_page: int = PAGE_SIZE, *, counted: int = COUNTED
) -> "Page[Any]":
    """The page that `?page=` names, the nearest where it does not exist; `partials/pagination.html` shows the way."""
    return BoundedPaginator(rows, per_page, counted=counted).get_page(request.GET.get("page"))


def searched(request: HttpRequest, name: str = "q") -> str:
    """The words of `?q=`, on one line and without what no name can hold, such as NUL."""
    words = request.GET.get(name, "")
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:500]


def row_ids(texts: Iterable[str]) -> list[int]:
    """The ids of rows among them: SQLite cannot be asked for a number of twenty digits."""
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19]


def row_id(text: str) -> int:
    """0, which no row has, for what is none."""
    return next(iter(row_ids([text])), 0)
