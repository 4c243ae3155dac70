"""Reads strategy.toml into the dataclasses of `strategy.model`, or says everything that is wrong with it at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from strategy.cross_checks import UNCATEGORISED, check_together
from strategy.locating import line_of, locate
from strategy.model.classification import SEVERITY_NAMES
from strategy.model.strategy import Strategy
from strategy.problems import MISSING_KEY, NOT_TOML, UNREADABLE_FILE, StrategyError, StrategyProblem
from strategy.reading import Note, Reading
from strategy.schema import keys_of

DEFAULT_PATH = Path(__file__).with_name("strategy.toml")


def load_strategy(path: str | Path | None = None, env: Mapping[str, str] | None = None) -> Strategy:
    """The strategy in `path`, with the overrides that it allows taken from `env`.

    `path` defaults to the variable STRATEGY_FILE, else to the file beside this module; `env` to the process's environment.
    Raises StrategyError with every problem of the file.
    """
    env = os.environ if env is None else env
    file = Path(path or env.get("STRATEGY_FILE") or DEFAULT_PATH)
    return read_strategy(_text_of(file), env=env, file=file)


def read_strategy(text: str, *, env: Mapping[str, str], file: Path) -> Strategy:
    """The strategy that `text` says; `file` is named in problems. Raises StrategyError."""
    reading = Reading(env=env)
    document = _parsed(text, file)
    sections = reading.fields(Strategy, document, (), {})
    check_together(sections, reading)
    names = _names_defined_in(document)
    _check_that_the_core_is_there(names, reading)
    reading.check_references(names)
    if reading.notes:
        raise StrategyError(str(file), _with_lines(reading.notes, text))
    return Strategy(**sections, path=file)


def _check_that_the_core_is_there(names: Mapping[str, set[str]], reading: Reading) -> None:
    """By what the file defines, sound or not: one mistake in a table is told once."""
    missing = set(SEVERITY_NAMES) - names["severities"] if names["severities"] else set()
    for name in sorted(missing):
        reading.note(MISSING_KEY, ("severities",), f"severities has no {name}.", f"Add [severities.{name}].")
    if names["categories"] and UNCATEGORISED not in names["categories"]:
        hint = f"Add [categories.{UNCATEGORISED}]: what belongs nowhere else belongs there."
        reading.note(MISSING_KEY, ("categories",), f"categories has no {UNCATEGORISED}.", hint)


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        hint = "Set STRATEGY_FILE to the file's path, or put strategy.toml back beside strategy/loader.py."
        problem = StrategyProblem(UNREADABLE_FILE, f"{file} cannot be read: {reason}.", None, hint)
        raise StrategyError(str(file), [problem]) from error


def _parsed(text: str, file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        what = str(error).split(" (at ")[0]
        hint = "Texts need quotes, and a key may stand only once in its table."
        raise StrategyError(
            str(file), [StrategyProblem(NOT_TOML, f"Not valid TOML: {what}.", line, hint)]
        ) from error


def _names_defined_in(document: Mapping[str, object]) -> dict[str, set[str]]:
    """What can be referred to by name: the keys of tables and the ids of arrays, whether or not they are otherwise sound."""
    names: dict[str, set[str]] = {each.written: set() for each in keys_of(Strategy)}
    for section, content in document.items():
        if isinstance(content, dict):
            names[section] = set(content)
        elif isinstance(content, list):
            names[section] = {
                each["id"] for each in content if isinstance(each, dict) and isinstance(each.get("id"), str)
            }
    return names


def _with_lines(notes: list[Note], text: str) -> list[StrategyProblem]:
    places = locate(text)
    problems = [
        StrategyProblem(note.id, note.message, line_of(places, note.path), note.hint) for note in notes
    ]
    return sorted(problems, key=lambda problem: problem.line or 0)
