"""Feedback: kept once, scrubbed, its address apart, and linked to its error whichever comes first."""

import time
from uuid import uuid4

import pytest
from django.db.models import Sum

from monitor.access.models import AuditEntry, User
from monitor.events.surroundings import user_key_of
from monitor.feedback import services
from monitor.feedback.linking import link_waiting
from monitor.feedback.models import Contact, Feedback, Status
from monitor.feedback.selectors import inbox, of_event, of_issue
from monitor.feedback.storing import forget_old
from monitor.issues.arrival import user_hash, user_salt
from monitor.issues.models import Issue
from monitor.issues.services import delete as delete_issues
from monitor.issues.services import merge
from monitor.projects.models import Project
from monitor.stats.models import OutcomeCount
from tests.monitor_site.delivering import Delivery

ADDRESS = "ada@example.org"


def said(
    message: str = "It broke when I saved.", event_id: str | None = None, **more: object
) -> dict[str, object]:
    words = {"message": message, "contact_email": ADDRESS, "name": "Ada", "source": "error_page"}
    if event_id:
        words["associated_event_id"] = event_id
    return {"level": "info", "platform": "python", "contexts": {"feedback": words}, **more}


def failure(text: str = "boom", **more: object) -> dict[str, object]:
    return {"event_id": uuid4().hex, "exception": {"values": [{"type": "ValueError", "value": text}]}, **more}


def test_what_is_kept_of_feedback(deliver: Delivery) -> None:
    deliver(
        (
            "feedback",
            said(
                "I typed password=hunter2secret\nand wrote to bob@example.org",
                release="shop@1.0.0",
                environment="production",
                user={"id": "17"},
            )
            | {"request": {"url": "https://shop.example/pay?token=abcdefgh12345678"}},
        )
    )
    feedback = Feedback.objects.get()
    assert "hunter2secret" not in feedback.message
    assert "bob@example.org" not in feedback.message
    assert feedback.message.startswith("I typed password=")
    assert "\n" in feedback.message
    assert "abcdefgh12345678" not in feedback.url
    assert feedback.url.startswith("https://shop.example/pay")
    assert (feedback.name, feedback.release, feedback.environment) == ("Ada", "shop@1.0.0", "production")
    assert (feedback.status, feedback.source) == (Status.OPEN, "error_page")
    assert bytes(feedback.user or b"") == user_hash(user_key_of({"id": "17"}, user_salt()) or "")
    assert Contact.objects.get().address == ADDRESS
    assert ADDRESS not in str(vars(feedback))


@pytest.mark.parametrize("place", ["feedback", "request"])
def test_the_page_it_was_written_on(deliver: Delivery, place: str) -> None:
    payload = said()
    page = "https://shop.example/orders?tab=data&email=bob@example.org"
    if place == "feedback":
        payload["contexts"]["feedback"]["url"] = page  # type: ignore[index]
    else:
        payload["request"] = {"url": page}
    deliver(("feedback", payload))
    url = Feedback.objects.get().url
    assert url.startswith("https://shop.example/orders?tab=data")
    assert "bob" not in url


def test_an_address_in_the_place_of_the_name_is_not_kept_there(deliver: Delivery) -> None:
    payload = said()
    payload["contexts"]["feedback"]["name"] = "bob@example.org"  # type: ignore[index]
    deliver(("feedback", payload))
    assert "@" not in Feedback.objects.get().name


def test_a_user_report_of_an_older_sdk(deliver: Delivery) -> None:
    (event_id,) = deliver(failure())
    report = {"event_id": event_id, "name": "Ada", "email": ADDRESS, "comments": "It broke."}
    deliver(("user_report", report), ("user_report", report))
    feedback = Feedback.objects.get()
    assert (feedback.message, feedback.event_id, feedback.contact.address) == ("It broke.", event_id, ADDRESS)
    assert feedback.issue == Issue.objects.get()


def test_what_comes_twice_is_kept_once(deliver: Delivery) -> None:
    body = deliver.envelope(("feedback", said()))
    deliver(body, body)
    deliver(body)
    assert Feedback.objects.count() == 1
    # They are kept by the minute, which may turn in between.
    counts = OutcomeCount.objects.filter(category="feedback").values_list("outcome")
    assert sorted(counts.annotate(Sum("quantity"))) == [("digested", 1), ("duplicate", 2)]


@pytest.mark.parametrize(
    "payload", [{}, {"contexts": {}}, said(" "), {"contexts": {"feedback": {"message": 7}}}]
)
def test_what_says_nothing_is_set_aside(deliver: Delivery, payload: dict[str, object]) -> None:
    deliver(("feedback", payload), ("feedback", said()))
    assert Feedback.objects.count() == 1
    assert OutcomeCount.objects.get(outcome="poison").quantity == 1


