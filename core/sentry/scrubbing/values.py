"""Any plain value, scrubbed: a context, a log's attributes, the local variables of a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.sentry.plain import Shape, plain
from core.sentry.scrubbing.naming import ID_VALUE, Kind, NameRules
from core.sentry.scrubbing.patterns import FILTERED, is_card_number
from core.sentry.scrubbing.text import ELLIPSIS, TextScrubber
from core.sentry.scrubbing.urls import scrub_query, scrub_url

Json = dict[str, Any]

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


class ValueWalk:
    """One walk. `seen` are the texts that it gave out, `hidden` what stood under secret names.

    With both, one look finds the secrets of this event wherever they reappear in it. `lines` are those of source.
    """

    def __init__(self, text: TextScrubber, rules: NameRules, limits: Limits) -> None:
        self.seen: list[str] = []
        self.hidden: list[tuple[str, Any]] = []
        self.lines: set[str] = set()
        self._scrub_text = text.text_and_found
        self._scrub_sql = text.sql
        self._scrub_code = text.code
        self._rule_of = rules.of
        self._limits = limits
        self._left = _NODES

    def _text(self, text: str) -> str:
        clean, found = self._scrub_text(text)
        self.seen.append(clean)
        if found:
            self.hidden += found
        return clean

    def _sql(self, statement: str) -> str:
        clean = self._scrub_sql(statement)
        self.seen.append(clean)
        return clean

    def _code(self, line: str) -> str:
        clean = self._scrub_code(line)
        self.seen.append(clean)
        return clean

    def value(self, value: Any, kind: Kind = Kind.TEXT, depth: int = 0) -> Any:
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
        if self._rule_of(name).kind is Kind.HIDDEN:
            return self._hidden(name, value)
        if of is str and len(value) > _LOCAL_STRING:
            return self._text(value[: 2 * _LOCAL_STRING])[:_LOCAL_STRING] + ELLIPSIS
        return self.value(value)

    def _number(self, value: int) -> Any:
        digits = str(value)
        self.seen.append(digits)
        return FILTERED if len(digits) >= 13 and is_card_number(digits) else value

    def _named_text(self, kind: Kind, text: str) -> str:
        if kind is Kind.TEXT or kind is Kind.COMMANDS:
            return self._text(text)
        if kind is Kind.ID:
            return text if ID_VALUE.fullmatch(text) else self._text(text)
        if kind is Kind.SQL:
            return self._sql(text)
        if kind is Kind.QUERY:
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
            if kind is Kind.TEXT and of is str:
                inner, found = scrub_text(inner)
                seen.append(inner)
                clean[shown] = inner
                if found:
                    self.hidden += found
            elif inner is None or of is bool:
                clean[shown] = inner
            elif kind is Kind.HIDDEN:
                clean[shown] = self._hidden(shown, inner)
            elif kind is Kind.COMMANDS:
                clean[shown] = {"count": inner.get("count")} if of is dict else FILTERED
            elif kind is not Kind.DROPPED:
                clean[shown] = self.value(inner, kind, depth + 1)
        return clean

    def _sequence(self, value: Any, kind: Kind, depth: int) -> list[Any]:
        if len(value) == 2 and type(value[0]) is str and self._rule_of(value[0]).kind is Kind.HIDDEN:
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
