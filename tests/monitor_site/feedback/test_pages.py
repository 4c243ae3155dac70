"""The inbox and the page of one: who sees the address, and what members may do."""

import re
from uuid import uuid4

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import AuditEntry
from monitor.feedback.models import Contact, Feedback, Status
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery, Thing

LIST = "/feedback/"
ADDRESS = "ada@example.org"
HOSTILE = "<script>alert(1)</script>"


def said(message: str, event_id: str | None = None, **more: object) -> Thing:
    words = {"message": message, "contact_email": ADDRESS, "name": "Ada", **more}
    if event_id:
        words["associated_event_id"] = event_id
    return ("feedback", {"environment": "production", "contexts": {"feedback": words}})


def failure() -> dict[str, object]:
    return {"event_id": uuid4().hex, "exception": {"values": [{"type": "ValueError", "value": "boom"}]}}


def text_of(response: object) -> str:
    html = response.content.decode()  # type: ignore[attr-defined]
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_without_feedback_the_page_says_where_it_comes_from(as_viewer: Client, project: Project) -> None:
    assert "No feedback yet" in text_of(as_viewer.get(LIST))


def test_the_inbox(deliver: Delivery, as_member: Client) -> None:
    (event_id,) = deliver(failure())
    deliver(said("It broke when I saved", event_id), said("Nice colours"), said("It waits", uuid4().hex))
    page = text_of(as_member.get(LIST))
    assert "Open 3" in page
    assert "HYDROML-1 ValueError: boom" in page
    assert page.count("its error has not arrived") == 1
    assert ADDRESS not in as_member.get(LIST).content.decode()
    found = text_of(as_member.get(f"{LIST}?q=colours"))
    assert ("Nice colours" in found, "It broke" in found) == (True, False)
    assert "Nothing matches" in text_of(as_member.get(f"{LIST}?q=nothing"))
    assert "Nothing here" in text_of(as_member.get(f"{LIST}?status=spam"))
    assert "Nothing in environment “staging”" in text_of(as_member.get(f"{LIST}?environment=staging"))


def test_the_inbox_asks_the_same_number_of_questions_however_long_it_is(
    deliver: Delivery, as_member: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    (event_id,) = deliver(failure())
    deliver(*(said(f"number {n}", event_id) for n in range(40)))
    with django_assert_max_num_queries(9):
        assert as_member.get(LIST).content.count(b"data-item") == 30


def test_one_of_it_leads_to_issue_and_event(deliver: Delivery, as_viewer: Client) -> None:
    (event_id,) = deliver(failure())
    deliver(
        said("It broke\nwhen I saved", event_id, url="https://shop.example/pay"), said("Me too", event_id)
    )
    feedback = Feedback.objects.get(message__startswith="It broke")
    html = as_viewer.get(f"{LIST}{feedback.pk}/").content.decode()
    assert "It broke<br>when I saved" in html
    assert f'href="/issues/{feedback.issue_id}/"' in html
    assert event_id in html
    assert "the very event" in html
    assert "Me too" in html
    assert "https://shop.example/pay" in html


def test_only_members_see_the_address_and_only_on_asking(
    deliver: Delivery, as_member: Client, as_viewer: Client
) -> None:
    deliver(said("Call me"))
    feedback = Feedback.objects.get()
    page, ask = f"{LIST}{feedback.pk}/", f"{LIST}{feedback.pk}/contact/"
    for client in (as_member, as_viewer):
        assert ADDRESS not in client.get(page).content.decode()
    assert as_viewer.post(ask).status_code == 403
    assert as_member.get(ask).status_code == 405
    assert not AuditEntry.objects.filter(action="feedback.contact_seen").exists()
    shown = as_member.post(ask)
    assert ADDRESS in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert AuditEntry.objects.get(action="feedback.contact_seen").actor == "mary@example.org"
    assert ADDRESS not in as_member.get(page).content.decode()


def test_members_sort_it_out(
    deliver: Delivery, as_member: Client, as_viewer: Client, other_project: Project
) -> None:
    deliver(said("one"), said("two"), said("three"))
    deliver(said("theirs"), project=other_project)
    ids = list(Feedback.objects.order_by("pk").values_list("pk", flat=True))
    post = {"feedback": [ids[0], ids[1], ids[3], "x"], "action": "resolved", "next": "/feedback/?q=t"}
    assert as_viewer.post(f"{LIST}change/", post).status_code == 403
    response = as_member.post(f"{LIST}change/", post)
    assert response["Location"] == "/feedback/?q=t"
    assert Feedback.objects.filter(status=Status.RESOLVED).count() == 2
    assert "2 are resolved." in text_of(as_member.get(LIST))
    assert "Nothing was ticked" in text_of(as_member.post(f"{LIST}change/", {"action": "spam"}, follow=True))
    away = as_member.post(
        f"{LIST}change/", {"feedback": ids[2], "action": "spam", "next": "https://evil.example/"}
    )
    assert away["Location"] == LIST
    as_member.post(f"{LIST}change/", {"feedback": ids, "action": "delete"})
    assert list(Feedback.objects.values_list("message", flat=True)) == ["theirs"]
    assert Contact.objects.count() == 1


def test_hostile_words_are_shown_as_words(deliver: Delivery, as_member: Client) -> None:
    page = f"javascript:alert(1)//{HOSTILE}"
    deliver(said(HOSTILE, url=page, name=HOSTILE, contact_email=HOSTILE, source=HOSTILE))
    feedback = Feedback.objects.get()
    for response in (
        as_member.get(LIST),
        as_member.get(f"{LIST}{feedback.pk}/"),
        as_member.post(f"{LIST}{feedback.pk}/contact/"),
    ):
        html = response.content.decode()
        assert HOSTILE not in html
        assert 'href="javascript:' not in html


def test_a_number_that_no_feedback_can_have_is_none(as_member: Client) -> None:
    for digits in (30, 5000):
        answer = as_member.post(
            "/feedback/change/", {"action": "resolved", "feedback": "9" * digits}, follow=True
        )
        assert "Nothing was ticked." in text_of(answer)
