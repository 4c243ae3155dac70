"""One call of an operation: who asks, for what, with which parameters and body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from monitor.access.models import ApiToken, User
from monitor.access.permissions import visible_projects
from monitor.access.scopes import granted
from monitor.api import parameters
from monitor.api.errors import ApiError, FieldsError, field_error, not_found
from monitor.api.paging import Window
from monitor.api.routing import Operation
from monitor.api.schemas import problems
from monitor.projects.models import Project


@dataclass(frozen=True)
class Answer:
    """What a handler may give in place of plain data: another status, headers, or a file."""

    data: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass
class Call:
    request: HttpRequest
    token: ApiToken
    operation: Operation
    link: str = ""

    @property
    def user(self) -> User:
        return self.token.user

    @cached_property
    def scopes(self) -> frozenset[str]:
        return granted(self.token)

    @cached_property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def require(self, *scopes: str) -> None:
        """Raises ApiError (403) where the token has none of them."""
        if not self.scopes.intersection(scopes):
            raise ApiError(
                403,
                "You do not have permission to perform this action. The token needs the scope"
                f" {' or '.join(scopes)}, and its user a role that allows it.",
            )

    def query(self, name: str, default: str = "") -> str:
        return self.request.GET.get(name, default).replace("\0", "")

    def choice(self, name: str, default: str) -> str:
        """One of those that the parameter's schema lists. Raises FieldsError."""
        given = self.query(name) or default
        possible = parameters.PARAMETERS[name][0]["enum"]
        if given not in possible:
            raise field_error(
                name, f"This is {given[:40]!r}; it must be one of {', '.join(filter(None, possible))}."
            )
        return given

    @cached_property
    def body(self) -> dict[str, Any]:
        """Checked against the operation's schema. Raises ApiError: 400, 413."""
        try:
            raw = self.request.body
        except RequestDataTooBig as error:
            raise ApiError(413, "The body is larger than 2.5 MB.") from error
        except UnreadablePostError as error:
            raise ApiError(400, "The body did not come whole.") from error
        try:
            given = orjson.loads(raw or b"{}")
        except orjson.JSONDecodeError as error:
            raise ApiError(400, f"JSON parse error - {error}") from error
        wrong = problems(self.operation.body or "object", given)
        if wrong:
            raise FieldsError(wrong)
        return dict(given)

    @cached_property
    def projects(self) -> list[Project]:
        """Those that `project` names, of those that the user may see; all without it. Raises ApiError (404)."""
        visible = list(visible_projects(self.user))
        wanted = {one for one in self.request.GET.getlist("project") if one not in ("", "-1")}
        if not wanted:
            return visible
        found = [one for one in visible if {one.slug, str(one.pk)} & wanted]
        known = {name for one in found for name in (one.slug, str(one.pk))}
        if wanted - known:
            raise not_found(f"You have no project {', '.join(sorted(wanted - known))[:100]}.")
        return found

    @cached_property
    def period(self) -> tuple[datetime, datetime] | None:
        """Of `statsPeriod`, or `start` and `end`; None where none is given. Raises FieldsError."""
        if self.query("statsPeriod"):
            return self.now - parameters.span(self.query("statsPeriod"), "statsPeriod"), self.now
        if not (self.query("start") or self.query("end")):
            return None
        end = parameters.moment(self.query("end"), "end") if self.query("end") else self.now
        if not self.query("start"):
            raise field_error("start", "An end needs a start.")
        start = parameters.moment(self.query("start"), "start")
        if start >= end:
            raise field_error("start", "The start must be before the end.")
        return start, end

    def paged(self, rows: QuerySet[Any] | Sequence[Any]) -> list[Any]:
        """The rows of the page that is asked for; the answer gets its Link header."""
        window = Window.of(self.request)
        found = list(rows[window.offset : window.offset + window.size + 1])
        self.link = window.link(self.request, has_more=len(found) > window.size)
        return found[: window.size]

    def shaped(self, rows: QuerySet[Any] | Sequence[Any], shape: Callable[[Any], Any]) -> list[Any]:
        return [shape(row) for row in self.paged(rows)]
