"""No secret is stored: what others send is scrubbed here, by names and by forms, at every place of an event.

The application scrubs what it sends by itself; this is for everyone else, and for the day on which it errs. Only what
can be told from the event is found: a password in free text that nothing marks as one stays (docs/monitor/grouping.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from monitor.events.headline import set_headline
from monitor.events.model import Event, ExceptionValue, Frame, Json, Request, Stacktrace
from monitor.events.secret_forms import FILTERED, is_card_number
from monitor.events.secret_text import CACHED_LENGTH, SecretText
from strategy import Strategy

# Random or counted by machines, or names of code and builds: nothing personal stands under these.
_VERBATIM = frozenset(
    {
        "trace_id", "span_id", "parent_span_id", "segment_id", "event_id", "replay_id", "profile_id", "debug_id",
        "op", "origin", "status", "timestamp", "start_timestamp", "exclusive_time", "sdk_info", "image_addr",
        "instruction_addr", "code_id", "thread.id", "celery_task_id", "request_id", "error_id",
    }
)  # fmt: skip
_URLS = frozenset(
    {"url", "http.url", "url.full", "http.target", "url.path", "from", "to", "referer", "location"}
)
_QUERIES = frozenset({"query_string", "http.query", "url.query", "http.fragment"})
_STATEMENTS = frozenset({"sql", "statement", "db.statement", "db.query.text"})
_DATABASE_CATEGORIES = frozenset({"query", "db", "db.query", "sql.query"})
_OWN_OF_MECHANISM = frozenset(
    {"type", "handled", "synthetic", "exception_id", "parent_id", "is_exception_group", "source"}
)
_LARGEST_PLAIN_INTEGER = 10**12

# What stands under a name.
_TEXT, _HIDDEN, _AS_IT_IS, _URL, _QUERY, _SQL, _RENAMED = range(7)


class EventScrubber:
    """Scrubs events in place. One of them serves a whole process: what repeats between events is remembered.

    `names` are further field names (one that contains it is secret too), `patterns` further expressions of values.
    """

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        patterns: Mapping[str, str] | None = None,
        addresses_allowed: bool = False,
    ) -> None:
        self._text = SecretText(names=names, patterns=patterns, addresses_allowed=addresses_allowed)
        self._clean = self._text.clean
        self._is_secret = self._text.names.is_secret
        self._is_address = self._text.names.is_address
        self._addresses_allowed = addresses_allowed
        self._rule = lru_cache(maxsize=8192)(self._rule_of)

    @classmethod
    def of_strategy(cls, strategy: Strategy, *, addresses_allowed: bool = False) -> EventScrubber:
        """With the names and patterns of `[scrubbing]` in strategy.toml."""
        scrubbing = strategy.scrubbing
        return cls(names=scrubbing.names, patterns=scrubbing.patterns, addresses_allowed=addresses_allowed)

    def scrub(self, event: Event) -> None:
        """Take the secrets out of every part of `event`."""
        clean = self._clean
        for exception in event.exceptions:
            self._exception(exception)
        for thread in event.threads:
            if "stacktrace" in thread:
                self._stacktrace(thread["stacktrace"])
            if "name" in thread:
                thread["name"] = clean(thread["name"])
        for crumb in event.breadcrumbs:
            message = crumb.get("message")
            if message:
                database = crumb.get("category") in _DATABASE_CATEGORIES
                crumb["message"] = self._text.statement(message) if database else clean(message)
            if "data" in crumb:
                self._table(crumb["data"])
        for span in event.spans:
            self._span(span)
        if event.request is not None:
            self._request(event.request)
        self._texts(event)
        for table in (event.user, event.contexts, event.extra, event.tags, event.other, event.measurements):
            if table:
                self._table(table)
        for remark in event.remarks:
            value = remark.get("value")
            if value:
                remark["value"] = FILTERED if self._is_secret(remark["name"]) else clean(value)
            remark["name"] = clean(remark["name"])
        # Once more, of what is clean now: what was cut out of a text before may have cut a secret in two.
        event.title = ""
        set_headline(event)

    def value(self, value: Any) -> Any:
        """Any JSON value, scrubbed: for the payloads that are no events. Tables and lists are changed in place."""
        kind = type(value)
        if kind is str:
            return self._clean(value)
        if kind is dict:
            self._table(value)
        elif kind is list:
            self._list(value)
        elif kind is int and value > _LARGEST_PLAIN_INTEGER and is_card_number(str(value)):
            return FILTERED
        return value

    def text(self, text: str) -> str:
        """Free text, scrubbed."""
        return self._clean(text)

    def _texts(self, event: Event) -> None:
        clean = self._clean
        for name in ("message", "template", "server_name"):
            text = getattr(event, name)
            if text:
                setattr(event, name, clean(text))
        for name in ("culprit", "transaction"):
            text = getattr(event, name)
            if text:
                setattr(event, name, self._text.url(text) if "/" in text else clean(text))
        if event.params:
            event.params = self.value(event.params)
        if event.fingerprint:
            event.fingerprint = [clean(part) for part in event.fingerprint]

    def _exception(self, exception: ExceptionValue) -> None:
        if "value" in exception:
            exception["value"] = self._clean(exception["value"])
        if "stacktrace" in exception:
            self._stacktrace(exception["stacktrace"])
        mechanism = exception.get("mechanism")
        if mechanism is not None and not mechanism.keys() <= _OWN_OF_MECHANISM:
            self._table(mechanism)  # type: ignore[arg-type]

    def _stacktrace(self, trace: Stacktrace) -> None:
        for frame in trace.get("frames") or ():
            if "vars" in frame:
                self._table(frame["vars"])
            if "context_line" in frame:
                self._source(frame)
            path = frame.get("abs_path")
            # A script of a page may carry the page's query.
            if path and ("?" in path or "@" in path):
                frame["abs_path"] = self._text.url(path)
            path = frame.get("filename")
            if path and ("?" in path or "@" in path):
                frame["filename"] = self._text.url(path)

    def _source(self, frame: Frame) -> None:
        """All lines of a frame in one go: the same place of the code comes again with every event."""
        before, after = frame.get("pre_context") or [], frame.get("post_context") or []
        joined = "\n".join([*before, frame["context_line"], *after])
        clean = self._text.source(joined)
        if clean is joined or clean == joined:
            return
        lines = clean.split("\n")
        if len(lines) != len(before) + 1 + len(after):
            # A line break inside of a line, or a private key that went as a whole.
            lines = [self._text.source(line) for line in [*before, frame["context_line"], *after]]
        frame["context_line"] = lines[len(before)]
        if before:
            frame["pre_context"] = lines[: len(before)]
        if after:
            frame["post_context"] = lines[len(before) + 1 :]

    def _span(self, span: Json) -> None:
        operation = span.get("op")
        description = span.get("description")
        if type(description) is str:
            if type(operation) is str and operation.startswith("db"):
                span["description"] = self._text.statement(description)
            elif "/" in description:
                span["description"] = (
                    self._text.url(description) if " " not in description else self._clean(description)
                )
        self._table(span)

    def _request(self, request: Request) -> None:
        if "url" in request:
            request["url"] = self._text.url(request["url"])
        for name in ("query", "fragment"):
            if name in request:
                request[name] = self._text.query(request[name])
        if "cookies" in request:
            # Which of them is the session's, only the application knows.
            request["cookies"] = dict.fromkeys(request["cookies"], FILTERED)
        if "headers" in request:
            request["headers"] = [(name, self._header(name, value)) for name, value in request["headers"]]
        data = request.get("data")
        if type(data) is str:
            form = "=" in data and "\n" not in data and " " not in data
            request["data"] = self._text.query(data) if form and data[:1] not in "{[" else self._clean(data)
        elif data is not None:
            request["data"] = self.value(data)
        if "env" in request:
            self._table(request["env"])

    def _header(self, name: str, value: str) -> str:
        rule = self._rule(name)
        if rule == _HIDDEN:
            return FILTERED
        return self._text.url(value) if rule == _URL else self._clean(value)

    def _rule_of(self, name: str) -> int:
        """What stands under `name`; asked through a cache."""
        lower = name.lower()
        if lower in _VERBATIM:
            return _AS_IT_IS
        if self._is_secret(name) or (not self._addresses_allowed and self._is_address(name)):
            return _HIDDEN
        if self._clean(name) != name:
            return _RENAMED
        return (
            _URL
            if lower in _URLS
            else _QUERY
            if lower in _QUERIES
            else _SQL
            if lower in _STATEMENTS
            else _TEXT
        )

    def _table(self, table: Json) -> None:
        """The walk that takes the time: one look at each name, one at each text."""
        rule_of, short = self._rule, self._text.short
        renamed: list[str] | None = None
        for name, value in table.items():
            kind = type(value)
            rule = rule_of(name)
            if kind is str:
                length = len(value)
                if not rule and 5 < length <= CACHED_LENGTH:
                    scrubbed = short(value)
                    if scrubbed is not value:
                        table[name] = scrubbed
                elif rule == _HIDDEN:
                    if length:
                        table[name] = FILTERED
                elif rule != _AS_IT_IS and length > 5:
                    table[name] = self._by_rule(rule, value)
            elif rule == _HIDDEN:
                if value is not None and kind is not bool:
                    table[name] = FILTERED
            elif kind is dict:
                self._table(value)
            elif kind is list:
                self._list(value)
            elif (
                kind is int
                and value > _LARGEST_PLAIN_INTEGER
                and rule != _AS_IT_IS
                and is_card_number(str(value))
            ):
                table[name] = FILTERED
            if rule == _RENAMED:
                renamed = [*(renamed or ()), name]
        for name in renamed or ():
            # A name may be a secret itself: a table of people, keyed by their addresses.
            table[self._clean(name)] = table.pop(name)

    def _by_rule(self, rule: int, value: str) -> str:
        if rule == _URL:
            return self._text.url(value)
        if rule == _QUERY:
            return self._text.query(value)
        return self._text.statement(value) if rule == _SQL else self._clean(value)

    def _list(self, values: list[Any]) -> None:
        flagged = False
        short = self._text.short
        for place, value in enumerate(values):
            kind = type(value)
            if kind is str:
                # A command's arguments: the value of --password is the one after it.
                if flagged:
                    values[place] = FILTERED
                elif 5 < len(value) <= CACHED_LENGTH:
                    values[place] = short(value)
                else:
                    values[place] = self._clean(value)
                flagged = value[:1] == "-" and "=" not in value and self._is_secret(value)
                continue
            flagged = False
            if kind is dict:
                self._table(value)
            elif kind is list:
                if len(value) == 2 and type(value[0]) is str and self._rule(value[0]) == _HIDDEN:
                    value[1] = FILTERED
                else:
                    self._list(value)
            elif kind is int and value > _LARGEST_PLAIN_INTEGER and is_card_number(str(value)):
                values[place] = FILTERED
