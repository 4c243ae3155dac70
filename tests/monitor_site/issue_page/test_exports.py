"""What leaves the monitor by the issue page, and who may take it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from monitor.access.models import AuditEntry
from monitor.issues.models import Issue, StoredEvent
from monitor.projects.models import Project
from tests.monitor.events.recording import sdk_events
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issue_page.conftest import Deliver, sdk_event
from tests.monitor_site.issue_page.reading import shown

COPIES: dict[str, str] = {
    "event_json": "json",
    "curl": "curl",
    "event_markdown": "markdown",
    "event_traceback": "traceback",
}


@pytest.mark.parametrize("name", COPIES)
def test_what_leaves_is_in_the_audit_log(
    as_member: Client, issue: Issue, project: Project, name: str
) -> None:
    event_id = StoredEvent.objects.get().event_id
    answer = as_member.get(reverse(f"issues:{name}", args=[issue.pk, event_id]))
    assert answer.status_code == 200
    entry = AuditEntry.objects.get(action="event.exported")
    assert entry.details["form"] == COPIES[name]
    assert entry.project == project
    assert event_id in entry.target
    assert entry.actor == "mary@example.org"


def test_the_json_is_a_file_that_can_be_read(as_member: Client, issue: Issue) -> None:
    event_id = StoredEvent.objects.get().event_id
    answer = as_member.get(reverse("issues:event_json", args=[issue.pk, event_id]), {"download": ""})
    assert answer["Content-Disposition"] == f'attachment; filename="HYDROML-1-{event_id}.json"'
    assert answer.json()["event_id"] == event_id
    assert "hunter2" not in answer.content.decode()


def test_files_are_downloads_whatever_they_say_they_are(
    as_member: Client, as_viewer: Client, deliver: Delivery
) -> None:
    script = b"<script>alert(1)</script>"
    raw = sdk_event(event_id="cd" * 16)
    envelope = deliver.envelope(
        raw,
        ({"type": "attachment", "filename": '../e"vil.html', "content_type": "text/html"}, script),
        event_id="cd" * 16,
    )
    deliver(envelope)
    found = shown(as_member, Issue.objects.get())
    [link] = [one for one in found.all("a") if "/attachments/" in one.attributes["href"]]
    answer = as_viewer.get(link.attributes["href"])
    assert answer.content == script
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'attachment; filename="e_vil.html"'
    assert AuditEntry.objects.get(action="event.exported").details["form"] == "attachment"
    assert as_viewer.get(link.attributes["href"].replace("cd" * 16, "ab" * 16)).status_code == 404


def test_strangers_see_nothing_and_viewers_change_nothing(
    as_viewer: Client,
    as_admin: Client,
    client: Client,
    other_project: Project,
    arrived: Deliver,
    issue: Issue,
) -> None:
    theirs = arrived(sdk_event("deep"), project=other_project)
    event = StoredEvent.objects.get(issue=issue)
    reads = [
        ("detail", []),
        ("events", []),
        ("oldest", []),
        ("event", [1]),
        ("event_json", [1]),
        ("curl", [1]),
        ("event_markdown", [1]),
        ("event_traceback", [1]),
        ("tag_values", []),
    ]
    for name, with_event in reads:
        address = reverse(
            f"issues:{name}", args=[theirs.issue_id, *([theirs.event_id] if with_event else [])]
        )
        query = "?key=level" if name == "tag_values" else ""
        assert as_viewer.get(address + query).status_code == 404, name
        assert as_admin.get(address + query).status_code in (200, 302), name
        assert client.get(address)["Location"].startswith("/accounts/"), name
    writes = {"comment": {"text": "x"}, "known_error": {"text": "x"}, "unmerge": {"hash": "x"}}
    for name, fields in writes.items():
        address = reverse(f"issues:{name}", args=[issue.pk])
        assert as_viewer.post(address, fields).status_code == 403, name
        assert as_viewer.get(address).status_code == 405, name
    own = shown(as_viewer, issue)
    assert own.all("form", method="post", action=reverse("issues:comment", args=[issue.pk])) == []
    assert "Resolve" not in own.text
    assert event.event_id in own.text
    Issue.objects.get(pk=issue.pk, known_error="")


def test_a_members_other_project_stays_hidden_in_every_corner(
    as_viewer: Client, other_project: Project, arrived: Deliver
) -> None:
    """Same type, same trace, same user, in a project that the viewer has no part in."""
    user = {"user": {"id": "7"}}
    mine = arrived(sdk_event("view", **user))
    theirs = arrived(
        sdk_event("view_again", contexts=sdk_events()["view"]["contexts"], **user), project=other_project
    )
    assert mine.trace == theirs.trace
    assert mine.user == theirs.user
    assert "OTHER-1" not in shown(as_viewer, mine).text
