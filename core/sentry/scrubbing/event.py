"""Whole events, scrubbed part by part: each part of the protocol has its own dangers.

The input is what the SDK's serialiser made (plain values of our own); the caller's objects are never touched.
A new event is built, so that a part that is forgotten here is absent rather than sent raw.
"""

from __future__ import annotations

import datetime
import enum
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sentry_sdk.utils import format_timestamp

from core.sentry.plain import Shape, plain
from core.sentry.scrubbing.keys import words_of
from core.sentry.scrubbing.known import KnownValues, found_by_name
from core.sentry.scrubbing.patterns import FILTERED, is_card_number
from core.sentry.scrubbing.text import ELLIPSIS, TextScrubber
from core.sentry.scrubbing.urls import scrub_path, scrub_query, scrub_url

Json = dict[str, Any]

# Made by the SDK from code, configuration or random numbers: nothing of a request can be in them.
_VERBATIM = words_of(
    "event_id timestamp start_timestamp platform level release environment dist sdk type transaction_info modules "
    "server_name measurements check_in_id monitor_slug status duration monitor_config"
)
_SPAN_CODE = frozenset(
    "trace_id span_id parent_span_id segment_id op origin status start_timestamp timestamp exclusive_time".split()
)
_FRAME_CODE = (
    "filename",
    "abs_path",
    "function",
    "module",
    "lineno",
    "in_app",
    "colno",
    "package",
    "platform",
)
_FRAME_LINES = ("pre_context", "context_line", "post_context")
_FRAME_BYTES = 1000
_DROPPED_KEYS = frozenset({"http.fragment", "url.fragment", "context"})
_IDS = words_of(
    "trace_id span_id parent_span_id event_id replay_id profile_id request_id celery_task_id segment_id thread.id"
)
_SAMPLING_IDS = ("trace_id", "public_key", "org_id", "replay_id", "sampled", "sample_rate", "sample_rand")
_SAMPLING_VALUE = re.compile(r"[0-9a-f]{32}|\d{1,20}(?:\.\d{1,20})?|true|false")
_SAMPLING_TEXTS = ("release", "environment", "transaction")
_ID_VALUE = re.compile(r"[0-9a-fA-F-]{8,36}|\d{1,20}")
_COMMAND = re.compile(r"[A-Za-z][A-Za-z_.]{0,40}")
_CRUMB_SHAPE = Shape(string=8192)
_IDENTIFIER = re.compile(r"[A-Za-z_.]{1,40}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_BARE_WORD = re.compile(r"[a-z][a-z_.]{0,30}|\d{1,6}")


_NODES = 5000
_LOCAL_NODES = 200
_LOCAL_STRING = 512
_LOCAL_SHAPE = Shape(depth=3, breadth=10, string=_LOCAL_STRING, nodes=100)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an event is sent."""

    depth: int = 8
    breadth: int = 100
    breadcrumbs: int = 50
    event_bytes: int = 200_000


_LOCAL_LIMITS = Limits(depth=4, breadth=10)


class _Kind(enum.Enum):
    """What stands under a name."""

    TEXT = enum.auto()
    HIDDEN = enum.auto()
    DROPPED = enum.auto()
    ID = enum.auto()
    SQL = enum.auto()
    QUERY = enum.auto()
    URL = enum.auto()
    COMMANDS = enum.auto()


_KINDS = (
    dict.fromkeys(_IDS, _Kind.ID)
    | dict.fromkeys(("sql", "query", "statement", "db.statement", "db.query.text"), _Kind.SQL)
    | dict.fromkeys(("http.query", "url.query", "query_string"), _Kind.QUERY)
    | dict.fromkeys(
        ("url", "http.url", "url.full", "http.target", "url.path", "path", "referer", "location"), _Kind.URL
    )
    | {"redis.commands": _Kind.COMMANDS}
)


class NameRule(NamedTuple):
    """How a name is shown, what stands under it, and whether it can hold a known secret itself."""

    shown: str
    kind: _Kind
    seen: bool


class EventScrubber:
    """Scrubs events, transactions, breadcrumbs, logs and metrics. Thread-safe."""

    def __init__(
        self, text: TextScrubber, *, limits: Limits | None = None, allowed_headers: Collection[str] = ()
    ) -> None:
        self.text = text
        self.limits = limits or Limits()
        self.rule_of = lru_cache(maxsize=4096)(self._rule_of)
        self._headers = frozenset(name.lower() for name in allowed_headers)

    def event(self, event: Mapping[str, Any], known: KnownValues | None = None) -> Json:
        """An error, message or transaction event. `known` are the secrets of this request, task or traceback."""
        walk = _Pass(self)
        clean = walk.event(event)
        known = self._with_hidden(known, walk)
        if known and (known.found_in("\0".join(set(walk.seen))) or known.stands_in("\0".join(walk.lines))):
            clean = _without(clean, known)
        # Twice, because of the names, the numbers and the marks between them.
        likely_size = 2 * sum(map(len, walk.seen)) + _FRAME_BYTES * walk.frames
        return clean if likely_size < self.limits.event_bytes else self._capped(clean)

    def _rule_of(self, name: str) -> NameRule:
        if name in _DROPPED_KEYS:
            return NameRule("", _Kind.DROPPED, seen=False)
        # A name may be a secret itself: a table of sessions, keyed by the session's key.
        shown = self.text.text(name)
        kind = (
            _Kind.HIDDEN
            if name not in _IDS and self.text.names.is_secret(name)
            else _KINDS.get(name.lower(), _Kind.TEXT)
        )
        return NameRule(shown, kind, seen=_IDENTIFIER.fullmatch(name) is None)

    def value(self, value: Any, known: KnownValues | None = None) -> Any:
        """Any plain value: a context, a log's attributes."""
        walk = _Pass(self)
        clean = walk.value(value)
        known = self._with_hidden(known, walk)
        return _without(clean, known) if known else clean

    def _with_hidden(self, known: KnownValues | None, walk: _Pass) -> KnownValues:
        """What stood under a secret name is a secret wherever it reappears, as in the message that quotes it."""
        found = {text for name, value in walk.hidden for text in found_by_name(name, value, self.text.names)}
        return (known or KnownValues()).with_more(found)

    def _capped(self, event: Json) -> Json:
        """The event within `event_bytes`: the parts that help least go first, and their absence is told."""
        removed: list[str] = []
        for part, shrink in _SHRINKING:
            if _size(event) <= self.limits.event_bytes:
                break
            if shrink(event):
                removed.append(part)
        if removed:
            event.setdefault("tags", {})["truncated"] = ",".join(removed)[:200]
        return event


class _Pass:
    """One walk over one event. `seen` are the texts that it gave out, for one look for known secrets in all of them."""

    def __init__(self, scrubber: EventScrubber) -> None:
        self.seen: list[str] = []
        self.hidden: list[tuple[str, Any]] = []
        self.lines: set[str] = set()
        self.frames = 0
        self._left = _NODES
        self._scrub_text = scrubber.text.text
        self._scrub_sql = scrubber.text.sql
        self._scrub_code = scrubber.text.code
        self._is_secret = scrubber.text.names.is_secret
        self._rule_of = scrubber.rule_of
        self._limits = scrubber.limits
        self._headers = scrubber._headers

    def _text(self, text: str) -> str:
        clean = self._scrub_text(text)
        self.seen.append(clean)
        return clean

    def _sql(self, statement: str) -> str:
        clean = self._scrub_sql(statement)
        self.seen.append(clean)
        return clean

    def _code(self, line: str) -> str:
        clean = self._scrub_code(line)
        self.seen.append(clean)
        return clean

    def event(self, event: Mapping[str, Any]) -> Json:
        clean: Json = {}
        for name, part in event.items():
            if name in _VERBATIM:
                clean[name] = part
            elif name != "_meta" and part is not None:
                handler = _PARTS.get(name)
                clean[name] = handler(self, part) if handler else self.value(part)
        return clean

    def value(self, value: Any, kind: _Kind = _Kind.TEXT, depth: int = 0) -> Any:
        of = type(value)
        if of is str:
            return self._named_text(kind, value)
        if of is bool or value is None:
            return value
        if of is int:
            return self._number(value) if value > 999 else value
        if of is float:
            return value if value - value == 0 else str(value)
        if of is dict or of is list or of is tuple:
            self._left -= 1
            if depth >= self._limits.depth or self._left <= 0:
                return f"<{of.__name__} of {len(value)}>"
            return self._mapping(value, depth) if of is dict else self._sequence(value, kind, depth)
        # A local variable of another class: read without running its code.
        return self.value(plain(value, _LOCAL_SHAPE), kind, depth + 1)

    def variables(self, variables: Mapping[str, Any]) -> Json:
        """Local variables, as the frame holds them."""
        limits, left = self._limits, self._left
        self._limits, self._left = _LOCAL_LIMITS, _LOCAL_NODES
        try:
            return {name: self._variable(name, value) for name, value in variables.items()}
        finally:
            self._limits, self._left = limits, left

    def _variable(self, name: str, value: Any) -> Any:
        of = type(value)
        if value is None or of is bool:
            return value
        if self._rule_of(name).kind is _Kind.HIDDEN:
            return self._hidden(name, value)
        if of is str and len(value) > _LOCAL_STRING:
            return self._text(value[: 2 * _LOCAL_STRING])[:_LOCAL_STRING] + ELLIPSIS
        return self.value(value)

    def _number(self, value: int) -> Any:
        digits = str(value)
        self.seen.append(digits)
        return FILTERED if len(digits) >= 13 and is_card_number(digits) else value

    def _named_text(self, kind: _Kind, text: str) -> str:
        if kind is _Kind.TEXT or kind is _Kind.COMMANDS:
            return self._text(text)
        if kind is _Kind.ID:
            return text if _ID_VALUE.fullmatch(text) else self._text(text)
        if kind is _Kind.SQL:
            return self._sql(text)
        if kind is _Kind.QUERY:
            return scrub_query(self._text(text))
        return self._text(scrub_url(text))

    def _mapping(self, value: Json, depth: int) -> Json:
        clean: Json = {}
        rule_of, scrub_text, seen = self._rule_of, self._scrub_text, self.seen
        # A copy: another thread may change the table of a local variable meanwhile.
        items = list(value.items())
        if len(items) > self._limits.breadth:
            items[self._limits.breadth :] = [(ELLIPSIS, f"{len(items) - self._limits.breadth} more")]
        for name, inner in items:
            shown, kind, is_seen = rule_of(name if type(name) is str else str(plain(name)))
            if is_seen:
                seen.append(shown)
            of = type(inner)
            if kind is _Kind.TEXT and of is str:
                inner = scrub_text(inner)
                seen.append(inner)
                clean[shown] = inner
            elif inner is None or of is bool:
                clean[shown] = inner
            elif kind is _Kind.HIDDEN:
                clean[shown] = self._hidden(shown, inner)
            elif kind is _Kind.COMMANDS:
                clean[shown] = {"count": inner.get("count")} if of is dict else FILTERED
            elif kind is not _Kind.DROPPED:
                clean[shown] = self.value(inner, kind, depth + 1)
        return clean

    def _sequence(self, value: Any, kind: _Kind, depth: int) -> list[Any]:
        if len(value) == 2 and type(value[0]) is str and self._rule_of(value[0]).kind is _Kind.HIDDEN:
            return [self._text(value[0]), self._hidden(value[0], value[1])]
        clean = [self.value(inner, kind, depth + 1) for inner in value[: self._limits.breadth]]
        if len(value) > self._limits.breadth:
            clean.append(f"{ELLIPSIS} {len(value) - self._limits.breadth} more")
        return clean

    def _hidden(self, name: str, value: Any) -> Any:
        of = type(value)
        # That it is missing, or only a yes or no, is worth knowing and gives nothing away.
        if value is None or of is bool or (of is str and not value):
            return value
        if value is not FILTERED:
            self.hidden.append((name, value))
        return FILTERED

    def exceptions(self, part: Any) -> Any:
        if type(part) is not dict:
            return self.value(part)
        return {"values": [self._exception(each) for each in part.get("values") or () if type(each) is dict]}

    def _exception(self, exception: Json) -> Json:
        clean: Json = {}
        for name, part in exception.items():
            if name in ("type", "module", "thread_id"):
                clean[name] = part
            elif name == "stacktrace":
                clean[name] = self.stacktrace(part)
            elif name != "raw_stacktrace":
                clean[name] = self.value(part)
        return clean

    def stacktrace(self, part: Any) -> Any:
        if type(part) is not dict:
            return None
        return {"frames": [self._frame(frame) for frame in part.get("frames") or () if type(frame) is dict]}

    def _frame(self, frame: Json) -> Json:
        clean = {name: frame[name] for name in _FRAME_CODE if frame.get(name) is not None}
        self.frames += 1
        if frame.get("source_is_clean"):
            for name in _FRAME_LINES:
                lines = frame.get(name)
                if lines is not None:
                    clean[name] = lines
                    self.lines.update([lines] if type(lines) is str else lines)
        else:
            for name in _FRAME_LINES:
                lines = frame.get(name)
                if type(lines) is list:
                    clean[name] = [self._code(str(line)) for line in lines]
                elif type(lines) is str:
                    clean[name] = self._code(lines)
        if frame.get("vars"):
            clean["vars"] = self.variables(frame["vars"])
        return clean

    def threads(self, part: Any) -> Any:
        return self.exceptions(part) if type(part) is dict else self.value(part)

    def transaction(self, part: Any) -> Any:
        return self._text(scrub_path(part)) if type(part) is str else self.value(part)

    def log_entry(self, part: Any) -> Any:
        if type(part) is not dict:
            return self.value(part)
        # The template says which parameter is a secret: "log in with password %s".
        return {
            name: self.value(part[name])
            for name in ("message", "formatted", "params")
            if part.get(name) is not None
        }

    def breadcrumbs(self, part: Any) -> Any:
        values = part.get("values") if type(part) is dict else part
        kept = list(values or ())[-self._limits.breadcrumbs :] if self._limits.breadcrumbs else []
        return {"values": [self.breadcrumb(crumb) for crumb in kept if type(crumb) is dict]}

    def breadcrumb(self, crumb: Json) -> Json:
        category = crumb.get("category")
        clean = {name: crumb[name] for name in ("timestamp", "level") if crumb.get(name) is not None}
        if isinstance(clean.get("timestamp"), datetime.datetime):
            clean["timestamp"] = format_timestamp(clean["timestamp"])
        for name in ("type", "category"):
            if type(crumb.get(name)) is str:
                clean[name] = self._text(crumb[name])
        message = crumb.get("message")
        if type(message) is str:
            clean["message"] = self._statement(message, category, str(crumb.get("type")))
        if crumb.get("data"):
            clean["data"] = self.value(plain(crumb["data"], _CRUMB_SHAPE))
        return clean

    def _statement(self, text: str, category: Any, kind: str) -> str:
        if category == "query":
            return self._sql(text)
        return _command_only(text) if "redis" in (category, kind) else self._text(text)

    def request(self, part: Any) -> Any:
        """Method, URL and allowed headers; never cookies, body or environment."""
        if type(part) is not dict:
            return {}
        clean: Json = {}
        if part.get("method") in _METHODS:
            clean["method"] = part["method"]
        if type(part.get("url")) is str:
            clean["url"] = self._text(scrub_url(part["url"]))
        if type(part.get("query_string")) is str:
            clean["query_string"] = self._text(scrub_query(part["query_string"]))
        headers = part.get("headers")
        if type(headers) is dict:
            allowed = {
                name: text
                for name, text in headers.items()
                if name.lower() in self._headers and text != FILTERED
            }
            clean["headers"] = {
                name: self._named_text(self._rule_of(name).kind, str(text)) for name, text in allowed.items()
            }
        return clean

    def user(self, part: Any) -> Any:
        """An id and a role; never a name or an address."""
        if type(part) is not dict:
            return {}
        return {name: self._text(str(part[name])) for name in ("id", "role") if part.get(name) is not None}

    def contexts(self, part: Any) -> Any:
        if type(part) is not dict:
            return {}
        clean = {self._text(name): self.value(section, depth=1) for name, section in part.items()}
        trace = part.get("trace")
        if type(trace) is dict and type(trace.get("dynamic_sampling_context")) is dict:
            clean["trace"]["dynamic_sampling_context"] = self._sampling_context(
                trace["dynamic_sampling_context"]
            )
        return clean

    def _sampling_context(self, part: Json) -> Json:
        """What becomes the envelope's `trace` header; a client's `baggage` may have brought it."""
        ids = {
            name: part[name] for name in _SAMPLING_IDS if _SAMPLING_VALUE.fullmatch(str(part.get(name, "")))
        }
        texts = {name: self.transaction(str(part[name])) for name in _SAMPLING_TEXTS if part.get(name)}
        return ids | texts

    def extra(self, part: Any) -> Any:
        if type(part) is not dict:
            return self.value(part)
        clean = self._mapping({name: value for name, value in part.items() if name != "sys.argv"}, 0)
        if type(part.get("sys.argv")) is list:
            clean["sys.argv"] = self._arguments(part["sys.argv"])
        return clean

    def _arguments(self, argv: list[Any]) -> list[str]:
        """The command and the names of its options; values only where they are plain words or small numbers."""
        clean = [self._text(str(argv[0]))] if argv else []
        secret_next = False
        for argument in map(str, argv[1 : self._limits.breadth]):
            name, equals, _ = argument.partition("=")
            if argument.startswith("-"):
                clean.append(f"{name}={FILTERED}" if equals else self._text(name))
                secret_next = not equals and self._is_secret(name)
            else:
                shown = not secret_next and _BARE_WORD.fullmatch(argument)
                clean.append(self._text(argument) if shown else FILTERED)
                secret_next = False
        return clean

    def tags(self, part: Any) -> Any:
        pairs = part.items() if type(part) is dict else [pair for pair in part if len(pair) == 2]
        return {
            self._text(str(name))[:200]: FILTERED
            if self._is_secret(str(name))
            else self._tag(str(name), value)
            for name, value in list(pairs)[: self._limits.breadth]
        }

    def _tag(self, name: str, value: Any) -> str:
        text = str(value)
        return (
            text
            if name in _IDS and _ID_VALUE.fullmatch(text)
            else self._named_text(self._rule_of(name).kind, text)[:200]
        )

    def spans(self, part: Any) -> Any:
        return [self._span(span) for span in part if type(span) is dict] if type(part) is list else []

    def _span(self, span: Json) -> Json:
        clean: Json = {}
        for name, value in span.items():
            of = type(value)
            if name == "description":
                clean[name] = self._description(str(span.get("op") or ""), value) if of is str else None
            elif name in _SPAN_CODE and (of is str or of is float or value is None):
                clean[name] = value
            elif of is datetime.datetime:
                clean[name] = format_timestamp(value)
            elif of is dict and name == "data":
                clean[name] = self._mapping(value, 1) if value else {}
            else:
                clean[name] = self.value(value)
        return clean

    def _description(self, operation: str, text: str) -> str:
        if operation.startswith("db.redis"):
            return _command_only(text)
        if operation.startswith("cache"):
            return FILTERED
        if operation.startswith("db"):
            return self._sql(text)
        return self._text(text)

    def fingerprint(self, part: Any) -> Any:
        return [self._text(str(each)) for each in part][:20] if type(part) is list else self.value(part)


_PARTS: dict[str, Callable[[_Pass, Any], Any]] = {
    "exception": _Pass.exceptions,
    "threads": _Pass.threads,
    "stacktrace": _Pass.stacktrace,
    "transaction": _Pass.transaction,
    "logentry": _Pass.log_entry,
    "breadcrumbs": _Pass.breadcrumbs,
    "request": _Pass.request,
    "user": _Pass.user,
    "contexts": _Pass.contexts,
    "extra": _Pass.extra,
    "tags": _Pass.tags,
    "spans": _Pass.spans,
    "fingerprint": _Pass.fingerprint,
}


def _command_only(text: str) -> str:
    """A Redis command without its arguments: keys are session keys and hold addresses, values are what was cached."""
    command = _COMMAND.match(text)
    return command[0] if command else FILTERED


def _without(value: Any, known: KnownValues) -> Any:
    """`value` without the known secrets; code, ids and times stay as they are."""
    kind = type(value)
    if kind is str:
        return known.remove(value)
    if kind is int:
        return value if value <= 999 or known.remove(str(value)) == str(value) else FILTERED
    if kind is list:
        return [_without(inner, known) for inner in value]
    if kind is dict:
        frame = "lineno" in value
        clean = {}
        for name, inner in value.items():
            if frame and name in _FRAME_LINES:
                clean[name] = _lines_without(inner, known)
            elif name in _VERBATIM or name in _IDS or (frame and name in _FRAME_CODE):
                clean[name] = inner
            else:
                clean[known.remove_distinctive(name)] = _without(inner, known)
        return clean
    return value


def _lines_without(lines: Any, known: KnownValues) -> Any:
    if type(lines) is str:
        return known.remove_distinctive(lines)
    return [known.remove_distinctive(line) for line in lines]


def _size(event: Json) -> int:
    return len(json.dumps(event, default=str, separators=(",", ":")))


def _drop(*names: str) -> Callable[[Json], bool]:
    def drop(event: Json) -> bool:
        removed = [name for name in names if event.pop(name, None) is not None]
        return bool(removed)

    return drop


def _drop_old_breadcrumbs(event: Json) -> bool:
    crumbs = (event.get("breadcrumbs") or {}).get("values") or []
    if len(crumbs) > 10:
        event["breadcrumbs"] = {"values": crumbs[-10:]}
    return len(crumbs) > 10


def _from_frames(event: Json, *names: str) -> bool:
    found = False
    for exception in (event.get("exception") or {}).get("values") or ():
        for frame in (exception.get("stacktrace") or {}).get("frames") or ():
            for name in names:
                found = frame.pop(name, None) is not None or found
    return found


def _fewer_spans(event: Json) -> bool:
    spans = event.get("spans") or []
    event["spans"] = spans[:200]
    return len(spans) > 200


_SHRINKING: tuple[tuple[str, Callable[[Json], bool]], ...] = (
    ("breadcrumbs", _drop_old_breadcrumbs),
    ("surroundings", lambda event: _from_frames(event, "pre_context", "post_context")),
    ("modules", _drop("modules")),
    ("locals", lambda event: _from_frames(event, "vars")),
    ("spans", _fewer_spans),
    ("extra", _drop("extra")),
    ("contexts", lambda event: _keep_trace_only(event)),
    ("all breadcrumbs", _drop("breadcrumbs")),
    ("spans", _drop("spans")),
)


def _keep_trace_only(event: Json) -> bool:
    contexts = event.get("contexts") or {}
    event["contexts"] = {name: contexts[name] for name in ("trace",) if name in contexts}
    return len(contexts) > 1
