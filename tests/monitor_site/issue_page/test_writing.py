"""What is done from the issue page: comments, known errors, unmerging, the buttons of its head."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from monitor.access.models import AuditEntry, User
from monitor.issues import services
from monitor.issues.models import Issue, StoredEvent
from tests.monitor_site.issue_page.conftest import Deliver, sdk_event
from tests.monitor_site.issue_page.reading import page, shown


def test_a_comment_stands_in_the_activity(as_member: Client, issue: Issue) -> None:
    address = reverse("issues:comment", args=[issue.pk])
    assert as_member.post(address, {"text": "Looks like the <b>gauge</b>.\n\nAsk Ada."})["Location"].endswith(
        "#activity"
    )
    found = shown(as_member, issue)
    assert "Mary wrote Looks like the <b>gauge</b>. Ask Ada." in found.text
    event_id = StoredEvent.objects.get().event_id
    back = as_member.post(address, {"text": "Again, see https://example.org/x", "event": event_id})
    assert back["Location"] == reverse("issues:event", args=[issue.pk, event_id]) + "#activity"
    assert shown(as_member, issue).all("a", href="https://example.org/x", rel="nofollow")
    elsewhere = as_member.post(address, {"text": "x", "event": "//evil.example"})
    assert elsewhere["Location"] == reverse("issues:detail", args=[issue.pk]) + "#activity"
    refused = as_member.post(address, {"text": "  "}, follow=True)
    assert "A comment without words" in page(refused).text


def test_a_known_error_is_shown_wherever_the_type_appears_again(
    as_member: Client, arrived: Deliver, issue: Issue
) -> None:
    address = reverse("issues:known_error", args=[issue.pk])
    as_member.post(address, {"text": "Gauge 17 is dry.\nUse 01022501."})
    assert "Gauge 17 is dry. Use 01022501." in shown(as_member, issue).text
    like = shown(as_member, arrived(sdk_event("group")))
    assert "Known of HYDROML-1 , which is of the same type" in like.text
    assert "Gauge 17 is dry." in like.text
    assert "Gauge 17 is dry." not in shown(as_member, arrived(sdk_event("deep"))).text
    assert AuditEntry.objects.filter(action="issue.known_error").count() == 1
    as_member.post(address, {"text": "Gauge 17 is dry.\nUse 01022501."})
    assert AuditEntry.objects.filter(action="issue.known_error").count() == 1
    as_member.post(address, {"text": ""})
    assert "Gauge 17 is dry." not in shown(as_member, issue).text
    assert "took the note on it away" in shown(as_member, issue).text
    long = as_member.post(address, {"text": "x" * 10_001}, follow=True)
    assert "10,000 are kept at most" in page(long).text


def test_hashes_are_taken_out_again(as_member: Client, arrived: Deliver, member: User) -> None:
    one, other = arrived(sdk_event("view")), arrived(sdk_event("deep"))
    merged = services.merge([one.issue, other.issue], member)
    found = shown(as_member, merged)
    assert "The 2 hashes of this issue" in found.text
    assert "merged HYDROML-" in found.text
    assert ", merged from HYDROML-" in found.text
    hashes = [box.attributes["value"] for box in found.all("input", name="hash")]
    answer = as_member.post(reverse("issues:unmerge", args=[merged.pk]), {"hash": hashes[-1]}, follow=True)
    text = page(answer).text
    assert "was taken out of" in text
    assert "Event 1 of 1 kept" in text
    refused = as_member.post(reverse("issues:unmerge", args=[merged.pk]), {"hash": "0" * 32}, follow=True)
    assert "None of these hashes belongs to the issue." in page(refused).text


ACTIONS: list[tuple[str, dict[str, str], str]] = [
    ("resolve", {}, "Resolved"),
    ("resolve:next", {}, "Resolved in the next release"),
    ("resolve:release", {"release": "river@1.4.0"}, "Resolved in river@1.4.0"),
    ("ignore:1h", {}, "Ignored until"),
    ("ignore:times", {"times": "100"}, "Ignored until 101 events"),
    ("ignore:escalating", {}, "Ignored"),
    ("assign:me", {}, "assigned to Mary"),
]


@pytest.mark.parametrize(("action", "fields", "words"), ACTIONS)
def test_the_buttons_do_what_they_say(
    as_member: Client, issue: Issue, action: str, fields: dict[str, str], words: str
) -> None:
    found = shown(as_member, issue)
    address = reverse("issues:action", args=[issue.pk])
    assert found.all("button", name="action", value=action)
    assert found.all("form", action=address)
    here = reverse("issues:detail", args=[issue.pk])
    answer = as_member.post(address, {"action": action, "next": here, **fields}, follow=True)
    assert answer.redirect_chain[-1][0] == here
    assert words in page(answer).text
    if not action.startswith("assign"):
        assert page(answer).all("button", name="action", value="unresolve")