def test_it_is_linked_to_an_event_that_came_before(deliver: Delivery) -> None:
    (event_id,) = deliver(failure())
    deliver(("feedback", said(event_id=event_id)))
    issue = Issue.objects.get()
    assert list(of_issue(issue)) == list(of_event(bytes.fromhex(event_id))) == [Feedback.objects.get()]


def test_it_is_linked_to_an_event_of_its_own_envelope(deliver: Delivery) -> None:
    event = failure()
    report = {"event_id": event["event_id"], "comments": "It broke."}
    deliver(deliver.envelope(("user_report", report), event, event_id=str(event["event_id"])))
    assert Feedback.objects.get().issue == Issue.objects.get()


def test_it_is_linked_to_an_event_that_comes_later(deliver: Delivery) -> None:
    event = failure()
    deliver(("feedback", said(event_id=str(event["event_id"]))))
    assert Feedback.objects.get().issue is None
    deliver(event, failure("another"))
    issue = Feedback.objects.get().issue
    assert issue is not None
    assert issue.value == "boom"


def test_it_is_linked_by_the_error_id_that_the_user_was_shown(deliver: Delivery) -> None:
    deliver(("feedback", said(tags={"error_id": "ERR-4711"})))
    (event_id,) = deliver(failure(tags={"error_id": "ERR-4711"}))
    link_waiting(time.time())
    feedback = Feedback.objects.get()
    assert feedback.event_id == event_id
    assert feedback.issue == Issue.objects.get()


def test_it_is_not_linked_to_another_projects_event(deliver: Delivery, other_project: Project) -> None:
    event = failure()
    deliver(("feedback", said(event_id=str(event["event_id"]))))
    deliver(event, project=other_project)
    deliver(("feedback", said(event_id=str(event["event_id"]))))
    link_waiting(time.time())
    assert not Feedback.objects.exclude(issue=None).exists()


def test_it_goes_along_when_issues_are_merged_and_stays_when_one_is_deleted(
    deliver: Delivery, admin: User
) -> None:
    one, two = deliver(failure("one", fingerprint=["one"]), failure("two", fingerprint=["two"]))
    deliver(("feedback", said(event_id=two)))
    target = merge(Issue.objects.all(), admin)
    assert list(of_issue(target)) == [Feedback.objects.get()]
    delete_issues([target], admin)
    assert Feedback.objects.get().issue is None
    assert one != two


def test_the_address_is_shown_to_who_asks_and_that_is_logged(deliver: Delivery, member: User) -> None:
    deliver(("feedback", said()))
    feedback = Feedback.objects.get()
    assert services.see_contact(feedback, member) == ADDRESS
    entry = AuditEntry.objects.get(action="feedback.contact_seen")
    assert (entry.user, entry.project) == (member, feedback.project)
    assert ADDRESS not in f"{entry.target} {entry.details}"


def test_states_and_removal_are_logged(deliver: Delivery, member: User) -> None:
    deliver(("feedback", said()))
    everything = Feedback.objects.all()
    assert services.set_status(everything, Status.SPAM, member) == 1
    assert services.set_status(everything, Status.SPAM, member) == 0
    assert list(of_event(b"0" * 16)) == []
    assert services.set_status(everything, Status.OPEN, member) == 1
    assert services.delete(everything, member) == 1
    assert not Contact.objects.exists()
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "feedback.marked_spam",
        "feedback.reopened",
        "feedback.deleted",
    ]


def test_a_person_can_be_forgotten(deliver: Delivery) -> None:
    deliver(("feedback", said(user={"id": "17"})), ("feedback", said(user={"id": "18"})))
    assert services.forget_person(user_hash(user_key_of({"id": "17"}, user_salt()) or "")) == 1
    assert Feedback.objects.count() == Contact.objects.count() == 1


def test_words_and_address_go_when_their_time_is_over(deliver: Delivery) -> None:
    now = time.time()
    deliver(("feedback", said()), received=now - 91 * 86400)
    deliver(("feedback", said()), received=now - 89 * 86400)
    forget_old(now)
    assert Feedback.objects.count() == Contact.objects.count() == 1


def test_the_inbox_is_searched_by_words_and_ids(deliver: Delivery, project: Project) -> None:
    event_id = uuid4().hex
    deliver(("feedback", said("Saving the Rain file fails", event_id)), ("feedback", said("Nice colours")))
    found = {
        words: [feedback.message for feedback in inbox([project], words=words)]
        for words in ("rain fails", "rain colours", "nice", event_id, uuid4().hex, "ada")
    }
    assert found["rain fails"] == found[event_id] == ["Saving the Rain file fails"]
    assert found["nice"] == ["Nice colours"]
    assert found["rain colours"] == []
    assert len(found["ada"]) == 2
    assert list(inbox([], words="")) == []
