"""Plain values of anything, without running its code.

A report must not run `__repr__`, `__str__`, a property or a query of the objects that it shows: a model's `__repr__`
follows foreign keys, a lazy object's `__class__` logs a user in. Only `type(value)` is asked, never `isinstance`
(which asks `value.__class__`), and built-in types are read through their own methods.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import pathlib
import sys
import types
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_TEXTUAL: dict[type, Callable[[Any], str]] = {
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.timedelta: datetime.timedelta.__str__,
    decimal.Decimal: decimal.Decimal.__str__,
    uuid.UUID: uuid.UUID.__str__,
    complex: complex.__repr__,
    range: range.__repr__,
    pathlib.PosixPath: str,
    pathlib.WindowsPath: str,
    pathlib.PurePosixPath: str,
    pathlib.PureWindowsPath: str,
}
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_KNOWN_ZONES = frozenset({"datetime.timezone", "zoneinfo.ZoneInfo"})
_CACHED_CLASSES = 4096


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of a value is shown. `nodes` bounds all of it, since what is deep and wide grows as a power."""

    depth: int = 4
    breadth: int = 10
    string: int = 512
    nodes: int = 1000


_DEFAULT = Shape()


def plain(value: Any, shape: Shape = _DEFAULT) -> Any:
    """`value` as str, int, float, bool, None, lists and dicts of them; what is none of these as `<module.Class>`."""
    return Reader(shape).read(value, shape.depth)


def describe(value: Any) -> str:
    """What `value` is, in a text that is never empty; for the SDK's `custom_repr`."""
    shown = plain(value)
    return str(shown) if type(shown) is str and shown else repr(shown)


def class_name(value: Any) -> str:
    """`<module.Class>`."""
    return f"<{_dotted(type(value))}>"


