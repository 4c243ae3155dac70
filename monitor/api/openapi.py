"""The OpenAPI 3.1 document, made of the table of operations."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from monitor.access.scopes import SCOPES
from monitor.api.parameters import PARAMETERS
from monitor.api.routing import OPERATIONS, PATH_VARIABLES, ROOT, Operation
from monitor.api.schemas import components, json_schema

Json = dict[str, Any]
_PROBLEMS = {
    400: "What was sent is wrong: by field, or `detail`",
    401: "No token, or none that is known",
    403: "The token lacks the scope, or its user the role",
    404: "There is none, or not for you",
    405: "Not by this method",
    409: "There is one already",
    413: "Larger than 2.5 MB",
}
_EXAMPLES = {
    "project_id_or_slug": "hydroml",
    "issue_id": "1",
    "event_id": "latest",
    "version": "hydroml@1.0.0",
    "key": "environment",
}


def document() -> Json:
    paths: Json = {}
    for one in OPERATIONS:
        paths.setdefault(f"{ROOT}{one.path}", {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "HydroML monitor",
            "version": settings.VERSION,
            "description": "Issues, events, releases, crons and statistics, in Sentry's shapes. docs/monitor/api.md says"
            " where they differ.",
        },
        "servers": [{"url": settings.PUBLIC_URL}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {
                **components(),
                "Problem": {
                    "type": "object",
                    "properties": {"detail": {"type": "string"}},
                    "additionalProperties": True,
                },
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made on the page “API tokens”. Scopes: " + ", ".join(SCOPES),
                }
            },
        },
    }


def example_path(one: Operation) -> str:
    path = f"{ROOT}{one.path}"
    for name in one.variables:
        value = settings.ORGANIZATION if name == "organization_id_or_slug" else _EXAMPLES.get(name, "1")
        path = path.replace(f"{{{name}}}", value)
    return path


def _operation(one: Operation) -> Json:
    made: Json = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.area],
        "security": [{"token": []}],
        "x-scopes": list(one.scopes),
        "parameters": [_in_path(name) for name in one.variables] + [_in_query(name) for name in one.query],
        "responses": _responses(one),
    }
    if one.body:
        made["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": json_schema(one.body)}},
        }
    return made


def _in_path(name: str) -> Json:
    _, words, _ = PATH_VARIABLES[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": words,
        "schema": {"type": "string", "minLength": 1},
    }


def _in_query(name: str) -> Json:
    schema, words = PARAMETERS[name]
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


def _responses(one: Operation) -> Json:
    good: Json = {"description": "Done" if one.answer is None else "The answer"}
    if one.answer is not None:
        good["content"] = {"application/json": {"schema": json_schema(one.answer)}}
    if one.files:
        good["content"]["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    if one.is_paged:
        good["headers"] = {
            "Link": {"description": "The pages before and after", "schema": {"type": "string"}}
        }
    found: Json = {str(one.status): good}
    for status in one.other_statuses:
        if status < 400:
            found[str(status)] = good
    problems = {400, 401, 403, 404, *(status for status in one.other_statuses if status >= 400)}
    for status in sorted(problems | ({413} if one.body else set())):
        found[str(status)] = {
            "description": _PROBLEMS[status],
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return found
