"""Shapes of JSON, said once: the OpenAPI document is made of them, and what is sent here is checked against them.

A kind is written as a word: `str`, `int`, `num`, `bool`, `date` (ISO 8601), `uri`, `object`, `any`;
`=a|b`: one of these texts; `[kind]`: a list; `{kind}`: an object of any names; `Name`: another schema;
a `?` behind it: or null. In `define`, a `?` behind a field's name says that it may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
SCHEMAS: dict[str, Mapping[str, str]] = {}
_PLAIN: dict[str, Json] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "num": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date-time"},
    "uri": {"type": "string", "format": "uri"},
    "object": {"type": "object"},
    "any": {},
}
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "date": (str,),
    "uri": (str,),
    "int": (int,),
    "num": (int, float),
    "bool": (bool,),
    "object": (dict,),
    "any": (object,),
}
_WORDS = {
    "str": "a text",
    "date": "a time as ISO 8601",
    "uri": "an address",
    "int": "a whole number",
    "num": "a number",
    "bool": "true or false",
    "object": "an object",
}


def define(name: str, fields: Mapping[str, str]) -> str:
    """Gives the name, for those who refer to it."""
    SCHEMAS[name] = fields
    return name


def json_schema(kind: str) -> Json:
    """As OpenAPI 3.1 has it."""
    if kind.endswith("?"):
        plain = json_schema(kind[:-1])
        if isinstance(plain.get("type"), str) and "enum" not in plain:
            return {**plain, "type": [plain["type"], "null"]}
        return {"anyOf": [plain, {"type": "null"}]}
    if kind.startswith("["):
        return {"type": "array", "items": json_schema(kind[1:-1])}
    if kind.startswith("{"):
        return {"type": "object", "additionalProperties": json_schema(kind[1:-1])}
    if kind.startswith("="):
        return {"type": "string", "enum": kind[1:].split("|")}
    return dict(_PLAIN[kind]) if kind in _PLAIN else {"$ref": f"#/components/schemas/{kind}"}


def components() -> Json:
    return {name: object_schema(name) for name in sorted(SCHEMAS)}


def object_schema(name: str) -> Json:
    fields = SCHEMAS[name]
    required = [field for field in fields if not field.endswith("?")]
    schema: Json = {
        "type": "object",
        "properties": {field.removesuffix("?"): json_schema(kind) for field, kind in fields.items()},
    }
    return {**schema, "required": required} if required else schema


def problems(kind: str, value: object, name: str = "") -> dict[str, list[str]]:
    """What is wrong with a value, by name of the field; empty when it is as it should be."""
    if kind.endswith("?"):
        return {} if value is None else problems(kind[:-1], value, name)
    if kind.startswith("["):
        if not isinstance(value, list):
            return _wrong(name, "a list", value)
        return _first(problems(kind[1:-1], one, f"{name}[{place}]") for place, one in enumerate(value))
    if kind.startswith("="):
        choices = kind[1:].split("|")
        return {} if value in choices else _wrong(name, f"one of {', '.join(choices)}", value)
    if kind in SCHEMAS:
        return _problems_of_object(kind, value, name)
    is_right = isinstance(value, _TYPES[kind]) and (kind in {"bool", "any"} or not isinstance(value, bool))
    return {} if is_right else _wrong(name, _WORDS[kind], value)


def _problems_of_object(kind: str, value: object, name: str) -> dict[str, list[str]]:
    if not isinstance(value, dict):
        return _wrong(name or "body", "an object", value)
    found: dict[str, list[str]] = {}
    for field, field_kind in SCHEMAS[kind].items():
        plain = field.removesuffix("?")
        full = f"{name}.{plain}" if name else plain
        if plain in value:
            found |= problems(field_kind, value[plain], full)
        elif plain == field:
            found[full] = ["This field is required."]
    return found


def _first(found: Any) -> dict[str, list[str]]:
    return next((one for one in found if one), {})


def _wrong(name: str, wanted: str, value: object) -> dict[str, list[str]]:
    return {name or "body": [f"This is {str(value)[:60]!r}; it must be {wanted}."]}
