"""The page of an issue, from the spool to the HTML."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from monitor.access.models import User
from monitor.issues import services
from monitor.issues.models import Issue, StoredEvent
from monitor.releases.commits import CommitData
from monitor.releases.models import Release
from monitor.releases.services import set_commits
from tests.monitor.events.recording import sdk_events
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issue_page import samples
from tests.monitor_site.issue_page.conftest import Deliver, application_events, sdk_event
from tests.monitor_site.issue_page.hostile import NASTY, hostile
from tests.monitor_site.issue_page.reading import page, shown


def test_a_failed_view_is_told_from_its_head_to_its_packages(as_member: Client, issue: Issue) -> None:
    text = shown(as_member, issue).text
    for part in (
        "GaugeError: Gauge 17 at 0x7f3a21c0 has no stage",
        "P0 critical",
        "not handled",
        "HYDROML-1",
        "Event 1 of 1 kept",
        "error id that the user saw: 7f3a-21c0",
        "2 exceptions",
        "The direct cause of it",
        "river/views.py :28 in load",
        "2 frames of Django",
        "not handled; told by Django’s request handler",
        "The above exception was the direct cause",
        "GET https://river.example.org/gauges/17/",
        "CPython",
        "sentry.python.django 2.75",
        "Why it is grouped so",
        "PostgreSQL does not answer",
        "Answer within 5 min, resolve within 1 h. Mended by: Operations.",
        "Runbook: database",
    ):
        assert part in text, part


@pytest.mark.parametrize("name", sorted(sdk_events()))
def test_every_event_of_the_sdk_has_a_page(as_member: Client, arrived: Deliver, name: str) -> None:
    stored = arrived(sdk_event(name))
    assert stored.issue.short_id in shown(as_member, stored).text
    assert stored.event_id in shown(as_member, stored, "?frames=all&order=oldest").text


SAMPLES = {
    "browser": (samples.minified_browser, "This is a minified script"),
    "java": (samples.java, "org.hydroml.gauges.GaugeController.show"),
    "node": (samples.node, "3 frames of Node.js, express and @sentry/node"),
    "message": (samples.bare_message, "The message was sent without a stack trace."),
    "many frames": (samples.many_frames, "step_199"),
    "cut frames": (lambda: samples.many_frames(300), "50 frames were too many to keep"),
    "one megabyte": (samples.one_megabyte, "SELECT discharge_m3s"),
    "nothing": (lambda: {"platform": "other"}, "neither exception nor message nor stack trace"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_other_languages_and_extremes_have_a_page(as_member: Client, arrived: Deliver, name: str) -> None:
    make, words = SAMPLES[name]
    stored = arrived(make())
    assert words in shown(as_member, stored).text
    shown(as_member, stored, "?frames=all&order=oldest")


def test_the_locals_of_a_folded_frame_come_when_it_is_opened_or_with_all_frames(
    as_member: Client, arrived: Deliver
) -> None:
    stored = arrived(samples.one_megabyte())
    at_first, everything = shown(as_member, stored), shown(as_member, stored, "?frames=all")
    assert "series_50_0" not in at_first.text
    assert "series_50_0" in everything.text
    assert len(at_first.source) < len(everything.source) / 2
    [link] = [
        one for one in at_first.all("a") if one.attributes.get("href", "").endswith("?frames=all#e0-50")
    ]
    assert link.attributes["href"].startswith(
        reverse("issues:event", args=[stored.issue_id, stored.event_id])
    )
    part = page(as_member.get(link.attributes["hx-get"]))
    assert "series_50_0" in part.text
    assert "series_51_0" not in part.text
    assert as_member.get(link.attributes["hx-get"].replace("e0-50", "e0-999")).status_code == 404


@pytest.mark.parametrize("text", NASTY)
def test_nothing_that_a_stranger_sent_becomes_markup(as_member: Client, arrived: Deliver, text: str) -> None:
    stored = arrived(hostile(text))
    services.comment(stored.issue, "test", text)
    Issue.objects.filter(pk=stored.issue_id).update(known_error=text, first_release=text, last_release=text)
    addresses = [
        reverse("issues:detail", args=[stored.issue_id]),
        reverse("issues:detail", args=[stored.issue_id]) + "?frames=all&order=oldest",
        reverse("issues:events", args=[stored.issue_id]),
        reverse("issues:event_json", args=[stored.issue_id, stored.event_id]),
    ]
    for address in addresses:
        found = page(as_member.get(address))
        assert {one.tag for one in found.elements} & {"img", "iframe", "object", "embed", "base"} == set()
        assert all(one.attributes.get("src", "").startswith("/static/") for one in found.all("script"))
        for one in found.elements:
            assert not [name for name in one.attributes if name.startswith("on") or name == "style"], one
            for name in ("href", "action", "src", "xlink:href", "formaction", "data-copy-from", "hx-get"):
                target = one.attributes.get(name, "")
                assert target == "" or target.startswith(("/", "?", "#")), (one.tag, target)
                assert not target.startswith("//")
            assert "class" not in one.attributes or text not in one.attributes["class"]


@pytest.mark.parametrize("text", NASTY)
def test_every_link_of_a_hostile_page_leads_somewhere(as_member: Client, arrived: Deliver, text: str) -> None:
    stored = arrived(hostile(text))
    found = shown(as_member, stored)
    links = {one.attributes["href"].partition("#")[0] for one in found.all("a") if one.attributes.get("href")}
    for link in links - {""}:
        address = link if link.startswith("/") else reverse("issues:detail", args=[stored.issue_id]) + link
        assert as_member.get(address).status_code in (200, 302), address


def test_a_search_by_each_tag_and_by_the_user_finds_the_issue(as_member: Client, arrived: Deliver) -> None:
    tags = {
        "station": 'the "old" one*',
        "customer.type": "back\\slash",
        "error_id": "7f3a-21c0",
        "severity": "P1",
    }
    stored = arrived(sdk_event(tags=tags, user={"id": "user 7"}))
    arrived(sdk_event("deep"))
    found = shown(as_member, stored)
    searches = [one.attributes["href"] for one in found.all("a") if "/issues/?q=" in one.attributes["href"]]
    assert len(searches) > 10
    for search in searches:
        assert stored.issue.short_id in page(as_member.get(search)).text, search
    [by_user] = [one for one in searches if "user" in one]
    assert "RuntimeError" not in page(as_member.get(by_user)).text


def test_a_hostile_text_is_shown_as_what_it_is(as_member: Client, arrived: Deliver) -> None:
    text = NASTY[1]
    found = shown(as_member, arrived(hostile(text)))
    assert found.text.count(text) > 30


def test_the_reader_turns_the_order_and_the_choice_stays(as_member: Client, issue: Issue) -> None:
    address = reverse("issues:detail", args=[issue.pk])
    newest = as_member.get(address).content.decode()
    assert newest.index('id="e1"') < newest.index('id="e0"')
    oldest = as_member.get(address + "?order=oldest").content.decode()
    assert oldest.index('id="e0"') < oldest.index('id="e1"')
    again = as_member.get(address).content.decode()
    assert again.index('id="e0"') < again.index('id="e1"')
    back = as_member.get(address + "?order=newest").content.decode()
    assert back.index('id="e1"') < back.index('id="e0"')


def test_the_same_trace_and_the_same_user_lead_on(as_member: Client, arrived: Deliver) -> None:
    context = sdk_events()["view"]["contexts"]
    one = arrived(sdk_event("view", user={"id": "7"}))
    other = arrived(sdk_event("deep", user={"id": "7"}, contexts=context, timestamp=time.time() + 2.5))
    found = shown(as_member, one)
    assert "What else went wrong in the same trace" in found.text
    assert found.all("a", href=reverse("issues:event", args=[other.issue_id, other.event_id]))
    assert "Also met: RuntimeError" in found.text
    assert "+2." in found.text


def test_similar_issues_are_of_the_same_type(as_member: Client, arrived: Deliver) -> None:
    one, like, unlike = (arrived(sdk_event(name)) for name in ("view", "group", "deep"))
    found = shown(as_member, one)
    assert found.all("a", href=reverse("issues:detail", args=[like.issue_id]))
    assert not found.all("a", href=reverse("issues:detail", args=[unlike.issue_id]))


def test_trend_and_shares_are_exact(as_member: Client, arrived: Deliver) -> None:
    now = datetime.now(UTC).replace(minute=30)
    for hours, browser, times in ((0, "Firefox", 1), (2, "Firefox", 5), (30, "Chrome", 2)):
        arrived(
            sdk_event(
                timestamp=(now - timedelta(hours=hours)).timestamp(),
                tags={"browser.family": browser, "suppressed": str(times - 1)},
            ),
            received=(now + timedelta(minutes=40)).timestamp(),
        )
    found = shown(as_member, Issue.objects.get())
    hovers = found.source.split("24 hours</figcaption>")[1].split("30 days</figcaption>")[0]
    assert hovers.count(": 5 events</title>") == 1
    assert "Firefox 75 % Chrome 25 %" in found.text
    assert found.all("a", href="/issues/?q=tags%5Bbrowser.family%5D%3A%22Firefox%22&project=hydroml")


def test_all_values_of_a_tag_have_a_page(as_member: Client, arrived: Deliver) -> None:
    for number in range(8):
        arrived(sdk_event(tags={"station": f"s{number}"}))
    issue = Issue.objects.get()
    assert "3 more values" in shown(as_member, issue).text
    found = page(as_member.get(reverse("issues:tag_values", args=[issue.pk]), {"key": "station"}))
    assert [f"s{number}" in found.text for number in range(8)] == [True] * 8
    assert as_member.get(reverse("issues:tag_values", args=[issue.pk]), {"key": "none"}).status_code == 404


def test_what_users_wrote_stands_beside_it(as_member: Client, deliver: Delivery, issue: Issue) -> None:
    event_id = StoredEvent.objects.get(issue=issue).event_id
    deliver(
        (
            "user_report",
            {"event_id": event_id, "name": "Sam", "email": "sam@example.org", "comments": "It <b>broke</b>."},
        )
    )
    text = shown(as_member, issue).text
    assert "Feedback It <b>broke</b>. Sam, just now , of this event" in text
    assert "sam@example.org" not in text


def test_commits_that_touch_the_failing_file_are_suspects(
    as_member: Client, arrived: Deliver, admin: User
) -> None:
    stored = arrived(sdk_event(release="river@1.4.0"))
    release = Release.objects.get(version="river@1.4.0")
    set_commits(
        release,
        [
            CommitData(sha="a" * 40, message="Read the <i>stage</i>", files=(("src/river/views.py", "M"),)),
            CommitData(sha="b" * 40, message="Docs", files=(("README.md", "M"),)),
        ],
        by=admin,
    )
    found = shown(as_member, stored)
    assert "Suspect commits Read the <i>stage</i>" in found.text
    assert "Docs" not in found.text
    assert found.all("a", href="/releases/version/river@1.4.0/")


def test_the_applications_own_failures_come_with_all_that_it_says(
    as_member: Client, arrived: Deliver
) -> None:
    found = application_events()
    assert len(found) == 3
    for kind, raw in found.items():
        stored = arrived({**raw, "timestamp": time.time()})
        text = shown(as_member, stored).text
        assert f"error id that the user saw: {raw['tags']['error_id']}" in text, kind
        assert f"P2 medium {raw['tags']['category']}" in text, kind
        assert f"in _{kind}" in text, kind
        assert f"Runbook: {raw['tags']['category']}" in text, kind
        assert f"request_id {raw['tags']['request_id']}" in text, kind


def test_the_transaction_in_which_it_failed_is_linked(
    as_member: Client, deliver: Delivery, issue: Issue
) -> None:
    trace = sdk_events()["view"]["contexts"]["trace"]["trace_id"]
    now = time.time()
    transaction = {
        "type": "transaction",
        "transaction": "/gauges/{station}/",
        "start_timestamp": now - 1.25,
        "timestamp": now,
        "contexts": {
            "trace": {"trace_id": trace, "span_id": "ab" * 8, "op": "http.server", "status": "internal_error"}
        },
        "spans": [],
    }
    deliver(transaction)
    text = shown(as_member, issue).text
    assert "/gauges/{station}/ http.server · 1.25 s · 0 spans · failed" in text
