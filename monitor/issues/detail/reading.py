"""How a reader wants the page: which way round, and how much of it open. Said in the address, remembered in a cookie."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from monitor.issues.detail.chain import Order

_COOKIE = "trace_order"
_YEAR_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Reading:
    """`order` is the reader's, from this address or an earlier one; `all_open` only from this one."""

    order: Order
    all_open: bool
    is_said: bool

    @classmethod
    def of(cls, request: HttpRequest) -> Reading:
        said = request.GET.get("order")
        chosen = said or request.COOKIES.get(_COOKIE)
        order: Order = "oldest" if chosen == "oldest" else "newest"
        return cls(order, request.GET.get("frames") == "all", said in ("oldest", "newest"))

    @property
    def other_order(self) -> Order:
        return "newest" if self.order == "oldest" else "oldest"

    def remember(self, response: HttpResponse, *, secure: bool) -> None:
        if self.is_said:
            response.set_cookie(
                _COOKIE, self.order, max_age=_YEAR_S, samesite="Lax", secure=secure, httponly=True
            )
