"""Values that the process knows to be secret, found again wherever and however they are written."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from core.sentry.scrubbing.keys import SecretNames, words_of
from core.sentry.scrubbing.patterns import FILTERED

_MIN_LENGTH = 4
_MAX_LENGTH = 4096
_TOO_COMMON = words_of(
    "true false none null undefined on off yes no test testing admin root user default local localhost postgres "
    "postgresql redis django celery public guest anonymous"
)
_MARKS = frozenset("!#$%^&*+=?@~|<>{}")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_SPLIT = re.compile(r"""(['"])\s*+[bru]?\1|\\\n\s*|\n\s*""")


class KnownValues:
    """A set of secrets with the forms in which they may reappear. Immutable."""

    __slots__ = ("_distinctive", "_expression", "_needles", "_values")

    def __init__(self, values: Iterable[object] = (), *, harmless: Iterable[str] = ()) -> None:
        kept = frozenset(harmless)
        texts = {text for text in map(_text, values) if _is_usable(text) and text not in kept}
        self._values = frozenset(texts)
        self._distinctive = tuple(sorted(filter(is_distinctive, texts), key=len, reverse=True))
        # Longest first, so that no secret is cut by a shorter one inside it.
        self._needles = tuple(
            sorted({form for text in texts for form in _forms(text)}, key=len, reverse=True)
        )
        self._expression: re.Pattern[str] | None = None

    @classmethod
    def of(cls, values: Iterable[str]) -> KnownValues:
        """The same as the constructor, from a cache: a visitor's cookies come with each of their requests."""
        texts = frozenset(values)
        return _cached(texts) if texts else _NOTHING

    def __bool__(self) -> bool:
        return bool(self._values)

    def with_more(self, values: Iterable[str]) -> KnownValues:
        """These and more."""
        more = frozenset(values) - self._values
        return KnownValues.of(self._values | more) if more else self

    def found_in(self, text: str) -> bool:
        """Whether `text` may hold one; cheap, and never wrong with a no."""
        if any(needle in text for needle in self._needles):
            return True
        if _PERCENT.search(text):
            once = unquote(text)
            decoded = once + "\0" + unquote(once)
            if any(needle in decoded for needle in self._needles):
                return True
        if "\n" not in text:
            return False
        joined = _SPLIT.sub("", text)
        return any(value in joined for value in self._distinctive)

    def stands_in(self, text: str) -> bool:
        """Whether a distinctive one stands in `text` as it is; for source, where nothing is encoded and words are names."""
        return any(value in text for value in self._distinctive)

    def _needle_expression(self, needle: str) -> str:
        escaped = re.escape(needle)
        if needle not in self._values:
            # Encoded: nobody's word, and its last letters may belong to it.
            return escaped + "[A-Za-z0-9+/_=-]*"
        return escaped if is_distinctive(needle) else rf"(?<![A-Za-z0-9_]){escaped}(?![A-Za-z0-9_])"

    def remove_distinctive(self, text: str) -> str:
        """`text` without those of them that are nobody's word; for source and names."""
        for value in self._distinctive:
            if value in text:
                text = text.replace(value, FILTERED)
        return text

    def remove(self, text: str) -> str:
        """`text` with each known value, in each of its forms, replaced."""
        if not self._values or not self.found_in(text):
            return text
        expression = self._expression = self._expression or re.compile(
            "|".join(self._needle_expression(needle) for needle in self._needles)
        )
        cleaned = expression.sub(FILTERED, text)
        if "%" in cleaned:
            cleaned = _remove_decoded(cleaned, expression)
        joined = _SPLIT.sub("", cleaned) if "\n" in cleaned else cleaned
        if any(value in joined for value in self._distinctive):
            return expression.sub(FILTERED, joined)
        return cleaned


def _remove_decoded(text: str, expression: re.Pattern[str]) -> str:
    """Percent-encoded in a way that no library writes, or twice: the whole word goes."""
    words = re.split(r"(\s+)", text)
    for index, word in enumerate(words):
        once = unquote(word) if "%" in word else word
        if once != word and (expression.search(once) or expression.search(unquote(once))):
            words[index] = FILTERED
    return "".join(words)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return str(value) if type(value) is int else ""


def _is_usable(text: str) -> bool:
    return _MIN_LENGTH <= len(text) <= _MAX_LENGTH and text.lower() not in _TOO_COMMON and text != FILTERED


def is_distinctive(text: str) -> bool:
    """Whether `text` is nobody's word, so that it can be recognised inside a longer one, and in code."""
    if len(text) < 6 or " " in text:
        return False
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return mixed or len(text) >= 16 or len(set(text) & _MARKS) > 1


def found_by_name(name: str, value: Any, names: SecretNames) -> Iterator[str]:
    """What is worth looking for elsewhere of a value that stands under a secret name."""
    return secret_texts(value, plain_too=names.is_credential(name))


@lru_cache(maxsize=512)
def _forms(text: str) -> frozenset[str]:
    if text.isascii() and text.isalnum():
        longer = (
            {text.encode().hex(), text.encode().hex().upper(), *_base64_forms(text)}
            if len(text) >= 8
            else set()
        )
        return frozenset({text, *longer})
    forms = {
        text,
        quote(text),
        quote(text, safe=""),
        quote_plus(text),
        json.dumps(text)[1:-1],
        html.escape(text),
    }
    forms |= {repr(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text.encode())[2:-1]}
    forms |= {json.dumps(form)[1:-1] for form in tuple(forms)}
    if len(text) >= 8:
        forms |= {text.encode().hex(), text.encode().hex().upper(), *_base64_forms(text)}
    return frozenset(form for form in forms if len(form) >= _MIN_LENGTH)


def _base64_forms(text: str) -> set[str]:
    """What base64 makes of it at each of the three places where it can begin within a longer text."""
    data = text.encode()
    forms = set()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data).decode()
        # The first and last letters also depend on the neighbours.
        inner = encoded[
            {0: 0, 1: 2, 2: 3}[shift] : len(encoded.rstrip("=")) - (1 if (shift + len(data)) % 3 else 0)
        ]
        if len(inner) >= 8:
            forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms


def secret_texts(value: Any, *, plain_too: bool, depth: int = 4) -> Iterator[str]:
    """Each text in a value that is secret as a whole; `plain_too`: also those that could be any word."""
    kind = type(value)
    if kind is str:
        if plain_too or is_distinctive(value):
            yield value
    elif kind is int:
        yield str(value)
    elif kind is bytes:
        yield from secret_texts(value.decode("utf-8", "replace"), plain_too=plain_too)
    elif depth and issubclass(kind, dict):
        for inner in list(dict.values(value))[:100]:
            yield from secret_texts(inner, plain_too=plain_too, depth=depth - 1)
    elif depth and kind in (list, tuple, set, frozenset):
        for inner in list(value)[:100]:
            yield from secret_texts(inner, plain_too=plain_too, depth=depth - 1)


_NOTHING = KnownValues()


@lru_cache(maxsize=128)
def _cached(texts: frozenset[str]) -> KnownValues:
    return KnownValues(texts)
