"""What a value in the strategy may be: each kind says what it expects, in words, and reads one value."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field

from strategy.problems import BAD_VALUE, WRONG_TYPE, BadValueError


class Kind:
    """Reads one value that stands alone, from the file or from an environment variable."""

    @property
    def expects(self) -> str:
        """What to write, in words."""
        raise NotImplementedError

    def read(self, raw: object) -> object:
        """The value for the dataclass. Raises BadValueError."""
        raise NotImplementedError

    def from_text(self, text: str) -> object:
        """What an environment variable's text stands for, as the file would write it."""
        return text


def string(raw: object, expects: str) -> str:
    if not isinstance(raw, str):
        raise BadValueError(WRONG_TYPE, f"{shown(raw)} is not a text.", f"Expected: {expects}.")
    return raw


def shown(raw: object) -> str:
    return f'"{raw}"' if isinstance(raw, str) else str(raw).lower() if isinstance(raw, bool) else str(raw)


@dataclass(frozen=True)
class Text(Kind):
    expects: str = "a text"

    def read(self, raw: object) -> str:
        text = string(raw, self.expects)
        if not text.strip():
            raise BadValueError(BAD_VALUE, "The text is empty.", f"Expected: {self.expects}.")
        return text


@dataclass(frozen=True)
class Choice(Kind):
    values: tuple[str, ...]

    @property
    def expects(self) -> str:
        return "one of " + ", ".join(self.values)

    def read(self, raw: object) -> str:
        text = string(raw, self.expects)
        if text not in self.values:
            raise BadValueError(BAD_VALUE, f'"{text}" is not known here.', f"Expected: {self.expects}.")
        return text


@dataclass(frozen=True)
class Name(Kind):
    """A name defined in another section of the file; the reader checks that it is there."""

    section: str

    @property
    def expects(self) -> str:
        return f"a name from [{self.section}]"

    def read(self, raw: object) -> str:
        return string(raw, self.expects)


@dataclass(frozen=True)
class Flag(Kind):
    expects: str = "true or false"

    def read(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            raise BadValueError(
                WRONG_TYPE, f"{shown(raw)} is not true or false.", "Write true or false, without quotes."
            )
        return raw

    def from_text(self, text: str) -> object:
        known = {
            "true": True,
            "1": True,
            "yes": True,
            "on": True,
            "false": False,
            "0": False,
            "no": False,
            "off": False,
        }
        return known.get(text.strip().lower(), text)


@dataclass(frozen=True)
class Pattern(Kind):
    expects: str = "a regular expression"

    def read(self, raw: object) -> str:
        text = string(raw, self.expects)
        try:
            re.compile(text)
        except re.error as error:
            raise BadValueError(
                BAD_VALUE,
                f"The expression {text!r} is not valid: {error}.",
                "Mend it; Python's `re` reads it.",
            ) from error
        return text


@dataclass(frozen=True)
class Written(Kind):
    """A text of one form, given as a regular expression and in words."""

    form: str
    expects: str = field(default="a text")

    def read(self, raw: object) -> str:
        text = string(raw, self.expects)
        if not re.fullmatch(self.form, text):
            raise BadValueError(BAD_VALUE, f'"{text}" is not valid here.', f"Expected: {self.expects}.")
        return text


@dataclass(frozen=True)
class Day(Kind):
    expects: str = "a date, as in 2026-11-21, without quotes"

    def read(self, raw: object) -> datetime.date:
        if not isinstance(raw, datetime.date) or isinstance(raw, datetime.datetime):
            raise BadValueError(WRONG_TYPE, f"{shown(raw)} is not a date.", f"Expected: {self.expects}.")
        return raw


@dataclass(frozen=True)
class TimeZone(Kind):
    expects: str = "a time zone's name, as in Europe/Vienna"

    def read(self, raw: object) -> str:
        from zoneinfo import ZoneInfo  # read only where a zone is named: it costs milliseconds at start

        text = string(raw, self.expects)
        try:
            ZoneInfo(text)
        except (KeyError, ValueError, OSError) as error:
            raise BadValueError(
                BAD_VALUE, f'"{text}" is not a time zone.', f"Expected: {self.expects}."
            ) from error
        return text
