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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ATOMS: frozenset[type] = frozenset({bool, int, float, type(None)})
_CONTAINERS = (dict, list, tuple, set, frozenset)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_TEXTUAL: dict[type, Any] = {
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.timedelta: datetime.timedelta.__str__,
    decimal.Decimal: decimal.Decimal.__str__,
    uuid.UUID: uuid.UUID.__str__,
    complex: complex.__repr__,
    range: range.__repr__,
    slice: lambda value: "<slice>",
}
_PATHS = tuple(
    cls for cls in (pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath)
)
_KNOWN_ZONES = frozenset({"datetime.timezone", "zoneinfo.ZoneInfo"})


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of a value is shown."""

    depth: int = 4
    breadth: int = 10
    string: int = 512


_DEFAULT = Shape()


def plain(value: Any, shape: Shape = _DEFAULT) -> Any:
    """`value` as str, int, float, bool, None, lists and dicts of them; what is none of these as `<module.Class>`."""
    return _plain(value, shape, shape.depth, ())


def describe(value: Any) -> str:
    """What `value` is, in a text that is never empty; for the SDK's `custom_repr`."""
    shown = plain(value)
    return shown if type(shown) is str and shown else "''" if shown == "" else repr(shown)


def class_name(value: Any) -> str:
    """`<module.Class>`."""
    return f"<{_dotted(type(value))}>"


def _plain(value: Any, shape: Shape, depth: int, path: tuple[int, ...]) -> Any:
    kind = type(value)
    if kind is str:
        return value if len(value) <= shape.string else value[: shape.string] + "…"
    if kind in _ATOMS:
        return value
    if issubclass(kind, enum.Enum):
        return _enum(value, kind)
    if issubclass(kind, str):
        return str.__str__(value)[: shape.string]
    if issubclass(kind, bytes | bytearray | memoryview):
        return f"<{kind.__name__} of {len(value) if kind in (bytes, bytearray) else '?'} bytes>"
    if issubclass(kind, _CONTAINERS):
        return _container(value, kind, shape, depth, path)
    if issubclass(kind, int):
        return int.__int__(value)
    if issubclass(kind, float):
        return float.__float__(value)
    return _scalar(value, kind)


def _scalar(value: Any, kind: type) -> str:
    if kind in _TEXTUAL:
        return str(_TEXTUAL[kind](value))
    if kind is datetime.datetime:
        zone = type(value.tzinfo)
        known = value.tzinfo is None or _dotted(zone) in _KNOWN_ZONES
        return (value if known else value.replace(tzinfo=None)).isoformat()
    if kind in _PATHS:
        return str(value)
    if issubclass(kind, type):
        return f"<class {_dotted(value)}>"
    if kind in _FUNCTIONS:
        return f"<function {getattr(value, '__module__', None) or ''}.{value.__qualname__}>"
    if kind is types.ModuleType:
        return f"<module {types.ModuleType.__getattribute__(value, '__name__')}>"
    return _library(value, kind) or class_name(value)


def _container(value: Any, kind: type, shape: Shape, depth: int, path: tuple[int, ...]) -> Any:
    if id(value) in path:
        return "<cyclic>"
    if depth <= 0:
        return f"<{_dotted(kind)} of {_length(value, kind)}>"
    path = (*path, id(value))
    if issubclass(kind, dict):
        pairs = _first(dict.items(value), shape.breadth)
        shown = {_key(name): _plain(inner, shape, depth - 1, path) for name, inner in pairs}
        if (rest := _length(value, kind) - len(pairs)) > 0:
            shown["…"] = f"{rest} more"
        return shown
    iterate = next(cls for cls in (list, tuple, set, frozenset) if issubclass(kind, cls))
    members = _first(iterate.__iter__(value), shape.breadth)
    listed = [_plain(inner, shape, depth - 1, path) for inner in members]
    if (rest := _length(value, kind) - len(members)) > 0:
        listed.append(f"… {rest} more")
    return listed


def _first(items: Any, count: int) -> list[Any]:
    found: list[Any] = []
    try:
        for item in items:
            if len(found) >= count:
                break
            found.append(item)
    except RuntimeError:
        # Another thread changed it meanwhile; what was seen is shown.
        return found
    return found


def _length(value: Any, kind: type) -> int:
    for cls in (dict, list, tuple, set, frozenset):
        if issubclass(kind, cls):
            return int(cls.__len__(value))
    return 0


def _key(name: Any) -> str:
    kind = type(name)
    if kind is str:
        return str(name[:200])
    if kind in _ATOMS:
        return str(name)
    return str.__str__(name)[:200] if issubclass(kind, str) else str(_plain(name, Shape(depth=0), 0, ()))


def _enum(value: Any, kind: type) -> str:
    name = _instance_state(value).get("_name_")
    return f"{kind.__qualname__}.{name}" if type(name) is str else class_name(value)


def _library(value: Any, kind: type) -> str | None:
    """Django's models by their key, arrays and frames by type and shape; only where their library is loaded."""
    package = kind.__module__.split(".", 1)[0] if type(kind.__module__) is str else ""
    if package in {"numpy", "polars"}:
        return _array(value, kind, package)
    models = sys.modules.get("django.db.models.base")
    if models is not None and hasattr(models, "Model") and issubclass(kind, models.Model):
        options = kind._meta  # type: ignore[attr-defined]
        key = _instance_state(value).get(options.pk.attname) if options.pk is not None else None
        return f"<{_dotted(kind)} pk={_plain(key, Shape(), 1, ())}>"
    return None


def _array(value: Any, kind: type, package: str) -> str | None:
    library: Any = sys.modules.get(package)
    if package == "numpy":
        if kind is library.ndarray:
            return f"<numpy.ndarray {value.dtype.name} {value.shape}>"
        if issubclass(kind, library.generic) and kind.__module__ == "numpy":
            return str(value.item()) if kind.__name__ not in {"void", "object_"} else None
        return None
    if kind in (library.DataFrame, library.Series):
        return f"<polars.{kind.__name__} {value.shape}>"
    return "<polars.LazyFrame>" if kind is library.LazyFrame else None


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
