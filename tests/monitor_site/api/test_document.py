"""The OpenAPI document and its page are made of the table of operations, and tell the truth about it."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from monitor.access.models import User
from monitor.access.scopes import SCOPES
from monitor.api.routing import OPERATIONS, ROOT
from monitor.projects.models import Project
from tests.monitor_site.api.asked import BODIES, READING, ask
from tests.monitor_site.api.conftest import Caller, Full


def _document() -> Any:
    return Client().get("/api/0/openapi.json").json()


@pytest.mark.django_db
def test_it_has_each_operation_once_under_a_name_of_its_own() -> None:
    document = _document()
    assert document["openapi"] == "3.1.0"
    described = [one for operations in document["paths"].values() for one in operations.values()]
    assert len(described) == len(OPERATIONS)
    assert len({one["operationId"] for one in described}) == len(OPERATIONS)
    assert all(set(one["x-scopes"]) <= set(SCOPES) for one in described)


@pytest.mark.django_db
def test_its_references_lead_somewhere() -> None:
    document = _document()
    names = document["components"]["schemas"]

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            here = [value["$ref"]] if "$ref" in value else []
            return here + [one for part in value.values() for one in references(part)]
        return [one for part in value for one in references(part)] if isinstance(value, list) else []

    assert {one.rpartition("/")[2] for one in references(document)} <= set(names)


def test_answers_are_as_it_says(full: Full, as_script: Caller) -> None:
    document = _document()
    for one in READING:
        good = document["paths"][f"{ROOT}{one.path}"]["get"]["responses"][str(one.status)]
        schema = good["content"]["application/json"]["schema"]
        validator = jsonschema_rs.Draft202012Validator(
            {**schema, "components": document["components"]}, validate_formats=True
        )
        answer = ask(as_script, one, full).json()
        assert [error.message for error in validator.iter_errors(answer)] == [], one


@pytest.mark.django_db
def test_bodies_that_the_tests_send_are_as_it_says() -> None:
    document = _document()
    for operations in document["paths"].values():
        for one in operations.values():
            if "requestBody" in one and one["operationId"] in BODIES:
                schema = one["requestBody"]["content"]["application/json"]["schema"]
                jsonschema_rs.validate(
                    {**schema, "components": document["components"]}, BODIES[one["operationId"]]
                )


def test_people_read_it_as_a_page(as_viewer: Client, project: Project) -> None:
    page = as_viewer.get("/api/0/", headers={"Accept": "text/html"}).content.decode()
    for one in OPERATIONS:
        assert one.summary in page.replace("&#x27;", "'"), one
    assert "Authorization: Bearer $TOKEN" in page
    anonymous = Client().get("/api/0/", headers={"Accept": "text/html"})
    assert anonymous["Location"].startswith("/accounts/login/")


def test_a_script_reads_there_who_it_is(as_script: Caller, admin: User) -> None:
    assert as_script.get("/api/0/")["user"]["email"] == admin.email
