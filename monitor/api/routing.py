"""The table of operations: what is asked for by which method at which address, with which scope.

Everything else is made of it: the answering (dispatch.py), the OpenAPI document, the page that lists them, the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from monitor.api.errors import ApiError, not_found
from monitor.api.parameters import PARAMETERS

ROOT = "/api/0/"
Handler = Callable[..., Any]
PATH_VARIABLES: dict[str, tuple[str, str, str]] = {
    "organization_id_or_slug": ("[^/]+", "The organization: its short name, or 1", "str"),
    "project_id_or_slug": ("[^/]+", "A project: its short name or number", "str"),
    "issue_id": ("[^/]+", "An issue: its number, or its short id such as HYDROML-12", "str"),
    "event_id": ("[^/]+", "An event: 32 hexadecimal digits", "str"),
    "attachment_id": ("[^/]+", "A file that came with an event", "str"),
    "key": (r"[^/]+", "The name of a tag", "str"),
    "key_id": ("[^/]+", "A key of a project", "str"),
    "version": (".+?", "The name of a release", "str"),
    "monitor_id_or_slug": ("[^/]+", "A cron monitor: its short name or number", "str"),
    "checkin_id": ("[^/]+", "A check-in: its UUID, or latest", "str"),
    "member_id": ("[^/]+", "A user: their number, or me", "str"),
    "incident_number": ("[^/]+", "An incident: its number", "str"),
    "alert_id": ("[^/]+", "An episode of an alert rule: its number", "str"),
    "note_id": ("[^/]+", "A comment", "str"),
}
"""Pattern, meaning, kind."""


@dataclass(frozen=True)
class Operation:
    """`scopes`: the token needs one of them. `answer` and `body` are kinds of schemas.py; None: nothing.

    `files`: the answer may also be a file of any kind.
    """

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...]
    summary: str
    answer: str | None
    status: int = 200
    body: str | None = None
    query: tuple[str, ...] = ()
    other_statuses: tuple[int, ...] = ()
    files: bool = False

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def area(self) -> str:
        """What it is about, for the document."""
        return self.handler.__module__.rpartition(".")[2].replace("_", " ")

    @property
    def variables(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def is_paged(self) -> bool:
        return "cursor" in self.query

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.path)
        text = "".join(
            re.escape(part) if place % 2 == 0 else f"(?P<{part}>{PATH_VARIABLES[part][0]})"
            for place, part in enumerate(parts)
        )
        return re.compile(f"{text}?" if text.endswith("/") else text)


OPERATIONS: list[Operation] = []


def operation(method: str, path: str, **rest: Any) -> Callable[[Handler], Handler]:
    """Puts the function into the table. Of two addresses that fit, the one with fewer variables is meant."""

    def put(handler: Handler) -> Handler:
        made = Operation(method, path, handler, **rest)
        unknown = [name for name in made.query if name not in PARAMETERS]
        if unknown:
            raise ValueError(f"{path}: no parameter {', '.join(unknown)}")
        OPERATIONS.append(made)
        OPERATIONS.sort(key=_order)
        return handler

    return put


def _order(one: Operation) -> tuple[int, int, str, str]:
    """What is written out comes before what a variable may stand for."""
    return -one.path.count("/"), len(one.variables), one.path, one.method


def operation_for(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """`path` is what follows ROOT. Raises ApiError: 404, 405."""
    allowed = []
    for one in OPERATIONS:
        match = one.pattern.fullmatch(path)
        if match is None:
            continue
        if one.method == method:
            return one, match.groupdict()
        allowed.append(one.method)
    if not allowed:
        raise not_found()
    words = ", ".join(sorted(set(allowed)))
    raise ApiError(405, f'Method "{method}" not allowed. Possible here: {words}.', headers={"Allow": words})