class Reader:
    """Reads values until its nodes are used up; `left` may be shared by the variables of one frame."""

    __slots__ = ("_breadth", "_string", "left")

    def __init__(self, shape: Shape = _DEFAULT) -> None:
        self._breadth, self._string = shape.breadth, shape.string
        self.left = shape.nodes

    def read(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return value if len(value) <= self._string else value[: self._string] + "…"
        if kind is int or kind is float or kind is bool or value is None:
            return value
        self.left -= 1
        if kind is dict:
            return self.mapping(value, depth)
        if kind is list or kind is tuple:
            return self.sequence(value, depth)
        shown = (_READERS.get(kind) or _reader_of(kind))(self, value, depth)
        return shown if type(shown) is not str or len(shown) <= self._string else shown[: self._string] + "…"

    def mapping(self, value: Any, depth: int) -> Any:
        if depth <= 0 or self.left <= 0:
            return f"<{_dotted(type(value))} of {dict.__len__(value)}>"
        shown: dict[str, Any] = {}
        try:
            for name, inner in dict.items(value):
                if len(shown) >= self._breadth:
                    shown["…"] = f"{dict.__len__(value) - self._breadth} more"
                    break
                kind = type(inner)
                self.left -= 1
                shown[name if type(name) is str else _key(name)] = (
                    inner if kind is int or kind is bool or inner is None else self.read(inner, depth - 1)
                )
        except RuntimeError:
            # Another thread changed it meanwhile; what was seen is shown.
            return shown
        return shown

    def sequence(self, value: Any, depth: int) -> Any:
        cls: Any = next(base for base in (list, tuple, set, frozenset) if issubclass(type(value), base))
        if depth <= 0 or self.left <= 0:
            return f"<{_dotted(type(value))} of {cls.__len__(value)}>"
        shown: list[Any] = []
        try:
            for inner in cls.__iter__(value):
                if len(shown) >= self._breadth:
                    shown.append(f"… {cls.__len__(value) - self._breadth} more")
                    break
                self.left -= 1
                shown.append(self.read(inner, depth - 1))
        except RuntimeError:
            return shown
        return shown


_Handler = Callable[[Reader, Any, int], Any]
_READERS: dict[type, _Handler] = {}


def _reader_of(kind: type) -> _Handler:
    """How values of this class are read, decided once for each class."""
    if len(_READERS) >= _CACHED_CLASSES:
        _READERS.clear()
    handler = _READERS[kind] = _choose(kind)
    return handler


def _choose(kind: type) -> _Handler:
    if issubclass(kind, enum.Enum):
        return lambda reader, value, depth: _enum(value, kind)
    if issubclass(kind, str):
        return lambda reader, value, depth: str.__str__(value)
    if issubclass(kind, bytes | bytearray):
        return lambda reader, value, depth: f"<{_dotted(kind)} of {len(value)}>"
    if issubclass(kind, dict):
        return lambda reader, value, depth: reader.mapping(value, depth)
    if issubclass(kind, list | tuple | set | frozenset):
        return lambda reader, value, depth: reader.sequence(value, depth)
    if issubclass(kind, int):
        return lambda reader, value, depth: int.__int__(value)
    if issubclass(kind, float):
        return lambda reader, value, depth: float.__float__(value)
    describe_scalar = _scalar(kind)
    return lambda reader, value, depth: describe_scalar(value)


def _scalar(kind: type) -> Callable[[Any], str]:
    if kind in _TEXTUAL:
        return _TEXTUAL[kind]
    if kind is datetime.datetime:
        return _moment
    if issubclass(kind, type):
        return lambda value: f"<class {_dotted(value)}>"
    if kind in _FUNCTIONS:
        return lambda value: f"<function {value.__qualname__}>"
    if kind is types.ModuleType:
        return lambda value: f"<module {types.ModuleType.__getattribute__(value, '__name__')}>"
    name = f"<{_dotted(kind)}>"
    return _library(kind) or (lambda value: name)


def _moment(value: datetime.datetime) -> str:
    # A foreign zone would be asked for its offset.
    known = value.tzinfo is None or _dotted(type(value.tzinfo)) in _KNOWN_ZONES
    return (value if known else value.replace(tzinfo=None)).isoformat()


def _key(name: Any) -> str:
    kind = type(name)
    if issubclass(kind, str):
        return str.__str__(name)[:200]
    return str(name) if kind in (int, float, bool, type(None)) else str(Reader().read(name, 0))


def _enum(value: Any, kind: type) -> str:
    name = _instance_state(value).get("_name_")
    return f"{kind.__qualname__}.{name}" if type(name) is str else class_name(value)


def _library(kind: type) -> Callable[[Any], str] | None:
    """Django's models by their key, arrays and frames by type and shape; only where their library is loaded."""
    package = _dotted(kind).split(".", 1)[0]
    if package == "numpy":
        return _numpy(kind)
    if package == "polars":
        return _polars(kind)
    models: Any = sys.modules.get("django.db.models.base")
    if models is None or not hasattr(models, "Model") or not issubclass(kind, models.Model):
        return None
    key: Any = kind._meta.pk  # type: ignore[attr-defined]
    if key is None:
        return None
    return lambda value: f"<{_dotted(kind)} pk={Reader().read(_instance_state(value).get(key.attname), 1)}>"


def _numpy(kind: type) -> Callable[[Any], str] | None:
    numpy: Any = sys.modules["numpy"]
    if kind is numpy.ndarray:
        return lambda value: f"<numpy.ndarray {value.dtype.name} {value.shape}>"
    plain_scalar = issubclass(kind, numpy.number | numpy.bool_)
    return (lambda value: str(value.item())) if plain_scalar else None


def _polars(kind: type) -> Callable[[Any], str] | None:
    polars: Any = sys.modules["polars"]
    if kind in (polars.DataFrame, polars.Series):
        return lambda value: f"<polars.{kind.__name__} {value.shape}>"
    return None


def _instance_state(value: Any) -> Mapping[str, Any]:
    """The instance's own attributes, read past any `__getattr__`, `__getattribute__` or `__dict__` property."""
    for cls in type(value).__mro__:
        slot = cls.__dict__.get("__dict__")
        if slot is not None:
            state = slot.__get__(value) if type(slot) is types.GetSetDescriptorType else {}
            return state if type(state) is dict else {}
    return {}


def _dotted(kind: type) -> str:
    module = type.__dict__["__module__"].__get__(kind)
    name = type.__dict__["__qualname__"].__get__(kind)
    return str(name) if module == "builtins" else f"{module}.{name}"
