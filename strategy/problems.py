"""What can be wrong with a strategy file, each with an id, the line and the way out: all of it is told at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]

UNREADABLE_FILE = "strategy.E001"
NOT_TOML = "strategy.E002"
UNKNOWN_KEY = "strategy.E003"
MISSING_KEY = "strategy.E004"
WRONG_TYPE = "strategy.E005"
BAD_VALUE = "strategy.E006"
BAD_DURATION = "strategy.E007"
UNKNOWN_NAME = "strategy.E008"
CLASS_CLAIMED_TWICE = "strategy.E009"
DUPLICATE_ID = "strategy.E010"
BAD_OVERRIDE = "strategy.E011"
SECRET_IN_FILE = "strategy.E012"  # noqa: S105  (the id of a problem)
DOES_NOT_FIT = "strategy.E013"


@dataclass(frozen=True)
class StrategyProblem:
    """One thing to mend: `line` is 1-based in the file (None when the file could not be read at all)."""

    id: str
    message: str
    line: int | None
    hint: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.message} {self.hint} ({self.id})"


class StrategyError(Exception):
    """The file cannot be used; `problems` has every reason, in the order of the file."""

    def __init__(self, file: str, problems: Iterable[StrategyProblem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        count = len(self.problems)
        listed = "\n".join(f"  {file}: {problem}" for problem in self.problems)
        super().__init__(f"{file} has {count} problem{'s' if count != 1 else ''}:\n{listed}")


@dataclass(frozen=True)
class Misfit:
    """Two keys of one table that do not go together; told at `key`."""

    key: str
    message: str
    hint: str


class BadValueError(ValueError):
    """A value that its kind refuses; the reader adds where it stands."""

    def __init__(self, problem_id: str, message: str, hint: str) -> None:
        self.problem_id = problem_id
        self.hint = hint
        super().__init__(message)


def nearest(name: str, known: Iterable[str]) -> str:
    """The way out of a wrong name: the one that was probably meant, and all that would do."""
    names = sorted(known)
    if not names:
        return "None is defined in this file yet."
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    meant = f'Did you mean "{close[0]}"? ' if close else ""
    return f"{meant}Known here: {', '.join(names)}."


def key_text(path: KeyPath) -> str:
    """`("alerts", 2, "window")` as people write it: `alerts[3].window` (counted from 1, as a reader counts)."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text
