"""What is done from the list, and with one issue: by whom, with which, and how it is undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from monitor.access.models import AuditEntry, Role, User
from monitor.issues.models import Issue, Status
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

LIST, BULK, UNDO = reverse("issues:list"), reverse("issues:bulk"), reverse("issues:undo")


@pytest.fixture
def issues(deliver: Delivery) -> list[Issue]:
    deliver(*(failure(f"f{number}", value=f"failure {number}") for number in range(5)))
    return list(Issue.objects.order_by("number"))


def newest() -> int:
    return Issue.objects.order_by("-pk").values_list("pk", flat=True)[0]


def do(client: Client, action: str, issues: list[Issue] | None = None, **fields: Any) -> str:
    """What the list says afterwards."""
    data = {"action": action, "issue": [issue.pk for issue in issues or []], "newest": newest(), **fields}
    response = client.post(BULK, data, follow=True)
    assert response.status_code == 200
    page: str = response.content.decode()
    return page


def standing(field: str = "status") -> dict[int, Any]:
    return dict(Issue.objects.order_by("number").values_list("number", field))


def test_what_is_ticked_is_resolved_and_said(issues: list[Issue], as_member: Client) -> None:
    page = do(as_member, "resolve", issues[:2], address="q=&sort=events")
    assert "2 issues resolved." in page
    assert [number for number, status in standing().items() if status == "resolved"] == [1, 2]
    assert 'value="events"' in page  # back to the list as it stood
    assert "2 issues resolved." not in as_member.get(LIST).content.decode()


def test_a_step_can_be_undone_once(issues: list[Issue], as_member: Client) -> None:
    page = do(as_member, "resolve", issues[:3])
    assert f'action="{UNDO}"' in page
    response = as_member.post(UNDO, {"next": f"{LIST}?q=is:new"}, follow=True)
    assert "3 issues unresolved again." in response.content.decode()
    assert response.redirect_chain[-1][0] == f"{LIST}?q=is:new"
    assert set(standing().values()) == {"unresolved"}
    assert set(standing("substatus").values()) == {"new"}
    assert "0 issues unresolved again." in as_member.post(UNDO, follow=True).content.decode()


def test_undoing_leads_nowhere_else(issues: list[Issue], as_member: Client) -> None:
    do(as_member, "resolve", issues[:1])
    assert as_member.post(UNDO, {"next": "https://example.org/"}).headers["Location"] == LIST


@pytest.mark.parametrize(
    ("action", "says", "columns"),
    [
        ("resolve:next", "resolved in the next release", {"resolved_in_next_release": True}),
        ("ignore", "ignored for good", {"ignored_until": None, "ignored_until_times": None}),
        ("ignore:100x", "until each happens 100 times more", {"ignored_until_times": 101}),
        ("ignore:escalating", "until they escalate", {"ignored_until_rate": 10}),
        ("ignore:7d", "ignored for a week", {"status": "ignored"}),
        ("unresolve", "0 of 2 issues unresolved again", {"status": "unresolved"}),
    ],
)
def test_actions_and_what_they_say(
    issues: list[Issue], as_member: Client, action: str, says: str, columns: dict[str, Any]
) -> None:
    assert says in do(as_member, action, issues[:2])
    issue = Issue.objects.get(number=1)
    assert {name: getattr(issue, name) for name in columns} == columns


def test_resolving_in_a_release_needs_its_name(issues: list[Issue], as_member: Client) -> None:
    assert "In which release?" in do(as_member, "resolve:release", issues[:1])
    assert "HYDROML-1 resolved in 1.5." in do(as_member, "resolve:release", issues[:1], release=" 1.5 ")
    assert standing("resolved_in_release")[1] == "1.5"


def test_assigning_to_oneself_to_others_and_to_nobody(
    issues: list[Issue], as_member: Client, member: User, admin: User
) -> None:
    do(as_member, "assign:me", issues[:2])
    do(as_member, f"assign:{admin.pk}", issues[2:3])
    do(as_member, "assign", issues[3:4], assignee="ADA@example.org")
    assert list(standing("assigned_to").values()) == [member.pk, member.pk, admin.pk, admin.pk, None]
    do(as_member, "assign:none", issues[:1])
    assert standing("assigned_to")[1] is None
    assert "Nobody is called" in do(as_member, "assign", issues[:1], assignee="who@example.org")


@pytest.mark.parametrize(
    "action", ["", "explode", "ignore:for ever", "ignore:x", "ignore:times", "ignore:0x", "assign:999999"]
)
def test_what_is_no_action_is_refused_in_words(issues: list[Issue], as_member: Client, action: str) -> None:
    page = do(as_member, action, issues)
    assert "Not done" in page
    assert set(standing().values()) == {"unresolved"}


def test_nothing_ticked_is_nothing_done(issues: list[Issue], as_member: Client) -> None:
    assert "tick some first" in do(as_member, "resolve")


def test_all_that_match_and_no_others(issues: list[Issue], as_member: Client, deliver: Delivery) -> None:
    Issue.objects.filter(number=5).update(status="ignored")
    shown = newest()
    deliver(failure("later", value="failure of later"))
    page = do(as_member, "resolve", [], all="1", address="q=is%3Aunresolved+failure", newest=shown)
    assert "4 issues resolved." in page
    # Not the ignored one, and not the one that nobody has seen.
    assert list(standing().values()) == ["resolved"] * 4 + ["ignored", "unresolved"]


def test_all_that_match_goes_beyond_the_page(deliver: Delivery, as_member: Client) -> None:
    deliver(*(failure(f"f{number}") for number in range(60)))
    assert "60 issues resolved." in do(as_member, "resolve", [], all="1", address="")


def test_of_too_many_the_first_are_done(
    issues: list[Issue], as_member: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.issues.orders.MANY", 3)
    page = do(as_member, "resolve", [], all="1", address="sort=-last_seen")
    assert "3 issues resolved. More match" in page


def test_a_search_that_cannot_be_understood_does_nothing(issues: list[Issue], as_member: Client) -> None:
    page = do(as_member, "resolve", [], all="1", address="q=is%3Aunresolvd")
    assert "Nothing was done" in page
    assert set(standing().values()) == {"unresolved"}


def test_merging_leads_to_what_came_of_it(issues: list[Issue], as_member: Client) -> None:
    page = do(as_member, "merge", issues[1:4])
    assert "3 issues are one now: HYDROML-2." in page
    assert reverse("issues:detail", args=[issues[1].pk]) in page
    assert list(standing()) == [1, 2, 5]
    assert "two issues at least" in do(as_member, "merge", issues[:1])


def test_deleting_asks_first(issues: list[Issue], as_member: Client) -> None:
    page = do(as_member, "delete", issues[:2], address="q=failure")
    assert "Delete 2 issues?" in page
    assert "HYDROML-1" in page
    assert len(standing()) == 5
    page = do(as_member, "delete", issues[:2], address="q=failure", confirmed="yes")
    assert "2 issues deleted." in page
    assert list(standing()) == [3, 4, 5]


def test_the_confirmation_sends_on_what_was_chosen(issues: list[Issue], as_member: Client) -> None:
    response = as_member.post(
        BULK, {"action": "delete", "all": "1", "address": "q=failure+1", "newest": newest()}
    )
    fields = dict(response.context["fields"])
    assert fields == {"action": "delete", "all": "1", "address": "q=failure+1", "newest": str(newest())}
    as_member.post(BULK, {**fields, "confirmed": "yes"})
    assert list(standing()) == [1, 3, 4, 5]


def test_a_viewer_changes_nothing(issues: list[Issue], as_viewer: Client) -> None:
    chosen = {"action": "resolve", "issue": [issues[0].pk]}
    assert as_viewer.post(BULK, chosen).status_code == 403
    assert as_viewer.post(UNDO).status_code == 403
    action = reverse("issues:action", args=[issues[0].pk])
    assert as_viewer.post(action, {"action": "resolve"}).status_code == 403
    assert set(standing().values()) == {"unresolved"}
    assert not AuditEntry.objects.filter(action__startswith="issue.").exists()


def test_a_strangers_issue_is_not_there(deliver: Delivery, other_project: Project, as_member: Client) -> None:
    deliver(failure("theirs"), project=other_project)
    [theirs] = Issue.objects.all()
    assert "tick some first" in do(as_member, "resolve", [theirs])
    assert "tick some first" in do(as_member, "resolve", [], all="1", address="q=")
    action = reverse("issues:action", args=[theirs.pk])
    assert as_member.post(action, {"action": "resolve"}).status_code == 404
    assert (
        as_member.post(BULK, {"action": "resolve", "all": "1", "address": "project=other"}).status_code == 404
    )
    assert theirs.status == Issue.objects.get().status


@pytest.mark.parametrize("address", [BULK, UNDO, reverse("issues:action", args=[1])])
def test_looking_changes_nothing(issues: list[Issue], as_member: Client, address: str) -> None:
    assert as_member.get(address).status_code == 405


def test_one_issue_from_its_own_page(issues: list[Issue], as_member: Client) -> None:
    issue = issues[0]
    action, detail = (reverse(f"issues:{name}", args=[issue.pk]) for name in ("action", "detail"))
    response = as_member.post(action, {"action": "ignore:times", "times": "25"})
    assert response.headers["Location"] == detail
    assert standing("ignored_until_times")[1] == 26
    response = as_member.post(action, {"action": "unresolve", "next": f"{LIST}?q="})
    assert response.headers["Location"] == f"{LIST}?q="
    response = as_member.post(action, {"action": "resolve", "next": "//example.org/"})
    assert response.headers["Location"] == detail
    assert "Delete HYDROML-1?" in as_member.post(action, {"action": "delete"}).content.decode()
    response = as_member.post(action, {"action": "delete", "confirmed": "yes", "next": detail})
    assert response.headers["Location"] == LIST
    assert 1 not in standing()


def test_hostile_numbers_are_no_numbers(issues: list[Issue], as_member: Client) -> None:
    for issue in ("x", "-1", "9" * 30, "1;DROP", ""):
        assert as_member.post(BULK, {"action": "resolve", "issue": issue}).status_code == 302
    for newest_ in ("x", "9" * 30, ""):
        data = {"action": "resolve", "all": "1", "address": "q=", "newest": newest_}
        assert as_member.post(BULK, data).status_code == 302
    assert set(standing().values()) == {"unresolved"}


def test_nobody_is_given_what_they_may_not_change_and_nobody_is_named(
    issues: list[Issue], as_member: Client, viewer: User, other_project: Project
) -> None:
    stranger = User.objects.create_user("otto@example.org", name="Otto", role=Role.MEMBER)
    stranger.projects.set([other_project])
    for user in (viewer, stranger):
        page = do(as_member, f"assign:{user.pk}", issues[:1])
        assert "Whoever is given an issue must be able to see and change its project, HydroML." in page
        assert str(user) not in page
    assert standing("assigned_to")[1] is None


@pytest.mark.parametrize("fields", [{"action": "assign:%s"}, {"action": "ignore:times", "times": "%s"}])
def test_a_number_longer_than_any_is_refused(
    issues: list[Issue], as_member: Client, fields: dict[str, str]
) -> None:
    given = {name: value.replace("%s", "9" * 5000) for name, value in fields.items()}
    assert "Not done" in do(as_member, issues=issues[:1], **given)
    assert set(standing().values()) == {Status.UNRESOLVED}
