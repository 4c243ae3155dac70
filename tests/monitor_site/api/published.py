"""Sentry's published OpenAPI document, as schemas that a validator takes."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

Json = dict[str, Any]
_FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "sentry-openapi.json.gz"


@cache
def document() -> Json:
    """Skips the test where there is no ../shared."""
    if not _FILE.exists():
        pytest.skip("no ../shared/data beside the repository")
    read: Json = orjson.loads(gzip.decompress(_FILE.read_bytes()))
    return read


def answer_schema(path: str, method: str, status: int) -> Json | None:
    """None for an operation or an answer that is not published."""
    operation = document()["paths"].get(path, {}).get(method.lower())
    if operation is None or str(status) not in operation["responses"]:
        return None
    content = operation["responses"][str(status)].get("content", {}).get("application/json")
    return None if content is None else _plain(content["schema"])


def violations(schema: Json, value: Any) -> list[str]:
    """`where: what`."""
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return [
        f"{'/'.join(str(part) for part in error.instance_path)}: {error.message[:300]}"
        for error in validator.iter_errors(value)
    ]


def _plain(schema: Any) -> Any:
    """OpenAPI 3.0 has `nullable` where JSON Schema has the type null; references are put in."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _plain(document()["components"]["schemas"][name])
    made = {
        key: _plain(value) for key, value in schema.items() if key not in ("nullable", "example", "examples")
    }
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made
