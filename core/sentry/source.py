"""The lines of source around a frame, read and scrubbed once for each place in the code.

The SDK reads and sends eleven lines of each frame of each event. Code does not change while it runs: what an error
costs here is a look into a cache. Our own frames get their surroundings, library frames their line.
"""

from __future__ import annotations

import linecache
from functools import lru_cache
from typing import Any

from core.sentry.scrubbing.text import TextScrubber

CONTEXT_LINES = 5
_MAX_LINE = 256

SourceContext = tuple[tuple[str, ...], str, tuple[str, ...]]


class SourceLines:
    """Adds `pre_context`, `context_line` and `post_context` to frames."""

    def __init__(self, scrubber: TextScrubber) -> None:
        self._scrubber = scrubber
        self._around = lru_cache(maxsize=4096)(self._read)

    def add_to(self, frame: dict[str, Any]) -> None:
        path, line = frame.get("abs_path"), frame.get("lineno")
        if type(path) is not str or type(line) is not int:
            return
        found = self._around(path, line, CONTEXT_LINES if frame.get("in_app") else 0)
        if found is None:
            return
        before, at, after = found
        frame["context_line"] = at
        if before:
            frame["pre_context"] = list(before)
        if after:
            frame["post_context"] = list(after)

    def scrub(self, lines: list[Any]) -> list[str]:
        """Lines that somebody else put into a frame, such as a template's."""
        return [self._scrubber.code(str(line)) for line in lines[: 2 * CONTEXT_LINES]]

    def _read(self, path: str, line: int, around: int) -> SourceContext | None:
        lines = linecache.getlines(path)
        if not 0 < line <= len(lines):
            return None
        first = max(0, line - 1 - around)
        clean = [
            self._scrubber.code(text.rstrip("\r\n")[:_MAX_LINE]) for text in lines[first : line + around]
        ]
        at = line - 1 - first
        return tuple(clean[:at]), clean[at], tuple(clean[at + 1 :])
