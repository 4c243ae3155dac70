"""The page: what it shows, to whom, in which order, and what it costs."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from monitor.issues.models import Issue
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

LIST = reverse("issues:list")


def titles(client: Client, **query: str) -> list[str]:
    return [row.issue.title for row in client.get(LIST, query).context["rows"]]


def test_an_empty_monitor_says_what_will_be_here(as_member: Client) -> None:
    page = as_member.get(LIST).content.decode()
    assert "No errors yet" in page
    assert "data-issues" not in page


def test_a_row_says_what_who_and_how_often(deliver: Delivery, as_member: Client) -> None:
    deliver(
        failure("load", tags={"category": "database", "severity": "P0"}, user="7", release="1.4.2"),
        failure("load", suppressed=1203, user="8"),
    )
    response = as_member.get(LIST)
    page = response.content.decode()
    [row] = response.context["rows"]
    assert (row.name, row.rest, row.in_period) == ("ValueError", "no rain", 1205)
    for words in ("database", "P0", "1,205", "New in 1.4.2", "HYDROML-1", "1,205 in the last 24 hours"):
        assert words in page
    assert row.issue.users == 2


def test_unresolved_ones_are_shown_unless_something_else_is_asked_for(
    deliver: Delivery, as_member: Client
) -> None:
    deliver(failure("a", value="first"), failure("b", value="second"))
    Issue.objects.filter(title__contains="second").update(status="resolved")
    assert titles(as_member) == ["ValueError: first"]
    assert titles(as_member, q="is:resolved") == ["ValueError: second"]
    assert len(titles(as_member, q="")) == 2


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["c", "b", "a"]),
        ("last_seen", ["c", "b", "a"]),
        ("-last_seen", ["a", "b", "c"]),
        ("first_seen", ["b", "c", "a"]),
        ("events", ["b", "a", "c"]),
        ("-events", ["c", "a", "b"]),
        ("users", ["c", "b", "a"]),
        ("severity", ["b", "c", "a"]),
        ("-severity", ["c", "b", "a"]),
        ("nonsense", ["c", "b", "a"]),
    ],
)
def test_the_order_stands_in_the_address(
    deliver: Delivery, as_member: Client, sort: str, expected: list[str]
) -> None:
    deliver(*(failure(name, value=name) for name in "abc"))
    now = time.time()
    figures = {"a": (1, 10, 5, 0, ""), "b": (2, 30, 9, 1, "P1"), "c": (3, 20, 2, 4, "P3")}
    for name, (last, first, times, users, severity) in figures.items():
        Issue.objects.filter(title__endswith=f": {name}").update(
            last_seen=now + last, first_seen=now + first, times=times, users=users, severity=severity
        )
    assert [title[-1] for title in titles(as_member, sort=sort)] == expected


def test_a_strangers_project_is_not_there(
    deliver: Delivery, other_project: Project, as_member: Client, as_admin: Client
) -> None:
    deliver(failure("ours"))
    deliver(failure("theirs", value="secret"), project=other_project)
    assert titles(as_member) == ["ValueError: no rain"]
    assert titles(as_member, q="secret") == []
    assert titles(as_member, q=f"issue:{other_project.slug}-1") == []
    assert as_member.get(LIST, {"project": other_project.slug}).status_code == 404
    assert len(titles(as_admin)) == 2
    assert titles(as_admin, project=other_project.slug) == ["ValueError: secret"]


def test_the_environment_narrows_the_list(deliver: Delivery, as_member: Client) -> None:
    deliver(
        failure("a", value="one", environment="production"), failure("b", value="two", environment="staging")
    )
    assert titles(as_member, environment="staging") == ["ValueError: two"]


def test_a_mistake_is_told_beside_the_field_and_nothing_is_shown(
    deliver: Delivery, as_member: Client
) -> None:
    deliver(failure("a"))
    response = as_member.get(LIST, {"q": "is:unresolved category:databse"})
    page = response.content.decode()
    assert response.context["rows"] == []
    assert "<code>category:databse</code> Did you mean database?" in page
    assert 'aria-invalid="true"' in page
    assert 'value="is:unresolved category:databse"' in page
    assert "data-issues" not in page


def test_pages_do_not_overlap_and_keep_the_search(deliver: Delivery, as_member: Client) -> None:
    deliver(*(failure(f"f{number}") for number in range(60)))
    Issue.objects.update(last_seen=time.time())
    pages = [
        as_member.get(LIST, {"q": "rain", "sort": "events", "page": str(number)}) for number in (1, 2, 3)
    ]
    ids = [row.issue.pk for page in pages for row in page.context["rows"]]
    assert len(ids) == len(set(ids)) == 60
    assert "q=rain&amp;sort=events&amp;page=2" in pages[0].content.decode()
    assert "60 match" in pages[0].content.decode()


def test_counting_ends_where_nobody_pages(
    deliver: Delivery, as_member: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.issues.listing.COUNTED", 30)
    deliver(*(failure(f"f{number}") for number in range(40)))
    page = as_member.get(LIST, {"page": "9"})
    assert "More than 30 match" in page.content.decode()
    assert page.context["page"].number == 2
    assert len(page.context["rows"]) == 5


@pytest.mark.parametrize("period", ["24h", "7d", "14d", "30d"])
def test_the_period_changes_the_trend_and_not_the_issues(
    deliver: Delivery, as_member: Client, period: str
) -> None:
    now = time.time()
    days = {"24h": 1, "7d": 7, "14d": 14, "30d": 30}[period]
    for ago in (0.5, 5, 12, 25):
        at = now - ago * 86_400
        deliver(failure("a", timestamp=at), received=at)
    [row] = as_member.get(LIST, {"period": period}).context["rows"]
    assert row.in_period == sum(ago < days for ago in (0.5, 5, 12, 25))
    assert row.issue.times == 4
    assert 24 <= len(row.trend) <= 30


def test_a_trend_of_less_than_a_day_is_of_a_day_and_says_so(deliver: Delivery, as_member: Client) -> None:
    at = time.time() - 5 * 3600
    deliver(failure("a", timestamp=at), received=at)
    page = as_member.get(LIST, {"period": "1h"}).content.decode()
    assert "Last 24 hours</th>" in page
    assert "1 in the last 24 hours" in page


def test_a_viewer_is_offered_nothing_to_change(deliver: Delivery, as_viewer: Client) -> None:
    deliver(failure("a"))
    page = as_viewer.get(LIST).content.decode()
    assert "ValueError" in page
    assert 'name="action"' not in page
    assert 'name="issue"' not in page


@pytest.mark.parametrize("hostile", ['<script>alert("x")</script>', '"><img src=x onerror=alert(1)>'])
def test_what_events_say_stays_text(deliver: Delivery, as_member: Client, hostile: str) -> None:
    deliver(
        failure(
            "a",
            type_=hostile,
            value=hostile,
            transaction=hostile,
            release=hostile,
            tags={"category": hostile},
            level="error",
        )
    )
    page = as_member.get(LIST, {"q": ""}).content.decode()
    assert hostile not in page
    assert "&lt;" in page
    page = as_member.get(LIST, {"q": hostile}).content.decode()
    assert hostile not in page


def test_more_rows_cost_no_more_queries(
    deliver: Delivery, as_member: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    deliver(*(failure(f"f{number}", environment="production") for number in range(30)))
    # Session, user, projects, ids, rows, trends, environments, newest, assignees.
    with django_assert_max_num_queries(9):
        as_member.get(LIST)
    with django_assert_max_num_queries(10):
        as_member.get(LIST, {"q": "rain environment:production", "sort": "events", "page": "2"})
