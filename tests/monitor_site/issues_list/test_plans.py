"""How SQLite goes about the list's queries. It has no statistics here or in production, so its choice is the same for
three issues as for a hundred thousand."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

LIST = reverse("issues:list")
BIG = (
    "issues_issue",
    "issues_issuetag",
    "issues_issuehour",
    "issues_storedevent",
    "issues_issueuser",
    "issues_tagvalue",
)


@pytest.fixture
def some(deliver: Delivery) -> None:
    deliver(*(failure(f"f{number}", environment="production", user="7") for number in range(3)))


def plans(client: Client, query: str) -> list[str]:
    """The steps of every query of the page that reads a big table."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"{LIST}?{query}").status_code == 200
    steps = []
    with connection.cursor() as cursor:
        for captured in queries:
            if captured["sql"].startswith("SELECT") and any(f'"{name}"' in captured["sql"] for name in BIG):
                cursor.execute(f"EXPLAIN QUERY PLAN {captured['sql']}")
                steps += [row[3] for row in cursor.fetchall()]
    assert steps
    return steps


def scans(steps: list[str]) -> list[str]:
    """Steps that go through a big table, or an index of it, from end to end."""
    return [step for step in steps if step.startswith("SCAN") and any(name in step.split() for name in BIG)]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "page=2",
        "sort=events",
        "sort=users",
        "sort=severity",
        "sort=first_seen",
        "environment=production",
        "period=30d",
        "q=is:unresolved+rain",
        "q=is:unresolved+environment:production",
        "q=is:unresolved+!environment:production",
        "q=is:unresolved+environment:prod*",
        "q=is:unresolved+has:environment&sort=events",
        "q=is:unresolved+user:7",
        "q=is:unresolved+category:database+severity:<=P1",
        "q=is:unresolved+lastSeen:-1h+times:>5",
    ],
)
@pytest.mark.parametrize("who", ["as_admin", "as_member"])
def test_nothing_big_is_read_from_end_to_end(
    some: None, other_project: Project, request: pytest.FixtureRequest, who: str, query: str
) -> None:
    client: Client = request.getfixturevalue(who)
    steps = plans(client, query)
    # The newest number of all is the end of the table, not a scan of it.
    assert scans(steps) == []
    assert any("COVERING INDEX issue_list" in step for step in steps), steps


def test_the_default_list_is_read_in_order(some: None, as_admin: Client) -> None:
    """SQLite stops at the thousandth: nothing but equal times is sorted."""
    assert not [step for step in plans(as_admin, "") if step == "USE TEMP B-TREE FOR ORDER BY"]
    assert not [step for step in plans(as_admin, "sort=events") if step == "USE TEMP B-TREE FOR ORDER BY"]


def test_without_a_status_an_index_is_read_and_not_the_table(some: None, as_member: Client) -> None:
    assert all("COVERING INDEX" in step for step in scans(plans(as_member, "q=&sort=events")))


def test_words_are_found_by_their_index(some: None, as_member: Client) -> None:
    assert any("VIRTUAL TABLE" in step for step in plans(as_member, "q=rain"))
