"""The classes that the strategy names, as real classes: strategy.toml itself knows only their dotted names.

An exception is looked up by its MRO, so the most specific registered class wins.
"""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from strategy import Strategy
from strategy.model.class_names import ClassName
from strategy.model.classification import Ignored

_Value = TypeVar("_Value")
ExceptionClass = type[BaseException]


class UnresolvedClassError(Exception):
    """A dotted name that leads to no exception class."""


@dataclass(frozen=True)
class Unresolved:
    """A name in the strategy that leads to no exception class: where it stands, and why it cannot be used."""

    path: tuple[str | int, ...]
    dotted: str
    reason: str


def resolve(name: ClassName) -> ExceptionClass | None:
    """The class, or None when it is optional and its library is not installed. Raises UnresolvedClassError."""
    module_name, _, attribute = name.dotted.rpartition(".")
    try:
        module = importlib.import_module(module_name) if module_name else builtins
    except ModuleNotFoundError as error:
        if name.optional:
            return None
        raise UnresolvedClassError(f"the module {error.name} is not installed") from error
    except Exception as error:
        # Importing runs the library's code, which may refuse in any way: rest_framework, say, without its settings.
        raise UnresolvedClassError(
            f"importing {module_name} failed: {type(error).__name__}: {error}"
        ) from error
    found = getattr(module, attribute, None)
    if found is None:
        raise UnresolvedClassError(f"{module_name or 'builtins'} has no {attribute}")
    if not isinstance(found, type) or not issubclass(found, BaseException):
        raise UnresolvedClassError("it is not an exception class")
    return found


def resolve_classes(strategy: Strategy) -> dict[ExceptionClass, str]:
    """Exception class → name of its category. What cannot be resolved is left out: checks say so.

    Where two categories claim one class, the first of the file has it: an application that is wrongly
    configured still classifies its errors.
    """
    found: dict[ExceptionClass, str] = {}
    for _, category, cls in _resolved(strategy, "classes"):
        found.setdefault(cls, category)
    return found


def resolve_final(strategy: Strategy) -> frozenset[ExceptionClass]:
    """The classes that another try never mends, though their category is retryable."""
    return frozenset(cls for _, _, cls in _resolved(strategy, "final"))


def resolve_ignored(strategy: Strategy) -> dict[ExceptionClass, Ignored]:
    """Exception class → the row of `ignored` that it is under."""
    found: dict[ExceptionClass, Ignored] = {}
    for ignored in strategy.ignored:
        cls = resolved_or_none(ignored.cls)
        if cls is not None:
            found.setdefault(cls, ignored)
    return found


def most_specific(registered: Mapping[ExceptionClass, _Value], cls: type) -> _Value | None:
    """What is registered for the nearest class in the MRO of `cls`."""
    for each in cls.__mro__:
        if each in registered:
            return registered[each]
    return None


def resolved_or_none(name: ClassName) -> ExceptionClass | None:
    """The class, or None when there is none to be had."""
    try:
        return resolve(name)
    except UnresolvedClassError:
        return None


def unresolved(strategy: Strategy) -> list[Unresolved]:
    """Every name of a class in the strategy that leads nowhere, with its key path."""
    wrong = []
    for path, name in class_names(strategy):
        try:
            resolve(name)
        except UnresolvedClassError as error:
            wrong.append(Unresolved(path, name.dotted, str(error)))
    return wrong


def claimed_twice(strategy: Strategy) -> list[tuple[tuple[str | int, ...], str, str, str]]:
    """Classes that two categories have under different names: (key path, dotted name, category, the other category)."""
    claimed: dict[ExceptionClass, str] = {}
    twice = []
    for path, category, cls in _resolved(strategy, "classes"):
        other = claimed.setdefault(cls, category)
        if other != category:
            twice.append((path, f"{cls.__module__}.{cls.__qualname__}", category, other))
    return twice


def names_of_final(strategy: Strategy) -> Iterator[tuple[tuple[str | int, ...], str, ClassName]]:
    """Every `final` class by name: (key path, category, name)."""
    for path, name in class_names(strategy):
        if path[0] == "categories" and path[2] == "final":
            yield path, str(path[1]), name


def class_names(strategy: Strategy) -> Iterator[tuple[tuple[str | int, ...], ClassName]]:
    """Every class that the strategy names, with the key path where it stands."""
    for category in strategy.categories.values():
        yield from _numbered(("categories", category.name, "classes"), category.classes)
        yield from _numbered(("categories", category.name, "final"), category.final)
    for index, ignored in enumerate(strategy.ignored):
        yield ("ignored", index, "class"), ignored.cls
    for index, rule in enumerate(strategy.fingerprints):
        yield from _numbered(("fingerprints", index, "classes"), rule.classes)


def _resolved(strategy: Strategy, key: str) -> Iterator[tuple[tuple[str | int, ...], str, ExceptionClass]]:
    for path, name in class_names(strategy):
        if path[0] == "categories" and path[2] == key:
            cls = resolved_or_none(name)
            if cls is not None:
                yield path, str(path[1]), cls


def _numbered(
    path: tuple[str | int, ...], names: Iterable[ClassName]
) -> Iterator[tuple[tuple[str | int, ...], ClassName]]:
    for index, name in enumerate(names):
        yield (*path, index), name
