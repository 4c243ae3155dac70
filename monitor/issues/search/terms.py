"""A search, taken apart: words, `key:value`, quotation marks, `!`, `*`, `[a, b]`, comparisons. What keys mean is keys.py's.

Everything that can be typed is either read or refused with a SearchError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.issues.search.errors import SearchError

MAX_LENGTH = 1_000
MAX_TERMS = 40
MAX_VALUES = 100
_KEY = re.compile(r"(?:tags\[(?P<tag>[^\]\s]{1,200})\]|(?P<name>[A-Za-z][\w.\-]{0,199})):(?!//)", re.ASCII)
_OPERATOR = re.compile(r">=|<=|>|<")
_BOOLEANS = frozenset({"AND", "OR", "NOT"})


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text, taken apart where a `*` stands for anything: one part is that text exactly."""

    parts: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        return len(self.parts) == 1

    @property
    def exact(self) -> str:
        """The text, `*` where anything may stand."""
        return "*".join(self.parts)

    @property
    def is_empty(self) -> bool:
        return self.parts == ("",)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `key` is "" for words; several values: any of them, none: nothing stood behind the colon.

    `word` is how it was written, at `start`.
    """

    key: str
    values: tuple[Pattern, ...]
    word: str
    start: int
    operator: str = ""
    negated: bool = False
    is_tag: bool = False
    """Written as `tags[key]`: a tag even where the key has a meaning of its own."""

    def refuse(self, message: str) -> SearchError:
        return SearchError(message, word=self.word, start=self.start)


def parse(text: str) -> list[Term]:
    """The conditions, all of which are to hold. Raises SearchError."""
    text = _plain(text)
    if len(text) > MAX_LENGTH:
        raise SearchError(f"The search has {len(text):,} characters: {MAX_LENGTH:,} are the most.")
    reader = _Reader(text)
    terms = []
    while (term := reader.next_term()) is not None:
        terms.append(term)
        if len(terms) > MAX_TERMS:
            raise term.refuse(f"The search has more than {MAX_TERMS} conditions: leave some out.")
    return terms


def _plain(text: str) -> str:
    """On one line, and only what SQLite can keep: no NUL, no half of a surrogate pair."""
    whole = text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return "".join(" " if one.isspace() else one for one in whole)


def pattern(raw: str) -> Pattern:
    r"""`*` stands for anything; `\*`, `\"` and `\\` for themselves."""
    parts, part = [], ""
    at = 0
    while at < len(raw):
        one = raw[at]
        if one == "\\" and raw[at + 1 : at + 2] in ("*", '"', "\\"):
            part += raw[at + 1]
            at += 1
        elif one == "*":
            parts.append(part)
            part = ""
        else:
            part += one
        at += 1
    return Pattern((*parts, part))


class _Reader:
    """Goes through the text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def next_term(self) -> Term | None:
        self._skip_spaces()
        if self.at >= len(self.text):
            return None
        start = self.at
        negated = self.text[self.at] == "!" and self.text[self.at + 1 : self.at + 2].strip() != ""
        if negated:
            self.at += 1
        match = _KEY.match(self.text, self.at)
        return self._with_key(match, start, negated) if match else self._words(start, negated)

    def _with_key(self, match: re.Match[str], start: int, negated: bool) -> Term:
        self.at = match.end()
        operator = _OPERATOR.match(self.text, self.at)
        if operator:
            self.at = operator.end()
        ahead = self.text[self.at : self.at + 1]
        values: tuple[Pattern, ...] = ()
        if ahead == "[" and not operator:
            values = self._list(start)
        elif ahead.strip():
            values = (pattern(self._value(start)),)
        return Term(
            key=match["tag"] or match["name"],
            values=values,
            word=self.text[start : self.at],
            start=start,
            operator=operator[0] if operator else "",
            negated=negated,
            is_tag=match["tag"] is not None,
        )

    def _words(self, start: int, negated: bool) -> Term:
        quoted = self.text[self.at] == '"'
        raw = self._value(start)
        word = self.text[start : self.at]
        if not quoted and raw in _BOOLEANS:
            raise SearchError(
                f"{raw} is not understood: all conditions hold together, key:[a, b] is one or the other, "
                f'! is not. To search for the word, write "{raw}".',
                word=word,
                start=start,
            )
        return Term(key="", values=(pattern(raw),), word=word, start=start, negated=negated)

    def _value(self, start: int, closing: str = "") -> str:
        """Quoted, or up to the next space (or one of `closing`)."""
        if self.text[self.at : self.at + 1] == '"':
            return self._quoted(start)
        begin = self.at
        while (
            self.at < len(self.text)
            and not self.text[self.at].isspace()
            and self.text[self.at] not in closing
        ):
            self.at += 1
        return self.text[begin : self.at]

    def _quoted(self, start: int) -> str:
        begin = self.at + 1
        at = begin
        while at < len(self.text) and self.text[at] != '"':
            at += 2 if self.text[at] == "\\" else 1
        if at >= len(self.text):
            raise SearchError(
                'A quotation mark is not closed: add a ", or write \\" for the mark itself.',
                word=self.text[start:],
                start=start,
            )
        self.at = at + 1
        return self.text[begin:at]

    def _list(self, start: int) -> tuple[Pattern, ...]:
        self.at += 1
        values = []
        while True:
            self._skip_spaces()
            values.append(pattern(self._value(start, closing=",]")))
            self._skip_spaces()
            mark = self.text[self.at : self.at + 1]
            if mark not in (",", "]"):
                raise SearchError(
                    "A list of values is written [a, b], its values with spaces in quotation marks.",
                    word=self.text[start:],
                    start=start,
                )
            self.at += 1
            if mark == "]":
                break
        if len(values) > MAX_VALUES:
            raise SearchError(
                f"A list may have {MAX_VALUES} values.", word=self.text[start : self.at], start=start
            )
        return tuple(values)

    def _skip_spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
