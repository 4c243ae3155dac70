"""Whole events, scrubbed part by part: each part of the protocol has its own dangers.

The input is what the SDK's serialiser made (plain values of our own); the caller's objects are never touched.
A new event is built, so that a part that is forgotten here is absent rather than sent raw.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from core.sentry.scrubbing.keys import words_of
from core.sentry.scrubbing.known import KnownValues
from core.sentry.scrubbing.patterns import FILTERED, is_card_number
from core.sentry.scrubbing.text import ELLIPSIS, TextScrubber
from core.sentry.scrubbing.urls import scrub_path, scrub_query, scrub_url

Json = dict[str, Any]

# Made by the SDK from code, configuration or random numbers: nothing of a request can be in them.
_VERBATIM = words_of(
    "event_id timestamp start_timestamp platform level release environment dist sdk type transaction_info modules "
    "server_name measurements check_in_id monitor_slug status duration monitor_config"
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
_SQL_KEYS = frozenset({"sql", "query", "statement", "db.statement", "db.query.text"})
_QUERY_KEYS = frozenset({"http.query", "url.query", "query_string"})
_URL_KEYS = frozenset(
    {"url", "http.url", "url.full", "http.target", "url.path", "path", "referer", "location"}
)
_DROPPED_KEYS = frozenset({"http.fragment", "url.fragment", "context"})
_IDS = words_of(
    "trace_id span_id parent_span_id event_id replay_id profile_id request_id celery_task_id segment_id thread.id"
)
_SAMPLING_IDS = ("trace_id", "public_key", "org_id", "replay_id", "sampled", "sample_rate", "sample_rand")
_SAMPLING_VALUE = re.compile(r"[0-9a-f]{32}|\d{1,20}(?:\.\d{1,20})?|true|false")
_SAMPLING_TEXTS = ("release", "environment", "transaction")
_ID_VALUE = re.compile(r"[0-9a-fA-F-]{8,36}|\d{1,20}")
_COMMAND = re.compile(r"[A-Za-z][A-Za-z_.]{0,40}")
_BARE_WORD = re.compile(r"[a-z][a-z_.]{0,30}|\d{1,6}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an event is sent."""

    depth: int = 8
    breadth: int = 100
    breadcrumbs: int = 50
    event_bytes: int = 200_000


