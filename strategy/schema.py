"""How the dataclasses of the model declare the keys of the file.

A field is declared as `respond_s: int | None = key("How soon ...", Duration(), name="respond")`:
the declaration is at once the check of the file and its line in the reference of docs/strategy.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Any, TypeVar, dataclass_transform

from strategy.kinds import Kind

_T = TypeVar("_T")


@dataclass(frozen=True)
class Listed:
    """An array of values of one kind."""

    of: Kind
    at_least: int = 0


@dataclass(frozen=True)
class Mapped:
    """A table of free keys to values of one kind; `keys` names the section that the keys must be defined in."""

    of: Kind | Listed
    keys: str = ""


@dataclass(frozen=True)
class Table:
    """A table with the keys of a dataclass."""

    cls: type


@dataclass(frozen=True)
class NamedTables:
    """`[section.name]` tables; the name becomes the dataclass's `name`."""

    cls: type


@dataclass(frozen=True)
class TableArray:
    """`[[section]]` tables; those that have an `id` must differ in it."""

    cls: type


Shape = Kind | Listed | Mapped | Table | NamedTables | TableArray


@dataclass(frozen=True)
class Key:
    """One key of the file: what it means, what it may be, how it is written."""

    doc: str
    shape: Shape
    name: str = ""
    secret: bool = False


@dataclass(frozen=True)
class Declared:
    """A dataclass's field together with its key."""

    field: str
    written: str
    key: Key
    default: object

    @property
    def required(self) -> bool:
        return self.default is MISSING


def key(
    doc: str,
    shape: Shape,
    *,
    name: str = "",
    secret: bool = False,
    default: Any = MISSING,
    default_factory: Any = MISSING,
) -> Any:
    """A field that is read from the file; `name` is the key when the field carries a unit, as `window_s` does.

    A `secret` one may come from an environment variable only, and is left out of the repr.
    """
    declared = Key(doc, shape, name, secret)
    if default_factory is not MISSING:
        return dataclasses.field(default_factory=default_factory, metadata={"key": declared}, repr=not secret)
    return dataclasses.field(default=default, metadata={"key": declared}, repr=not secret)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key, dataclasses.field))
def section(cls: type[_T]) -> type[_T]:
    """Makes a frozen dataclass of the keys of one table."""
    return dataclass(frozen=True, kw_only=True)(cls)


@cache
def keys_of(cls: type) -> tuple[Declared, ...]:
    """The keys that a dataclass declares, in order."""
    declared = []
    for each in dataclasses.fields(cls):
        found: Key | None = each.metadata.get("key")
        if found is not None:
            default = each.default if each.default_factory is MISSING else each.default_factory()
            declared.append(Declared(each.name, found.name or each.name, found, default))
    return tuple(declared)


def expectation(shape: Shape) -> str:
    """What to write there, in words."""
    match shape:
        case Kind():
            return shape.expects
        case Listed():
            return f"a list, each {shape.of.expects}"
        case Mapped():
            return f"a table of {expectation(shape.of)}"
        case NamedTables():
            return "named tables"
        case TableArray():
            return "an array of tables"
        case Table():
            return "a table"
