"""Numbers, shares and lengths of time in the strategy."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from strategy.durations import parse_milliseconds, parse_seconds
from strategy.kinds import Kind, shown, string
from strategy.problems import BAD_VALUE, WRONG_TYPE, BadValueError


@dataclass(frozen=True)
class Whole(Kind):
    minimum: int = 0
    maximum: int = 2**53

    @property
    def expects(self) -> str:
        return f"a whole number from {self.minimum}" + (f" to {self.maximum}" if self.maximum < 2**53 else "")

    def read(self, raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise BadValueError(
                WRONG_TYPE, f"{shown(raw)} is not a whole number.", f"Expected: {self.expects}."
            )
        if not self.minimum <= raw <= self.maximum:
            raise BadValueError(BAD_VALUE, f"{raw} is out of range.", f"Expected: {self.expects}.")
        return raw

    def from_text(self, text: str) -> object:
        return int(text) if re.fullmatch(r"\s*-?\d{1,15}\s*", text) else text


@dataclass(frozen=True)
class Number(Kind):
    minimum: float
    maximum: float

    @property
    def expects(self) -> str:
        return f"a number from {self.minimum:g} to {self.maximum:g}"

    def read(self, raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise BadValueError(WRONG_TYPE, f"{shown(raw)} is not a number.", f"Expected: {self.expects}.")
        if not self.minimum <= raw <= self.maximum:
            raise BadValueError(BAD_VALUE, f"{raw} is out of range.", f"Expected: {self.expects}.")
        return float(raw)

    def from_text(self, text: str) -> object:
        return _number(text)


@dataclass(frozen=True)
class Share(Kind):
    """A part of a whole: "10%" or 0.1. A bare 5 is refused, since nobody can tell 5 % from 500 %."""

    maximum: float = 1.0
    expects: str = 'a share: "5%" or 0.05'

    def read(self, raw: object) -> float:
        share = self._percent(raw) if isinstance(raw, str) else raw
        if isinstance(share, bool) or not isinstance(share, int | float):
            raise BadValueError(WRONG_TYPE, f"{shown(raw)} is not a share.", f"Expected: {self.expects}.")
        if not 0 <= share <= self.maximum:
            meant = (
                f'Write "{raw}%" if that is meant. ' if not isinstance(raw, str) and 1 < share <= 100 else ""
            )
            limit = f"{self.maximum * 100:g} %"
            raise BadValueError(
                BAD_VALUE, f"{shown(raw)} is not between 0 and {limit}.", f"{meant}Expected: {self.expects}."
            )
        return float(share)

    def from_text(self, text: str) -> object:
        return text if "%" in text else _number(text)

    @staticmethod
    def _percent(text: str) -> object:
        written = re.fullmatch(r"(?a:\s*(\d{1,6}(?:\.\d{1,6})?)\s*%\s*)", text)
        # Through the decimal text, so that "99.9%" is 0.999 and not 0.9990000000000001.
        return round(float(written[1]) / 100, 10) if written else text


@dataclass(frozen=True)
class Duration(Kind):
    """Whole seconds. `word` stands for "no fixed time" and reads as None."""

    word: str = ""
    minimum_s: int = 1

    @property
    def expects(self) -> str:
        return 'a length of time such as "5m", "1h", "90d"' + (f' or "{self.word}"' if self.word else "")

    def read(self, raw: object) -> int | None:
        text = string(raw, self.expects)
        if self.word and text == self.word:
            return None
        seconds = parse_seconds(text)
        if seconds < self.minimum_s:
            raise BadValueError(BAD_VALUE, f'"{text}" is too short.', f"At least {self.minimum_s}s.")
        return seconds


@dataclass(frozen=True)
class Latency(Kind):
    """Seconds with their milliseconds."""

    expects: str = 'a length of time such as "250ms" or "5s"'

    def read(self, raw: object) -> float:
        return parse_milliseconds(string(raw, self.expects)) / 1000


@dataclass(frozen=True)
class OneOf(Kind):
    """A whole number from a short list."""

    values: Collection[int]

    @property
    def expects(self) -> str:
        return "one of " + ", ".join(str(value) for value in self.values)

    def read(self, raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or raw not in self.values:
            raise BadValueError(BAD_VALUE, f"{shown(raw)} is not known here.", f"Expected: {self.expects}.")
        return raw


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text
