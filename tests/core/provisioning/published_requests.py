"""Each request held against Sentry's published OpenAPI document: method, path, query, body. Nothing unknown passes."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs

from tests.monitor_site.api.published import Json, _plain, answer_schema, document

# In the published answer of the project, and written by Sentry's own settings page; docs/provisioning.md says so.
UNPUBLISHED = {
    "/api/0/projects/{organization_id_or_slug}/{project_id_or_slug}/": {
        "dataScrubber": {"type": "boolean"},
        "dataScrubberDefaults": {"type": "boolean"},
        "scrubIPAddresses": {"type": "boolean"},
        "relayPiiConfig": {"type": "string"},
        "fingerprintingRules": {"type": "string"},
        "groupingEnhancements": {"type": "string"},
    }
}


class UnpublishedError(Exception):
    """The request is not one of the document's."""


def operation_of(method: str, address: str) -> tuple[str, Json, dict[str, str]]:
    """(path template, operation, path parameters). Raises UnpublishedError."""
    path = urlsplit(address).path
    for template, expression in _templates():
        found = expression.fullmatch(path)
        if found and method.lower() in document()["paths"][template]:
            values = {name: unquote(value) for name, value in found.groupdict().items()}
            return template, document()["paths"][template][method.lower()], values
    raise UnpublishedError(f"{method} {path} is not published")


@cache
def _templates() -> list[tuple[str, re.Pattern[str]]]:
    """Fixed paths before those with parameters."""
    paths = sorted(document()["paths"], key=lambda path: (path.count("{"), path))
    return [(path, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))) for path in paths]


def problems(method: str, address: str, body: Any) -> list[str]:
    """What the document says against this request."""
    template, operation, _ = operation_of(method, address)
    known = {
        each["name"]: each["schema"] for each in operation.get("parameters", ()) if each["in"] == "query"
    }
    found = [
        f"query parameter {name} is not published"
        for name, _ in parse_qsl(urlsplit(address).query)
        if name not in known
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return found if body is None else [*found, "a body is sent, and none is published"]
    return found + _told(_request_validator(template, method.lower()), body)


def answer_problems(method: str, template: str, status: int, answer: Any) -> list[str]:
    """What the document says against an answer of ours."""
    validator = _answer_validator(template, method, status)
    return [] if validator is None or answer is None else _told(validator, answer)


@cache
def _request_validator(template: str, method: str) -> jsonschema_rs.Draft202012Validator:
    content = document()["paths"][template][method]["requestBody"]["content"]["application/json"]
    schema = _closed(_plain(content["schema"]))
    schema["properties"] = schema["properties"] | UNPUBLISHED.get(template, {})
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@cache
def _answer_validator(template: str, method: str, status: int) -> jsonschema_rs.Draft202012Validator | None:
    schema = answer_schema(template, method, status)
    return None if schema is None else jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _told(validator: jsonschema_rs.Draft202012Validator, value: Any) -> list[str]:
    return [
        f"{'/'.join(str(part) for part in error.instance_path)}: {error.message[:300]}"
        for error in validator.iter_errors(value)
    ]


def described(template: str, method: str, key: str) -> str:
    """The published description of one key of a body."""
    content = document()["paths"][template][method]["requestBody"]["content"]["application/json"]
    return str(content["schema"]["properties"][key]["description"])


def _closed(schema: Any) -> Any:
    """No key beside the published ones: Sentry ignores what it does not know, and so would hide a mistake."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and "additionalProperties" not in closed:
        closed["additionalProperties"] = False
    return closed
