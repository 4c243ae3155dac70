"""The parts of an event, each with its own dangers, scrubbed one by one."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sentry_sdk.utils import format_timestamp

from core.sentry.plain import Shape, plain
from core.sentry.scrubbing.keys import words_of
from core.sentry.scrubbing.naming import FRAME_CODE, FRAME_LINES, ID_VALUE, IDS, VERBATIM, Kind, NameRules
from core.sentry.scrubbing.patterns import FILTERED
from core.sentry.scrubbing.text import TextScrubber
from core.sentry.scrubbing.urls import scrub_path, scrub_query, scrub_url
from core.sentry.scrubbing.values import Json, Limits, ValueWalk

_SPAN_CODE = words_of(
    "trace_id span_id parent_span_id segment_id op origin status start_timestamp timestamp exclusive_time"
)
_SAMPLING_IDS = ("trace_id", "public_key", "org_id", "replay_id", "sampled", "sample_rate", "sample_rand")
_SAMPLING_VALUE = re.compile(r"[0-9a-f]{32}|\d{1,20}(?:\.\d{1,20})?|true|false")
_SAMPLING_TEXTS = ("release", "environment", "transaction")
_COMMAND = re.compile(r"[A-Za-z][A-Za-z_.]{0,40}")
_CRUMB_SHAPE = Shape(string=8192)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_BARE_WORD = re.compile(r"[a-z][a-z_.]{0,30}|\d{1,6}")


class EventWalk(ValueWalk):
    """One walk over one event. What is not named here is scrubbed as any value; nothing is sent raw."""

    def __init__(
        self, text: TextScrubber, rules: NameRules, limits: Limits, allowed_headers: Collection[str]
    ) -> None:
        super().__init__(text, rules, limits)
        self.frames = 0
        self._headers = allowed_headers

    def event(self, event: Mapping[str, Any]) -> Json:
        clean: Json = {}
        for name, part in event.items():
            if name in VERBATIM:
                clean[name] = part
            elif name != "_meta" and part is not None:
                handler = _PARTS.get(name)
                clean[name] = handler(self, part) if handler else self.value(part)
        return clean

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
        clean = {name: frame[name] for name in FRAME_CODE if frame.get(name) is not None}
        self.frames += 1
        if frame.get("source_is_clean"):
            for name in FRAME_LINES:
                lines = frame.get(name)
                if lines is not None:
                    clean[name] = lines
                    self.lines.update([lines] if type(lines) is str else lines)
        else:
            for name in FRAME_LINES:
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
                secret_next = not equals and self._rule_of(name).kind is Kind.HIDDEN
            else:
                shown = not secret_next and _BARE_WORD.fullmatch(argument)
                clean.append(self._text(argument) if shown else FILTERED)
                secret_next = False
        return clean

    def tags(self, part: Any) -> Any:
        pairs = part.items() if type(part) is dict else [pair for pair in part if len(pair) == 2]
        return {
            self._text(str(name))[:200]: FILTERED
            if self._rule_of(str(name)).kind is Kind.HIDDEN
            else self._tag(str(name), value)
            for name, value in list(pairs)[: self._limits.breadth]
        }

    def _tag(self, name: str, value: Any) -> str:
        text = str(value)
        return (
            text
            if name in IDS and ID_VALUE.fullmatch(text)
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


_PARTS: dict[str, Callable[[EventWalk, Any], Any]] = {
    "exception": EventWalk.exceptions,
    "threads": EventWalk.threads,
    "stacktrace": EventWalk.stacktrace,
    "transaction": EventWalk.transaction,
    "logentry": EventWalk.log_entry,
    "breadcrumbs": EventWalk.breadcrumbs,
    "request": EventWalk.request,
    "user": EventWalk.user,
    "contexts": EventWalk.contexts,
    "extra": EventWalk.extra,
    "tags": EventWalk.tags,
    "spans": EventWalk.spans,
    "fingerprint": EventWalk.fingerprint,
}


def _command_only(text: str) -> str:
    """A Redis command without its arguments: keys are session keys and hold addresses, values are what was cached."""
    command = _COMMAND.match(text)
    return command[0] if command else FILTERED
