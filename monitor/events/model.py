"""The event as the monitor knows it: one shape, whichever SDK and whichever year it came from.

Digesting makes it once; grouping, storing and the pages read it and need not ask what type anything has.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, NotRequired, Self, TypedDict

import orjson

Json = dict[str, Any]
Level = Literal["fatal", "error", "warning", "info", "debug"]


class Remark(TypedDict):
    """What was wrong with what was sent, in the words of Sentry's processing errors."""

    type: str  # invalid_data, value_too_long, past_timestamp, future_timestamp, missing_attribute
    name: str  # the attribute's path: exception.values.0.stacktrace
    value: NotRequired[str]  # what was there, shortened
    reason: str


class Frame(TypedDict, total=False):
    """One call. A list of frames runs from the outermost to the place where it happened."""

    function: str
    module: str
    filename: str
    abs_path: str
    lineno: int
    colno: int
    pre_context: list[str]
    context_line: str
    post_context: list[str]
    vars: Json
    in_app: bool  # always there after normalising
    package: str
    platform: str


class Stacktrace(TypedDict, total=False):
    frames: list[Frame]
    registers: Json


class Mechanism(TypedDict, total=False):
    """How the exception was caught, and where it stands in a group: Sentry's exception interface."""

    type: str
    handled: bool
    synthetic: bool
    exception_id: int
    parent_id: int
    is_exception_group: bool
    source: str


class ExceptionValue(TypedDict, total=False):
    """One exception of a chain. A chain runs from the oldest cause to what was raised last."""

    type: str
    value: str
    module: str
    mechanism: Mechanism
    stacktrace: Stacktrace
    thread_id: str


class Thread(TypedDict, total=False):
    id: str
    name: str
    crashed: bool
    current: bool
    stacktrace: Stacktrace


class Breadcrumb(TypedDict, total=False):
    timestamp: float
    type: str
    category: str
    level: str
    message: str
    data: Json


class Request(TypedDict, total=False):
    """`headers` is a list of pairs, since a header may come twice; `query` is always text."""

    method: str
    url: str
    query: str
    headers: list[tuple[str, str]]
    cookies: Json
    data: Any
    env: Json
    fragment: str


@dataclass(slots=True)
class Event:
    """A normalised event. Times are seconds since 1970, UTC. What was not sent is None or empty."""

    event_id: str  # 32 small hexadecimal digits
    kind: str  # "error", "default" (a message), "transaction", "feedback", or what the SDK says
    timestamp: float
    received: float
    level: Level
    platform: str
    title: str = ""
    culprit: str = ""
    type: str = ""  # of the exception that the title speaks of
    value: str = ""
    handled: bool | None = None
    logger: str | None = None
    transaction: str | None = None
    release: str | None = None
    environment: str | None = None
    dist: str | None = None
    server_name: str | None = None
    start_timestamp: float | None = None
    message: str | None = None  # with its parameters filled in
    template: str | None = None  # without them, where it was sent
    params: list[Any] | Json | None = None
    exceptions: list[ExceptionValue] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    breadcrumbs: list[Breadcrumb] = field(default_factory=list)
    request: Request | None = None
    user: Json | None = None
    user_key: str | None = None  # tells users apart without saying who they are
    contexts: dict[str, Json] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    extra: Json = field(default_factory=dict)
    fingerprint: list[str] = field(default_factory=list)
    sdk: Json = field(default_factory=dict)  # name, version, integrations, packages
    modules: dict[str, str] = field(default_factory=dict)
    spans: list[Json] = field(default_factory=list)
    measurements: Json = field(default_factory=dict)
    transaction_info: Json = field(default_factory=dict)
    trace_id: str | None = None
    span_id: str | None = None
    suppressed: int = 0  # so many of the same were held back before this one was sent
    error_id: str | None = None  # what the user was shown
    other: Json = field(default_factory=dict)  # attributes that are not listed here
    remarks: list[Remark] = field(default_factory=list)

    @property
    def times(self) -> int:
        """How many occurrences this event stands for: itself and those that were held back."""
        return 1 + self.suppressed

    def to_dict(self) -> Json:
        """Plain JSON, without what is empty. Shares its parts with the event."""
        found = {}
        for name in _FIELDS:
            value = getattr(self, name)
            if value or name in _ALWAYS or value is False:
                found[name] = value
        return found

    def to_json(self) -> bytes:
        return orjson.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, stored: Json) -> Self:
        """The event that `to_dict` gave; attributes of a later version are left out."""
        return cls(**{name: value for name, value in stored.items() if name in _KNOWN})

    @classmethod
    def from_json(cls, stored: bytes) -> Self:
        return cls.from_dict(orjson.loads(stored))


_FIELDS = tuple(one.name for one in fields(Event))
_KNOWN = frozenset(_FIELDS)
_ALWAYS = frozenset({"event_id", "kind", "timestamp", "received", "level", "platform"})
