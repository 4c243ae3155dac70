"""Pages by the `Link` header, as Sentry's clients follow them: a cursor is `0:<how many come before>:<1: backwards>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest

from monitor.api.errors import field_error
from monitor.api.parameters import whole

PER_PAGE = 100
DEEPEST = 1_000_000
_CURSOR = re.compile(r"\d+:(\d{1,7}):[01]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """Rows from `offset` on, `size` at most."""

    offset: int
    size: int

    @classmethod
    def of(cls, request: HttpRequest) -> Window:
        """Raises FieldsError."""
        size = PER_PAGE
        for name in ("limit", "per_page"):
            if request.GET.get(name):
                size = whole(request.GET[name], name, least=1, most=PER_PAGE)
        cursor = request.GET.get("cursor", "")
        match = _CURSOR.fullmatch(cursor)
        if cursor and (match is None or int(match[1]) > DEEPEST):
            raise field_error(
                "cursor", f"This is {cursor[:40]!r}; take it from the Link header of the page before."
            )
        return cls(int(match[1]) if match else 0, size)

    def link(self, request: HttpRequest, *, has_more: bool) -> str:
        """The header's value."""
        before = max(self.offset - self.size, 0)
        return ", ".join(
            (
                self._one(request, "previous", before, 1, self.offset > 0),
                self._one(request, "next", self.offset + self.size, 0, has_more),
            )
        )

    @staticmethod
    def _one(request: HttpRequest, rel: str, offset: int, backwards: int, results: bool) -> str:
        cursor = f"0:{offset}:{backwards}"
        query = request.GET.copy()
        query["cursor"] = cursor
        address = f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
        return f'<{address}>; rel="{rel}"; results="{str(results).lower()}"; cursor="{cursor}"'
