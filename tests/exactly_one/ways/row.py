"""What a row of the table says: how something fails, and what is to come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Session = Literal["ok", "errored", "crashed"]

STACK = ()
"""The group of an event that has no fingerprint of ours: Sentry groups it by its stack trace."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event: `handled` is what its mechanism says, None for a message; `raised` the class of its exception."""

    category: str
    raised: str | None
    handled: bool | None = False
    group: tuple[str, ...] = STACK
    severity: str | None = None
    has_request: bool = True
    """Whether it carries the request's id: False where it was told of when the request was over."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to fail, as a sentence; `kind` is its heading in docs/exactly-one.md."""

    says: str
    by: str
    """The path that is asked for, the command that is run, or the task that is sent."""

    told: tuple[Told, ...]
    note: str = ""
    kind: str = ""

    # Of a request.
    status: int = 500
    session: Session = "crashed"
    handlers: tuple[str, ...] = ("wsgi",)
    client: str = ""
    """What is special about the client: see site/clients.py."""

    # Of a scheduled task.
    check_ins: tuple[str, ...] = ()

    @property
    def is_expected(self) -> bool:
        return not self.told


def one(
    category: str,
    raised: str | None,
    *,
    handled: bool | None = False,
    group: tuple[str, ...] = STACK,
    severity: str | None = None,
    has_request: bool = True,
) -> tuple[Told, ...]:
    return (Told(category, raised, handled, group, severity, has_request),)


def under(kind: str, *ways: Way) -> tuple[Way, ...]:
    return tuple(replace(way, kind=kind) for way in ways)


def returned(route: str, status: int) -> tuple[Told, ...]:
    return one("uncategorised", None, handled=None, group=("returned", route, str(status)))


NONE: tuple[Told, ...] = ()
BOTH = ("wsgi", "asgi")
ASGI = ("asgi",)
PIPELINE = one("data_processing", "PipelineError", severity="P1")
HANDLED = one("data_processing", "PipelineError", handled=True)
REPORT = one("data_processing", "ReportError")
POSTGRES = ("dependency-outage", "postgresql", "unreachable")
BROKER = ("dependency-outage", "broker", "unreachable")
REDIS = ("dependency-outage", "redis", "unreachable")
DATABASE = ("database", "{{ error.type }}", "{{ transaction }}")
