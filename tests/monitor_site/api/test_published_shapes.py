"""Every answer is in the shape that Sentry publishes for the operation; where it is not, here is why."""

from __future__ import annotations

import re
from typing import Any

import pytest

from monitor.api.routing import ROOT, Operation
from tests.monitor_site.api.asked import BODIES, READING, WRITING, address, ask
from tests.monitor_site.api.conftest import Caller, Full
from tests.monitor_site.api.published import answer_schema, document, violations

pytestmark = pytest.mark.shared

DEVIATIONS: dict[tuple[str, str], str] = {
    ("monitors", "environments"): "a list, as Sentry answers it; the document says an object",
    ("monitors", "owner"): "null: monitors have no owners",
    ("monitors", "config/schedule"): "an interval is a number and a unit; the document says two numbers",
    ("monitors", "monitorConfig/schedule"): "the same",
    ("monitors", "expectedTime"): "null of a check-in that came of itself",
    ("members", "invite_link"): "there are no invitations",
    ("members", "isOnlyOwner"): "an admin more or less is the business of the page of users",
    ("members", "groups"): "there are no teams",
    ("members", "teams"): "the same",
    ("members", "teamRoles"): "the same",
    ("members", "roles"): "the same",
    ("members", "orgRoleList"): "roles are three, and of the whole monitor",
    ("members", "teamRoleList"): "the same",
}
"""Area and field: in what the answers differ from the document, and why (docs/monitor/api.md)."""


def test_answers_have_the_published_shape(full: Full, as_script: Caller) -> None:
    checked = [one for one in READING if _is_published(one)]
    wrong = {one.path: found for one in checked if (found := _violations(one, ask(as_script, one, full)))}
    assert wrong == {}
    assert len(checked) > 35


@pytest.mark.parametrize("operation", WRITING, ids=lambda one: one.name)
def test_what_changes_something_answers_in_the_published_shape(
    operation: Operation, full: Full, as_script: Caller
) -> None:
    if not _is_published(operation):
        pytest.skip("Sentry publishes nothing of it.")
    if operation.name == "delete_release":
        as_script("POST", "organizations/hydroml/releases/", BODIES["create_release"])
        response = as_script("DELETE", address(operation, full).replace("1.4.2", "1.5.0"))
    elif operation.name == "upload_release_file":
        assert ask(as_script, operation, full).status_code == 400
        return
    else:
        response = ask(as_script, operation, full)
    assert _violations(operation, response) == []


def _is_published(operation: Operation) -> bool:
    return operation.method.lower() in document()["paths"].get(f"{ROOT}{operation.path}", {})


def _violations(operation: Operation, response: Any) -> list[str]:
    assert response.status_code in (operation.status, *operation.other_statuses), (
        operation,
        response.content,
    )
    schema = answer_schema(f"{ROOT}{operation.path}", operation.method, response.status_code)
    if schema is None:
        return []
    return [one for one in violations(schema, response.json()) if not _is_known(operation, one)]


def _is_known(operation: Operation, violation: str) -> bool:
    return any(
        f"/{area}/" in operation.path and re.search(rf"(^|/|\"){re.escape(field)}(\"|:|/)", violation)
        for area, field in DEVIATIONS
    )
