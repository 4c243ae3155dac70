"""Free text, URLs, statements and source lines without their secrets. What repeats is answered from a cache."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from monitor.events.secret_forms import FILTERED, SecretForms
from monitor.events.secret_names import SecretNames

CACHED_LENGTH = 1024
_CACHED_TEXTS = 8192
_CACHED_SOURCES = 2048
_SHORTEST = 6

# `password=…`, `"token": "…"`, `Authorization: Bearer …`, `os.environ["SECRET_KEY"] = "…"`, also escaped once more.
_ASSIGNED = re.compile(
    r"""(?<![\w.])(?P<key>[A-Za-z_][\w.-]*+)(?P<gap>(?:\\*["'`])?\]?[ \t]*(?:=>|:=|==|=|:(?!//))[ \t]*)"""
)
# Of source, only what is followed by a literal: expressions are no secrets. An annotation may stand between.
_ASSIGNED_LITERAL = re.compile(
    r"""(?<![\w.])(?P<key>[A-Za-z_][\w.-]*+)"""
    r"""(?:["'`]?\]?[ \t]*(?::[ \t]*[\w.\[\]| ]{1,60}=(?!=)|=>|:=|==|=|:)[ \t]*)(?=[bBrRuU]{0,2}["'])"""
)
_PAIR = re.compile(r"""(\(\s*[bu]?(\\*["'])([\w.-]{1,100})\2\s*,\s*)[bu]?(\\*["'])((?s:.*?))\4""")
_FLAG = re.compile(r"(?<![\w-])(--?([A-Za-z][\w-]*+)[ \t]+)([^\s-][^\s]*)")
_ELEMENT = re.compile(r"(<([A-Za-z_][\w.:-]{0,100})(?:\s[^<>]{0,200})?>)([^<]+)(?=</)")
_QUOTED = re.compile(r"""[bru]{0,2}(?P<mark>\\*["'`])(?P<inside>(?s:.*?))(?:(?<!\\)(?P=mark)|\Z)""")
_LITERAL = re.compile(r"""[bru]{0,2}(?P<mark>["'])(?P<inside>[^"'\n]*)(?P=mark)""")
_BRACKETED = re.compile(r"[\[{(][^\])}]*[\])}]?")
_BARE = re.compile(r"""(?:(?i:bearer|basic|token|digest)\s+)?[^\s,;&"'`)\]}|<>]+""")
_REST_OF_LINE = re.compile(r"""[^\r\n"']+""")
_PLACEHOLDER = re.compile(
    r"%(?:\([\w.]+\))?[sdrif]|\{[\w.]*\}|\$\d{1,2}|\?|:[a-z_]+|\*+|<[a-z-]+>|None|True|False|null|true|false|0|\[Filtered.*"
)
_WHOLE_LINE = frozenset(
    {"authorization", "proxyauthorization", "cookie", "setcookie", "httpcookie", "httpauthorization"}
)

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>\\)\]}]+", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TURNS = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_SQL_LITERAL = re.compile(r"""'(?:[^'\\]|''|\\.)*+(?:'|\Z)|(?<![\w."$%])\d{5,}(?:\.\d+)?\b""")


class SecretText:
    """Scrubs one text by the names and forms of secrets."""

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        patterns: Mapping[str, str] | None = None,
        addresses_allowed: bool = False,
    ) -> None:
        self.names = SecretNames(names)
        self.forms = SecretForms((patterns or {}).values(), addresses_allowed=addresses_allowed)
        self.short = lru_cache(maxsize=_CACHED_TEXTS)(self._clean)
        self.source = lru_cache(maxsize=_CACHED_SOURCES)(self._clean_source)

    def clean(self, text: str) -> str:
        """Free text: a message, a repr, a value."""
        length = len(text)
        if length < _SHORTEST:
            return text
        return self.short(text) if length <= CACHED_LENGTH else self._clean(text)

    def url(self, url: str) -> str:
        """A URL or a path, without user info, without tokens in the path, without the values of secret parameters."""
        before, question, query = url.partition("?")
        if len(before) >= 20:
            before = "/".join(FILTERED if looks_like_token(part) else part for part in before.split("/"))
        return self.clean(before) + (f"?{self.query(query)}" if question else "")

    def query(self, query: str) -> str:
        """A query string or a form body."""
        return "&".join(self._parameter(pair) for pair in query.split("&"))

    def _parameter(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if equals and value and (self.names.is_secret(name) or looks_like_token(value)):
            return f"{name}={FILTERED}"
        return self.forms.remove(pair) if len(pair) >= _SHORTEST else pair

    def statement(self, statement: str) -> str:
        """A database's statement with its literals as `'?'` and `?`."""
        if "'" in statement or any(digit in statement for digit in "123456789"):
            statement = _SQL_LITERAL.sub(lambda match: "'?'" if match[0][0] == "'" else "?", statement)
        return self.clean(statement)

    def _clean(self, text: str) -> str:
        if "://" in text:
            text = _URL.sub(lambda match: self._url_in_text(match[0]), text)
        if "=" in text or ":" in text:
            text = self._without_assigned(text, code=False)
        if ", " in text and "(" in text:
            text = _PAIR.sub(self._pair, text)
        if "-" in text and " " in text:
            text = _FLAG.sub(self._flag, text)
        if "</" in text:
            text = _ELEMENT.sub(self._element, text)
        return self.forms.remove(text)

    def _clean_source(self, lines: str) -> str:
        """Lines of source: literals under secret names go, expressions stay; the number of lines stays."""
        if "'" in lines or '"' in lines:
            lines = self._without_assigned(lines, code=True)
        return self.forms.remove(lines, code=True)

    def _url_in_text(self, url: str) -> str:
        before, question, query = url.partition("?")
        parts = before.split("/")
        if len(before) >= 20:
            before = "/".join(
                parts[:3] + [FILTERED if looks_like_token(part) else part for part in parts[3:]]
            )
        return before + (f"?{self.query(query)}" if question else "")

    def _without_assigned(self, text: str, *, code: bool) -> str:
        pieces: list[str] = []
        place = done = 0
        expression = _ASSIGNED_LITERAL if code else _ASSIGNED
        while match := expression.search(text, place):
            place = match.end()
            if not self.names.is_secret(match["key"]):
                # The value of a harmless name may itself begin with a secret one: `data=password=…`.
                continue
            found = _value_at(text, place, match["key"], code=code)
            if found is None:
                continue
            start, end = found
            if start < end and not _PLACEHOLDER.fullmatch(text, start, end):
                pieces += [text[done:start], FILTERED]
                done = end
            place = max(end, place)
        return "".join([*pieces, text[done:]]) if pieces else text

    def _pair(self, match: re.Match[str]) -> str:
        if not self.names.is_secret(match[3]) or not match[5]:
            return match[0]
        return f"{match[1]}{match[4]}{FILTERED}{match[4]}"

    def _flag(self, match: re.Match[str]) -> str:
        return match[1] + FILTERED if self.names.is_secret(match[2]) else match[0]

    def _element(self, match: re.Match[str]) -> str:
        return match[1] + FILTERED if self.names.is_secret(match[2]) else match[0]


def _value_at(text: str, place: int, key: str, *, code: bool) -> tuple[int, int] | None:
    """Where the inside of the value at `place` begins and ends; of code, a literal only."""
    if code:
        literal = _LITERAL.match(text, place)
        return literal.span("inside") if literal else None
    if quoted := _QUOTED.match(text, place):
        return quoted.span("inside")
    if key.replace("-", "").replace("_", "").lower() in _WHOLE_LINE:
        rest = _REST_OF_LINE.match(text, place)
        return rest.span() if rest else None
    found = _BRACKETED.match(text, place) or _BARE.match(text, place)
    return found.span() if found else None


def looks_like_token(word: str) -> bool:
    """Whether a part of a URL is more likely a credential than a name, a slug, a UUID or a number."""
    if len(word) < 20 or _UUID.fullmatch(word):
        return False
    return len(_TURNS.findall(word)) >= 4 or len(word) > 200
