"""Free text, source lines and statements, scrubbed by everything that is known: names, forms, values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from core.sentry.scrubbing.assignments import remove_assigned, remove_assigned_literals
from core.sentry.scrubbing.keys import SecretNames
from core.sentry.scrubbing.known import KnownValues
from core.sentry.scrubbing.patterns import FILTERED, PRIVATE_KEY, ValuePatterns
from core.sentry.scrubbing.sql import looks_like_sql, remove_literals
from core.sentry.scrubbing.tokens import remove_tokens
from core.sentry.scrubbing.urls import scrub_urls_in

ELLIPSIS = "…"

_CACHED_LENGTH = 1024
_CACHE_SIZE = 4096
_PLAIN_WORD = re.compile(r"[A-Za-z_]+(?:[ .][A-Za-z_]+)*")


class TextScrubber:
    """Scrubs one text. What repeats, as log templates, statements and source lines do, is answered from a cache."""

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        patterns: Mapping[str, str] | None = None,
        known: KnownValues | None = None,
        max_string: int = 4096,
    ) -> None:
        self.names = SecretNames(names)
        self.known = known or KnownValues()
        self.max_string = max_string
        self._patterns = ValuePatterns(patterns)
        self._short = lru_cache(maxsize=_CACHE_SIZE)(self._clean)
        self._code = lru_cache(maxsize=_CACHE_SIZE)(self._clean_code)

    def text(self, text: str) -> str:
        """Free text: a message, a repr, a value."""
        return self.text_and_found(text)[0]

    def text_and_found(self, text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Free text, and the secrets that stood under a name in it: they may stand elsewhere without one."""
        return self._short(text) if len(text) <= _CACHED_LENGTH else self._clean(text)

    def code(self, line: str) -> str:
        """A line of source: literals under secret names go, expressions stay."""
        return self._code(line[:_CACHED_LENGTH])

    def sql(self, statement: str) -> str:
        """A statement with no literal left in it."""
        cut = statement[: 2 * self.max_string]
        return self._cap(self.text(remove_literals(cut)), cut=len(cut) < len(statement))

    def _clean(self, text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        # Cut before the work, and again after it: what the first cut split may not end up inside the second.
        cut = text[: 2 * self.max_string]
        clean = self.known.remove(cut)
        found: list[tuple[str, str]] = []
        if "PRIVATE KEY" in clean:
            clean = PRIVATE_KEY.sub(FILTERED, clean)
        if len(clean) >= 20 or not _PLAIN_WORD.fullmatch(clean):
            clean = scrub_urls_in(clean)
            if looks_like_sql(clean):
                clean = remove_literals(clean)
            clean, found = remove_assigned(clean, self.names.is_secret)
            clean = remove_tokens(self._patterns.remove(clean))
        return self._cap(clean, cut=len(cut) < len(text)), tuple(found)

    def _clean_code(self, line: str) -> str:
        clean = remove_assigned_literals(self.known.remove(line), self.names.is_secret)
        if "'" not in clean and '"' not in clean and "#" not in clean:
            return clean
        return remove_tokens(self._patterns.remove(clean))

    def _cap(self, text: str, *, cut: bool) -> str:
        limit = self.max_string - (256 if cut else 0)
        return text if len(text) <= limit and not cut else text[:limit] + ELLIPSIS
