"""From TOML's tables to dataclasses, by the keys that these declare; what is wrong is noted, not raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, runtime_checkable

from strategy.kinds import Kind, Name
from strategy.problems import (
    BAD_OVERRIDE,
    DOES_NOT_FIT,
    DUPLICATE_ID,
    MISSING_KEY,
    SECRET_IN_FILE,
    UNKNOWN_KEY,
    UNKNOWN_NAME,
    WRONG_TYPE,
    BadValueError,
    KeyPath,
    Misfit,
    key_text,
    nearest,
)
from strategy.schema import (
    Declared,
    Listed,
    Mapped,
    NamedTables,
    Shape,
    Table,
    TableArray,
    expectation,
    keys_of,
)

FAILED: Any = object()
"""Stands for a value that could not be read; the problem is already noted."""


@dataclass(frozen=True)
class Note:
    """A problem whose line is not known yet."""

    id: str
    path: KeyPath
    message: str
    hint: str


@runtime_checkable
class Checked(Protocol):
    """A section that can say which of its keys do not go together."""

    def misfits(self, written: set[str]) -> Iterable[Misfit]:
        """`written` are the keys that the file or the environment gives."""


@dataclass
class Reading:
    """One pass over a file: what is wrong so far, and which names it refers to."""

    env: Mapping[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    references: list[tuple[KeyPath, str, str]] = field(default_factory=list)

    def note(self, problem_id: str, path: KeyPath, message: str, hint: str) -> None:
        self.notes.append(Note(problem_id, path, message, hint))

    def read(self, shape: Shape, raw: object, path: KeyPath) -> Any:
        """The value at `path`, or FAILED after noting why."""
        match shape:
            case Kind():
                return self._one(shape, raw, path)
            case Listed():
                return self._list(shape, raw, path)
            case Mapped():
                return self._mapping(shape, raw, path)
            case Table():
                return self.table(shape.cls, raw, path)
            case NamedTables():
                return self._named_tables(shape, raw, path)
            case TableArray():
                return self._table_array(shape, raw, path)

    def table(self, cls: type, raw: object, path: KeyPath, /, **given: object) -> Any:
        """An instance of `cls` from a table; every key is looked at even when one has failed."""
        if not self._is_table(raw, path):
            return FAILED
        raw, overridden = self._with_overrides(cls, raw, path)
        values = given | self.fields(cls, raw, path, overridden)
        if any(value is FAILED for value in values.values()):
            return FAILED
        made = cls(**values)
        if isinstance(made, Checked):
            for misfit in made.misfits(set(raw)):
                self._note_misfit(misfit, path, overridden.get(misfit.key))
        return made

    def fields(
        self, cls: type, raw: Mapping[str, object], path: KeyPath, overridden: Mapping[str, str]
    ) -> dict[str, Any]:
        """The values of a table by field, FAILED ones among them."""
        declared = keys_of(cls)
        known = {each.written for each in declared}
        for written in raw:
            if written not in known:
                where = key_text((*path, written))
                self.note(
                    UNKNOWN_KEY, (*path, written), f"The key {where} is not known.", nearest(written, known)
                )
        values: dict[str, Any] = {}
        for each in declared:
            if each.written in raw:
                values[each.field] = self._field(each, raw[each.written], path, overridden.get(each.written))
            elif each.required:
                self._note_missing(each, path)
                values[each.field] = FAILED
        return values

    def check_references(self, defined: Mapping[str, set[str]]) -> None:
        """Notes each name that its section does not define."""
        for path, section, name in self.references:
            if name not in defined.get(section, ()):
                message = f'{key_text(path)} names "{name}", which is not in [{section}].'
                self.note(UNKNOWN_NAME, path, message, nearest(name, defined.get(section, ())))

    def _field(self, each: Declared, raw: object, path: KeyPath, variable: str | None) -> Any:
        at = (*path, each.written)
        if variable is not None:
            return self._override(each, raw, path, variable)
        if each.key.secret:
            hint = f'Name an environment variable instead: from_env = {{ {each.written} = "VARIABLE" }}.'
            self.note(SECRET_IN_FILE, at, f"{key_text(at)} is a secret.", hint)
            return FAILED
        return self.read(each.key.shape, raw, at)

    def _override(self, each: Declared, raw: object, path: KeyPath, variable: str) -> Any:
        aside = Reading()
        value = aside.read(each.key.shape, raw, (*path, each.written))
        if aside.notes:
            # The value itself may be a secret (a webhook's address), so only the expectation is told.
            message = (
                f"The environment variable {variable} cannot override {key_text((*path, each.written))}."
            )
            hint = f"Expected: {expectation(each.key.shape)}."
            self.note(BAD_OVERRIDE, (*path, "from_env", each.written), message, hint)
        return value

    def _with_overrides(
        self, cls: type, raw: dict[str, object], path: KeyPath
    ) -> tuple[dict[str, object], dict[str, str]]:
        """The table with what `from_env` lets the environment set, and the variable of each such key."""
        named = raw.get("from_env")
        if not isinstance(named, dict):
            return raw, {}
        shapes = {each.written: each.key.shape for each in keys_of(cls) if each.written != "from_env"}
        raw, overridden = dict(raw), {}
        for written, variable in named.items():
            at = (*path, "from_env", written)
            if written not in shapes:
                self.note(
                    UNKNOWN_KEY, at, f"{key_text(at)} is no key that could be set.", nearest(written, shapes)
                )
            elif isinstance(variable, str) and self.env.get(variable, "").strip():
                raw[written] = _from_text(shapes[written], self.env[variable].strip())
                overridden[written] = variable
        return raw, overridden

    def _note_misfit(self, misfit: Misfit, path: KeyPath, variable: str | None) -> None:
        where = key_text(path)
        if variable is None:
            self.note(DOES_NOT_FIT, (*path, misfit.key), f"{where}: {misfit.message}", misfit.hint)
        else:
            message = f"{where}, with the environment variable {variable}: {misfit.message}"
            self.note(BAD_OVERRIDE, (*path, "from_env", misfit.key), message, misfit.hint)

    def _note_missing(self, each: Declared, path: KeyPath) -> None:
        where = key_text(path) or "the file"
        hint = f"Add {each.written}: {expectation(each.key.shape)}. {each.key.doc}"
        self.note(MISSING_KEY, path, f"{where} has no {each.written}.", hint)

    def _is_table(self, raw: object, path: KeyPath) -> TypeGuard[dict[str, object]]:
        if isinstance(raw, dict):
            return True
        self.note(
            WRONG_TYPE,
            path,
            f"{key_text(path)} is not a table.",
            "Write it as a [table] of its own or as { key = value }.",
        )
        return False

    def _one(self, kind: Kind, raw: object, path: KeyPath) -> Any:
        try:
            value = kind.read(raw)
        except BadValueError as error:
            self.note(error.problem_id, path, f"{key_text(path)}: {error}", error.hint)
            return FAILED
        if isinstance(kind, Name):
            self.references.append((path, kind.section, str(value)))
        return value

    def _list(self, shape: Listed, raw: object, path: KeyPath) -> Any:
        if not isinstance(raw, list):
            self.note(
                WRONG_TYPE,
                path,
                f"{key_text(path)} is not a list.",
                f"Expected: {expectation(shape)}, in [brackets].",
            )
            return FAILED
        if len(raw) < shape.at_least:
            self.note(
                MISSING_KEY,
                path,
                f"{key_text(path)} is empty.",
                f"Give at least {shape.at_least}: {shape.of.expects}.",
            )
            return FAILED
        values = tuple(self._one(shape.of, each, (*path, index)) for index, each in enumerate(raw))
        return FAILED if any(value is FAILED for value in values) else values

    def _mapping(self, shape: Mapped, raw: object, path: KeyPath) -> Any:
        if not self._is_table(raw, path):
            return FAILED
        values = {}
        for name, value in raw.items():
            if shape.keys:
                self.references.append(((*path, name), shape.keys, name))
            values[name] = self.read(shape.of, value, (*path, name))
        return FAILED if any(value is FAILED for value in values.values()) else values

    def _named_tables(self, shape: NamedTables, raw: object, path: KeyPath) -> Any:
        if not self._is_table(raw, path):
            return FAILED
        tables = {name: self.table(shape.cls, each, (*path, name), name=name) for name, each in raw.items()}
        # The sound ones are kept: later checks can still say what is wrong with them.
        return {name: table for name, table in tables.items() if table is not FAILED}

    def _table_array(self, shape: TableArray, raw: object, path: KeyPath) -> Any:
        if not isinstance(raw, list):
            self.note(
                WRONG_TYPE,
                path,
                f"{key_text(path)} is not an array of tables.",
                f"Write each as [[{key_text(path)}]].",
            )
            return FAILED
        seen: dict[str, int] = {}
        for index, each in enumerate(raw):
            identity = each.get("id") if isinstance(each, dict) else None
            if isinstance(identity, str) and seen.setdefault(identity, index) != index:
                message = f'The id "{identity}" stands twice in {key_text(path)}: at {seen[identity] + 1} and {index + 1}.'
                self.note(DUPLICATE_ID, (*path, index, "id"), message, "Give one of them another id.")
        tables = [self.table(shape.cls, each, (*path, index)) for index, each in enumerate(raw)]
        return tuple(table for table in tables if table is not FAILED)


def _from_text(shape: Shape, text: str) -> object:
    if isinstance(shape, Listed):
        return [shape.of.from_text(part.strip()) for part in text.split(",") if part.strip()]
    return shape.from_text(text) if isinstance(shape, Kind) else text
