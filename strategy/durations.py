"""Lengths of time as people write them in the strategy: "250ms", "5m", "1h", "24h", "90d", "2w"."""

import re

from strategy.problems import BAD_DURATION, BadValueError

MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}

_WRITTEN = re.compile(r"(?a:(\d{1,9})(ms|s|m|h|d|w))")
_ATTEMPT = re.compile(r"(?a:\s*(\d{1,9})\s*([a-zA-Z]+)\s*)")
_WORDS = {"ms": "ms", "milli": "ms", "min": "m", "mo": None, "y": None}


def parse_milliseconds(text: str) -> int:
    """Milliseconds of `text`: a whole number and one unit, without a space. Raises BadValueError with the way out."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise BadValueError(BAD_DURATION, f'"{text}" is not a length of time.', _way_out(text))
    return int(written[1]) * MILLISECONDS[written[2]]


def parse_seconds(text: str) -> int:
    """Whole seconds of `text`; "1500ms" is refused."""
    seconds, rest = divmod(parse_milliseconds(text), 1000)
    if rest:
        raise BadValueError(BAD_DURATION, f'"{text}" is not a whole number of seconds.', 'Write it as "2s".')
    return seconds


def format_seconds(seconds: int) -> str:
    """The shortest way to write it: 300 is "5m", 5400 is "90m"."""
    for unit in ("w", "d", "h", "m"):
        size = MILLISECONDS[unit] // 1000
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _way_out(text: str) -> str:
    rule = "Write a whole number and one of ms, s, m, h, d, w without a space"
    attempt = _ATTEMPT.fullmatch(text)
    unit = _meant_unit(attempt[2].lower()) if attempt else None
    if attempt is None or unit is None:
        return f'{rule}, as in "5m" or "24h".'
    return f'{rule}: "{attempt[1]}{unit}".'


def _meant_unit(word: str) -> str | None:
    for beginning, unit in _WORDS.items():
        if word.startswith(beginning):
            return unit
    return word[0] if word[0] in MILLISECONDS else None
