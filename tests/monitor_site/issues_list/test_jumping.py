"""An id that somebody pastes leads to what it is of."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from monitor.issues.models import Issue, SampledEvent, StoredEvent
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

LIST = reverse("issues:list")


def place(client: Client, text: str) -> str | None:
    """Where the search leads; None: it stays in the list."""
    response = client.get(LIST, {"q": text})
    return response.headers["Location"] if response.status_code == 302 else None


def event_page(event_id: str) -> str:
    event = StoredEvent.objects.get(uid=bytes.fromhex(event_id))
    return reverse("issues:event", args=[event.issue_id, event_id])


def test_an_event_id_leads_to_its_event(deliver: Delivery, as_member: Client) -> None:
    first, second = deliver(failure("a"), failure("b"))
    dashed = f"{second[:8]}-{second[8:12]}-{second[12:16]}-{second[16:20]}-{second[20:]}"
    assert place(as_member, first) == event_page(first)
    assert place(as_member, f"  {second.upper()} ") == event_page(second)
    assert place(as_member, dashed) == event_page(second)


def test_an_error_id_leads_to_the_newest_event_that_has_it(deliver: Delivery, as_member: Client) -> None:
    now = time.time()
    [older] = deliver(failure("a", tags={"error_id": "K7QX-93HM"}, timestamp=now - 600))
    [newer] = deliver(failure("a", tags={"error_id": "K7QX-93HM"}, timestamp=now - 60))
    assert place(as_member, "K7QX-93HM") == event_page(newer)
    assert place(as_member, "k7qx-93hm") == event_page(newer)
    assert older != newer


def test_the_id_of_an_issue_leads_to_it(deliver: Delivery, as_member: Client) -> None:
    deliver(failure("a"), failure("b"))
    assert place(as_member, "hydroml-2") == reverse("issues:detail", args=[Issue.objects.get(number=2).pk])
    assert place(as_member, "HYDROML-3") is None
    assert place(as_member, "OTHER-1") is None


def test_a_trace_id_leads_to_what_happened_in_it(deliver: Delivery, as_member: Client) -> None:
    trace = "8ab1" * 8
    deliver(failure("a", contexts={"trace": {"trace_id": trace}}))
    assert place(as_member, trace) == f"{LIST}?q=trace%3A{trace}"
    assert len(as_member.get(LIST, {"q": f"trace:{trace}"}).context["rows"]) == 1


def test_of_a_flood_the_issue_is_known(deliver: Delivery, as_member: Client, settings: Settings) -> None:
    settings.PAYLOADS_AN_HOUR = 1
    ids = deliver(*(failure("a") for _ in range(3)))
    assert SampledEvent.objects.count() == 2
    assert place(as_member, ids[-1]) == reverse("issues:detail", args=[Issue.objects.get().pk])


def test_what_is_not_kept_is_said(as_member: Client, deliver: Delivery) -> None:
    deliver(failure("a"))
    page = as_member.get(LIST, {"q": "0" * 32}).content.decode()
    assert "No event with this id is kept" in page


@pytest.mark.parametrize("text", ["rain", "is:unresolved", "two words", "", "12"])
def test_words_stay_words(deliver: Delivery, as_member: Client, text: str) -> None:
    deliver(failure("a"))
    assert place(as_member, text) is None


def test_a_strangers_ids_lead_nowhere(
    deliver: Delivery, other_project: Project, as_member: Client, as_admin: Client, settings: Settings
) -> None:
    settings.PAYLOADS_AN_HOUR = 1
    trace = "8ab1" * 8
    ids = deliver(
        failure("a", tags={"error_id": "K7QX-93HM"}, contexts={"trace": {"trace_id": trace}}),
        failure("a"),
        project=other_project,
    )
    for text in (*ids, "K7QX-93HM", "OTHER-1", trace):
        assert place(as_member, text) is None, text
        assert place(as_admin, text) is not None, text
