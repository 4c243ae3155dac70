"""Pages of long lists whose cost does not grow with the list: counting stops at a bound."""

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:  # generic to mypy only
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator

PAGE_SIZE = 25
COUNTED = 10_000


class BoundedPaginator(BasePaginator):
    """Counts at most `COUNTED` rows; `capped` says that there are more, which a search will bring up."""

    def __init__(self, rows: QuerySet[Any], per_page: int = PAGE_SIZE) -> None:
        super().__init__(rows, per_page)
        self._rows = rows

    @cached_property
    def _found(self) -> int:
        return self._rows.order_by()[: COUNTED + 1].values("pk").count()

    @cached_property
    def count(self) -> int:
        return min(self._found, COUNTED)

    @property
    def capped(self) -> bool:
        return self._found > COUNTED