class EventScrubber:
    """Scrubs events, transactions, breadcrumbs, logs and metrics. Thread-safe."""

    def __init__(
        self, text: TextScrubber, *, limits: Limits | None = None, allowed_headers: Collection[str] = ()
    ) -> None:
        self.text = text
        self.limits = limits or Limits()
        self._headers = frozenset(name.lower() for name in allowed_headers)

    def event(self, event: Mapping[str, Any], known: KnownValues | None = None) -> Json:
        """An error, message or transaction event. `known` are the secrets of this request, task or traceback."""
        clean = _Pass(self).event(event)
        if known and known.found_in(_all_text(clean)):
            clean = _without(clean, known)
        return self._capped(clean)

    def value(self, value: Any, known: KnownValues | None = None) -> Any:
        """Any plain value: a context, a log's attributes."""
        clean = _Pass(self).value(value)
        return _without(clean, known) if known else clean

    def _capped(self, event: Json) -> Json:
        """The event within `event_bytes`: the parts that help least go first, and their absence is told."""
        if len(_all_text(event)) * 2 < self.limits.event_bytes:
            return event
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
    """One walk over one event."""

    def __init__(self, scrubber: EventScrubber) -> None:
        self._text = scrubber.text.text
        self._sql = scrubber.text.sql
        self._code = scrubber.text.code
        self._is_secret = scrubber.text.names.is_secret
        self._limits = scrubber.limits
        self._headers = scrubber._headers

    def event(self, event: Mapping[str, Any]) -> Json:
        clean: Json = {}
        for name, part in event.items():
            if name in _VERBATIM:
                clean[name] = part
            elif name != "_meta" and part is not None:
                handler = _PARTS.get(name)
                clean[name] = handler(self, part) if handler else self.value(part)
        return clean

    def value(self, value: Any, name: str = "", depth: int = 0) -> Any:
        kind = type(value)
        if kind is str:
            return self._named_text(name, value)
        if kind is bool or value is None:
            return value
        if kind is int:
            return FILTERED if value > 10**12 and is_card_number(str(value)) else value
        if kind is float:
            return value if value - value == 0 else str(value)
        if depth >= self._limits.depth:
            return f"<{kind.__name__}>"
        if kind is dict:
            return self._mapping(value, depth)
        if kind in (list, tuple):
            return self._sequence(value, name, depth)
        return f"<{kind.__name__}>"

    def _named_text(self, name: str, text: str) -> str:
        if not name:
            return self._text(text)
        if name in _IDS and _ID_VALUE.fullmatch(text):
            return text
        if name in _SQL_KEYS:
            return self._sql(text)
        if name in _QUERY_KEYS:
            return scrub_query(self._text(text))
        return self._text(scrub_url(text)) if name in _URL_KEYS else self._text(text)

    def _mapping(self, value: Json, depth: int) -> Json:
        clean: Json = {}
        for index, (name, inner) in enumerate(value.items()):
            if index >= self._limits.breadth:
                clean[ELLIPSIS] = f"{len(value) - index} more"
                break
            name = name if type(name) is str else str(name)
            if name in _DROPPED_KEYS:
                continue
            if self._is_secret(name) and name not in _IDS:
                clean[self._text(name)] = self._hidden(inner)
            elif name == "redis.commands":
                clean[name] = {"count": inner.get("count")} if type(inner) is dict else FILTERED
            else:
                clean[self._text(name)] = self.value(inner, name.lower(), depth + 1)
        return clean

    def _sequence(self, value: Any, name: str, depth: int) -> list[Any]:
        if len(value) == 2 and type(value[0]) is str and self._is_secret(value[0]):
            return [self._text(value[0]), self._hidden(value[1])]
        clean = [self.value(inner, name, depth + 1) for inner in value[: self._limits.breadth]]
        if len(value) > self._limits.breadth:
            clean.append(f"{ELLIPSIS} {len(value) - self._limits.breadth} more")
        return clean

    @staticmethod
    def _hidden(value: Any) -> Any:
        # That it is missing, or only a yes or no, is worth knowing and gives nothing away.
        return value if value is None or type(value) is bool or value == "" else FILTERED

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
                clean[name] = self.value(part, name)
        return clean

    def stacktrace(self, part: Any) -> Any:
        if type(part) is not dict:
            return None
        return {"frames": [self._frame(frame) for frame in part.get("frames") or () if type(frame) is dict]}

    def _frame(self, frame: Json) -> Json:
        clean = {name: frame[name] for name in _FRAME_CODE if frame.get(name) is not None}
        if frame.get("source_is_clean"):
            clean |= {name: frame[name] for name in _FRAME_LINES if frame.get(name) is not None}
        else:
            for name in _FRAME_LINES:
                lines = frame.get(name)
                if type(lines) is list:
                    clean[name] = [self._code(str(line)) for line in lines]
                elif type(lines) is str:
                    clean[name] = self._code(lines)
        if frame.get("vars"):
            clean["vars"] = self.value(frame["vars"])
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
        for name in ("type", "category"):
            if type(crumb.get(name)) is str:
                clean[name] = self._text(crumb[name])
        message = crumb.get("message")
        if type(message) is str:
            clean["message"] = self._statement(message, category, str(crumb.get("type")))
        if crumb.get("data"):
            clean["data"] = self.value(crumb["data"])
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
        if type(part.get("method")) is str:
            clean["method"] = part["method"][:16]
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
                name: self._named_text(name.lower(), str(text)) for name, text in allowed.items()
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
        clean = {self._text(name): self.value(section, "", 1) for name, section in part.items()}
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
            text if name in _IDS and _ID_VALUE.fullmatch(text) else self._named_text(name.lower(), text)[:200]
        )

    def spans(self, part: Any) -> Any:
        return [self._span(span) for span in part if type(span) is dict] if type(part) is list else []

    def _span(self, span: Json) -> Json:
        operation = str(span.get("op") or "")
        clean: Json = {}
        for name, value in span.items():
            if name == "description":
                clean[name] = self._description(operation, value) if type(value) is str else None
            elif name in ("data", "tags", "measurements") or type(value) in (dict, list):
                clean[name] = self.value(value)
            else:
                clean[name] = value
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


def _all_text(value: Any) -> str:
    """Every text in `value`, keys too, except what comes from code alone."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        kind = type(each)
        if kind is str:
            found.append(each)
        elif kind is dict:
            frame = "lineno" in each
            for name, inner in each.items():
                found.append(name)
                if not (frame and name in _FRAME_CODE) and name != "modules":
                    waiting.append(inner)
        elif kind is list:
            waiting += each
        elif kind is int and each > 999:
            found.append(str(each))
    return "\0".join(found)


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
        return {
            known.remove(name): inner
            if name in _VERBATIM or name in _IDS or name == "lineno" or (frame and name in _FRAME_CODE)
            else _without(inner, known)
            for name, inner in value.items()
        }
    return value


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
