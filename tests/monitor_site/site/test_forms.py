"""A form that could not be taken comes back as 422, filled in as it was."""

import pytest
from django.test import Client

from monitor.projects.models import Project


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/incidents/new/", "title"),
        ("/crons/new/", "name"),
        ("/rota/people/", "name"),
        ("/rota/on_call/stand-in/", "reason"),
        ("/alerts/rules/content/", "reason"),
    ],
)
def test_what_could_not_be_taken(as_admin: Client, project: Project, address: str, name: str) -> None:
    too_long = "x" * 5000
    answer = as_admin.post(address, {name: too_long, "for": project.slug})
    assert answer.status_code == 422
    assert too_long in answer.text
