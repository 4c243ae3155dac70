"""The list renews itself: figures where they stand, new issues announced, nothing moved."""

from __future__ import annotations

import re

from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import User
from monitor.issues import services
from monitor.issues.models import Issue
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

LIST, LIVE = reverse("issues:list"), reverse("issues:live")


def renewal(client: Client, query: str = "") -> str:
    """The address that the list asks every fifteen seconds."""
    response = client.get(f"{LIST}?{query}")
    address: str = response.context["live_url"]
    return address


def fresh(client: Client, address: str) -> str:
    response = client.get(address, headers={"HX-Request": "true"})
    assert response.status_code == 200
    page: str = response.content.decode()
    return page


def test_rows_that_are_shown_get_their_figures(deliver: Delivery, as_member: Client) -> None:
    deliver(failure("a"), failure("b"))
    address = renewal(as_member)
    deliver(failure("a", user="7", suppressed=41))
    page = fresh(as_member, address)
    issue = Issue.objects.get(number=1)
    assert f'<span id="i{issue.pk}-users">1</span>' in page
    assert re.search(rf'<span id="i{issue.pk}-times" title="43 in [^"]+">43</span>', page)
    assert "new issue" not in page


def test_every_part_that_is_renewed_stands_in_both(deliver: Delivery, as_member: Client) -> None:
    """htmx takes the parts named in hx-select-oob from the answer, and puts each where its like stands."""
    deliver(failure("a"), failure("b"))
    response = as_member.get(LIST)
    page, answer = response.content.decode(), fresh(as_member, response.context["live_url"])
    parts = response.context["renewed"].split(",")
    assert len(parts) == 1 + 2 * 6
    for part in parts:
        assert page.count(f'id="{part[1:]}"') == 1, part
        assert answer.count(f'id="{part[1:]}"') == 1, part


def test_new_issues_are_announced_if_they_match(deliver: Delivery, as_member: Client) -> None:
    deliver(failure("a"))
    address, of_databases = renewal(as_member), renewal(as_member, "q=category:database&page=1")
    deliver(failure("b"), failure("c", tags={"category": "database"}))
    assert "2 new issues match. Show them" in fresh(as_member, address)
    page = fresh(as_member, of_databases)
    assert "1 new issue matches. Show it" in page
    assert f'href="{LIST}?q=category%3Adatabase"' in page


def test_what_somebody_else_has_resolved_says_so_and_stays(
    deliver: Delivery, as_member: Client, admin: User
) -> None:
    deliver(failure("a"))
    address = renewal(as_member)
    services.resolve(Issue.objects.all(), admin)
    assert "Resolved" in fresh(as_member, address)


def test_a_stranger_learns_nothing(deliver: Delivery, other_project: Project, as_member: Client) -> None:
    deliver(failure("ours"))
    address = renewal(as_member)
    deliver(failure("theirs"), project=other_project)
    theirs = Issue.objects.get(project=other_project)
    page = fresh(as_member, re.sub(r"shown=\d+", f"shown={theirs.pk}", address))
    assert f"i{theirs.pk}-" not in page
    assert "new issue" not in page


def test_what_was_not_asked_by_the_list_is_answered_too(as_member: Client) -> None:
    for query in ("", "shown=x.y..&newest=z", "address=q%3Dis%3Ax", f"shown={'9' * 30}", "address=page%3Dx"):
        fresh(as_member, f"{LIVE}?{query}")
    assert as_member.get(f"{LIVE}?address=project%3Dnone").status_code == 404


def test_it_is_cheap(
    deliver: Delivery, as_member: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    deliver(*(failure(f"f{number}") for number in range(30)))
    address = renewal(as_member)
    with django_assert_max_num_queries(8):
        fresh(as_member, address)
