"""What each list page needs: the words that are searched for, and pages whose cost does not grow with the list."""

from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

if TYPE_CHECKING:  # generic to mypy only
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator

PAGE_SIZE = 25
COUNTED = 10_000


def searched(request: HttpRequest) -> str:
    """The words of `?q=`, on one line and without what no name can hold, such as NUL."""
    words = request.GET.get("q", "")
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:160]


def bounded_count(rows: QuerySet[Any]) -> int:
    """How many rows there are, counted up to `COUNTED` + 1."""
    return rows.order_by()[: COUNTED + 1].values("pk").count()


class BoundedPaginator(BasePaginator):
    """Counts at most `COUNTED` rows; `capped` says that there are more, which a search will bring up."""

    def __init__(self, rows: QuerySet[Any], per_page: int = PAGE_SIZE) -> None:
        super().__init__(rows, per_page)
        self._rows = rows

    def page(self, number: int | str) -> "Page[Any]":
        """Past the first page, rows to skip are skipped by their keys alone, without what is joined to them."""
        page = super().page(number)
        if page.number > 1:
            keys = self._rows[page.start_index() - 1 : page.end_index()].values("pk")
            page.object_list = self._rows.filter(pk__in=keys)
        return page

    @cached_property
    def _found(self) -> int:
        return bounded_count(self._rows)

    @cached_property
    def count(self) -> int:
        return min(self._found, COUNTED)

    @property
    def capped(self) -> bool:
        return self._found > COUNTED
