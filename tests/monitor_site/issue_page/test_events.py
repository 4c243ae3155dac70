"""From one event of an issue to the next, and what is said where there is none."""

from __future__ import annotations

import time
from typing import Any

from django.test import Client
from django.urls import reverse

from monitor.access.models import User
from monitor.digest.models import PayloadBlock
from monitor.issues import services
from monitor.issues.models import Issue, SampledEvent, StoredEvent, sampled_key
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issue_page.conftest import Deliver, sdk_event
from tests.monitor_site.issue_page.reading import page, shown


def test_events_are_walked_from_the_oldest_to_the_newest(as_member: Client, arrived: Deliver) -> None:
    now = time.time()
    stored = [arrived(sdk_event(timestamp=now - 10 * (5 - n))) for n in range(5)]
    stored.append(arrived(sdk_event(timestamp=now - 10)))
    order = [*stored[:5], stored[5]]
    first = as_member.get(reverse("issues:oldest", args=[stored[0].issue_id]))
    assert first["Location"].endswith(f"/events/{order[0].event_id}/")
    seen, address = [], first["Location"]
    while address:
        found = page(as_member.get(address))
        seen.append(address.rstrip("/").rpartition("/")[2])
        assert f"Event {len(seen)} of 6 kept" in found.text
        following = [one.attributes["href"] for one in found.all("a", rel="next")]
        address = following[0] if following else ""
    assert seen == [one.event_id for one in order]
    assert "Event 6 of 6 kept" in shown(as_member, stored[0]).text


def test_events_at_one_moment_are_all_reached(as_member: Client, arrived: Deliver) -> None:
    # A moment that no microsecond is: what a clock's correction gives.
    moment = time.time() - 0.1234567
    stored = [arrived(sdk_event(timestamp=moment)) for _ in range(3)]
    StoredEvent.objects.update(timestamp=moment)
    address = reverse("issues:detail", args=[stored[0].issue_id])
    seen = []
    while address:
        found = page(as_member.get(address))
        seen.append(found.text.partition("Event ")[2].partition(" of")[0])
        before = [one.attributes["href"] for one in found.all("a", rel="prev")]
        address = before[0] if before else ""
    assert seen == ["3", "2", "1"]


def test_what_was_held_back_is_said_and_counted(as_member: Client, arrived: Deliver) -> None:
    text = shown(as_member, arrived(sdk_event(tags={"suppressed": "40"}))).text
    assert "This event stands for 41 occurrences" in text
    assert "seen 41 times in all" in text


def test_an_event_whose_payload_is_gone_says_so(as_member: Client, issue: Issue) -> None:
    stored = StoredEvent.objects.get(issue=issue)
    PayloadBlock.objects.filter(pk=stored.block_id).update(file="1999-01-01.0")
    found = shown(as_member, issue)
    assert "What this event said is gone" in found.text
    assert "GaugeError" in found.text
    for name in ("event_json", "curl", "event_markdown", "event_traceback"):
        assert as_member.get(reverse(f"issues:{name}", args=[issue.pk, stored.event_id])).status_code == 404


def test_an_issue_without_events_keeps_what_was_counted(as_member: Client, issue: Issue) -> None:
    StoredEvent.objects.all().delete()
    Issue.objects.update(stored=0)
    text = shown(as_member, issue).text
    assert "No event of this issue is kept any more" in text
    assert "What was done with it" in text
    assert as_member.get(reverse("issues:oldest", args=[issue.pk]))["Location"] == reverse(
        "issues:detail", args=[issue.pk]
    )
    assert "No event is kept" in page(as_member.get(reverse("issues:events", args=[issue.pk]))).text


def test_an_event_that_a_flood_left_out_was_counted_and_says_so(as_member: Client, issue: Issue) -> None:
    event_id = "ab" * 16
    address = reverse("issues:event", args=[issue.pk, event_id])
    assert as_member.get(address).status_code == 404
    SampledEvent.objects.create(id=sampled_key(bytes.fromhex(event_id)), issue=issue, day=1)
    assert "was counted, but not kept" in page(as_member.get(address)).text


def test_an_event_that_merging_has_moved_is_found_at_its_new_issue(
    as_member: Client, arrived: Deliver, member: User
) -> None:
    one, other = arrived(sdk_event("view")), arrived(sdk_event("deep"))
    old = other.issue_id if other.issue_id > one.issue_id else one.issue_id
    moved = other if old == other.issue_id else one
    target = services.merge([one.issue, other.issue], member)
    found = as_member.get(reverse("issues:event", args=[target.pk, moved.event_id]))
    assert found.status_code == 200
    third = arrived(sdk_event("thread"))
    back = as_member.get(reverse("issues:event", args=[third.issue_id, moved.event_id]))
    assert back["Location"] == reverse("issues:event", args=[target.pk, moved.event_id])


def test_a_page_costs_the_same_for_one_event_and_for_many(
    as_member: Client, arrived: Deliver, deliver: Delivery, issue: Issue, django_assert_max_num_queries: Any
) -> None:
    deliver(
        *[
            sdk_event(
                "view",
                user={"id": str(n % 7)},
                tags={"station": f"s{n}", "severity": "P0", "category": "database"},
            )
            for n in range(60)
        ]
    )
    for name in ("group", "recursion_30", "thread", "task"):
        arrived(sdk_event(name, user={"id": "1"}))
    with django_assert_max_num_queries(26):
        shown(as_member, issue)
    middle = StoredEvent.objects.filter(issue=issue).order_by("timestamp")[30]
    with django_assert_max_num_queries(26):
        page(as_member.get(reverse("issues:event", args=[issue.pk, middle.event_id])))
    with django_assert_max_num_queries(8):
        page(as_member.get(reverse("issues:events", args=[issue.pk])))


def test_a_counted_event_is_known_by_the_issue_that_it_was_merged_into(
    as_member: Client, arrived: Deliver, member: User
) -> None:
    one, other = arrived(sdk_event("view")).issue, arrived(sdk_event("deep")).issue
    event_id = "ab" * 16
    target = services.merge([one, other], member)
    gone = other if target.pk == one.pk else one
    SampledEvent.objects.create(id=sampled_key(bytes.fromhex(event_id)), issue_id=gone.pk, day=1)
    address = reverse("issues:event", args=[target.pk, event_id])
    assert "was counted, but not kept" in page(as_member.get(address)).text
    third = arrived(sdk_event("thread")).issue
    assert as_member.get(reverse("issues:event", args=[third.pk, event_id])).status_code == 404
