"""What scripts read and change of issues and events."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import AuditEntry, User
from monitor.issues.models import Issue, Status
from tests.monitor_site.api.conftest import RELEASE, Caller, Full, failure
from tests.monitor_site.delivering import Delivery


def test_a_list_comes_by_pages_whose_links_lead_on(full: Full, as_script: Caller, deliver: Delivery) -> None:
    deliver(*({"message": f"{word} is dry", "level": "error"} for word in ("Gauge", "River", "Basin")))
    seen, path, link = [], "/api/0/organizations/hydroml/issues/?per_page=2&sort=new&query=", ""
    for _ in range(5):
        response = as_script("GET", path)
        seen += [one["id"] for one in response.json()]
        link = response["Link"].split(", ")[1]
        if 'results="false"' in link:
            break
        path = link[link.index("<") + 1 : link.index(">")].removeprefix("http://testserver")
    assert 'rel="next"; results="false"' in link
    assert len(seen) == len(set(seen)) == Issue.objects.count() == 5
    back = response["Link"].split(", ")[0]
    assert 'rel="previous"; results="true"; cursor="0:2:1"' in back


def test_a_list_costs_the_same_however_long_it_is(
    full: Full, as_script: Caller, deliver: Delivery, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    deliver(*({"message": f"word{'x' * place} is wrong", "level": "error"} for place in range(12)))
    for path in (
        "organizations/hydroml/issues/",
        "projects/hydroml/hydroml/issues/",
        "projects/hydroml/hydroml/events/",
        "organizations/hydroml/projects/",
        "organizations/hydroml/releases/",
        "organizations/hydroml/monitors/",
    ):
        as_script.get(path)
        with django_assert_max_num_queries(18):
            as_script.get(path)


def test_the_search_is_that_of_the_page(full: Full, as_script: Caller) -> None:
    def titles(**query: str) -> list[str]:
        return [one["title"] for one in as_script.get("organizations/hydroml/issues/", **query)]

    assert titles(query="level:warning") == ["Basin 01022500 has no data"]
    assert titles(query="ZeroDivisionError environment:staging") == ["ZeroDivisionError: division by zero"]
    assert titles(query="is:resolved") == []
    refused = as_script("GET", "organizations/hydroml/issues/", query="severity:high")
    assert refused.status_code == 400
    assert "P0" in refused.json()["detail"]


def test_an_issue_has_its_counts_exactly(full: Full, as_script: Caller) -> None:
    found = as_script.get(f"issues/{full.issue.pk}/")
    assert (found["count"], found["userCount"], found["shortId"]) == ("2", 1, full.issue.short_id)
    assert sum(times for _, times in found["stats"]["24h"]) == 2
    assert found["isUnhandled"]
    assert found["firstRelease"] == {"version": RELEASE}
    assert as_script.get(f"organizations/hydroml/issues/{full.issue.short_id}/")["id"] == found["id"]
    tag = as_script.get(f"issues/{full.issue.pk}/tags/environment/")
    assert {one["value"]: one["count"] for one in tag["topValues"]} == {"production": 1, "staging": 1}


def test_an_event_comes_whole_and_from_one_to_the_next(full: Full, as_script: Caller) -> None:
    newest = as_script.get(f"issues/{full.issue.pk}/events/latest/")
    oldest = as_script.get(f"issues/{full.issue.pk}/events/oldest/")
    assert newest["previousEventID"] == oldest["id"]
    assert oldest["nextEventID"] == newest["id"]
    assert oldest["id"] == full.event_id
    exception = next(one["data"] for one in newest["entries"] if one["type"] == "exception")
    frame = exception["values"][0]["stacktrace"]["frames"][-1]
    assert (frame["lineNo"], frame["inApp"]) == (12, True)
    assert frame["context"] == [[10, "a = 1"], [11, "b = 0"], [12, "a / b"], [13, "c = 2"]]
    resolved = as_script.get(f"organizations/hydroml/eventids/{full.event_id}/")
    assert resolved["groupId"] == str(full.issue.pk)
    assert as_script("GET", f"issues/{full.message.pk}/events/{full.event_id}/").status_code == 404


def test_a_file_is_to_be_saved_and_its_going_is_written_down(full: Full, as_script: Caller) -> None:
    path = f"projects/hydroml/hydroml/events/{full.event_id}/attachments/{full.attachment.pk}/"
    response = as_script("GET", path, download="1")
    assert response.content == b"date,discharge\n"
    assert response["Content-Disposition"] == 'attachment; filename="input.csv"'
    assert AuditEntry.objects.filter(action="event.exported", details__name="input.csv").exists()


def test_resolved_in_a_release_comes_back_with_a_later_one(
    full: Full, as_script: Caller, deliver: Delivery
) -> None:
    body = {"status": "resolved", "statusDetails": {"inRelease": "hydroml@1.5.0"}}
    changed = as_script("PUT", f"organizations/hydroml/issues/{full.issue.pk}/", body).json()
    assert (changed["status"], changed["statusDetails"]) == ("resolved", {"inRelease": "hydroml@1.5.0"})
    deliver(failure())
    assert as_script.get(f"issues/{full.issue.pk}/")["status"] == "resolved"
    deliver(failure(release="hydroml@1.5.1"))
    found = as_script.get(f"issues/{full.issue.pk}/")
    assert (found["status"], found["substatus"]) == ("unresolved", "regressed")


def test_ignored_for_a_time_or_a_number_of_times(full: Full, as_script: Caller) -> None:
    path = f"issues/{full.issue.pk}/"
    body = {"status": "ignored", "statusDetails": {"ignoreDuration": 30}}
    assert as_script("PUT", path, body).json()["substatus"] == "archived_until_condition_met"
    until = Issue.objects.get(pk=full.issue.pk).ignored_until
    assert until is not None
    assert timedelta(minutes=29) < until - now() < timedelta(minutes=31)
    details = as_script("PUT", path, {"status": "ignored", "statusDetails": {"ignoreCount": 5}}).json()[
        "statusDetails"
    ]
    assert details == {"ignoreCount": 5}
    assert as_script("PUT", path, {"status": "ignored"}).json()["substatus"] == "archived_forever"
    assert as_script("PUT", path, {"status": "unresolved"}).json()["status"] == "unresolved"


@pytest.mark.parametrize("name", ["user:{pk}", "{pk}", "{email}"])
def test_assigned_to_a_user(full: Full, as_script: Caller, member: User, name: str) -> None:
    wanted = name.format(pk=member.pk, email=member.email)
    assigned = as_script("PUT", f"issues/{full.issue.pk}/", {"assignedTo": wanted}).json()["assignedTo"]
    assert assigned == {"type": "user", "id": str(member.pk), "name": "Mary", "email": member.email}
    assert as_script("PUT", f"issues/{full.issue.pk}/", {"assignedTo": ""}).json()["assignedTo"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"assignedTo": "team:1", "status": "resolved"}, "assignedTo"),
        ({"assignedTo": "nobody@example.org", "status": "resolved"}, "assignedTo"),
        ({"status": "closed"}, "status"),
        ({"status": 1}, "status"),
        ({"status": "ignored", "statusDetails": {"ignoreCount": -1}}, "statusDetails.ignoreCount"),
        ({"status": "ignored", "statusDetails": {"ignoreCount": True}}, "statusDetails.ignoreCount"),
        ({"statsu": "resolved"}, "body"),
        ([], "body"),
        (b"{", "detail"),
        (b'{"status": "\\ud800"}', "detail"),
    ],
)
def test_a_change_that_is_wrong_changes_nothing(
    full: Full, as_script: Caller, body: object, field: str
) -> None:
    response = as_script("PUT", f"issues/{full.issue.pk}/", body)
    assert response.status_code == 400
    assert field in response.json()
    assert Issue.objects.get(pk=full.issue.pk).status == Status.UNRESOLVED


def test_many_are_changed_by_number_or_search(full: Full, as_script: Caller) -> None:
    changed = as_script("PUT", "projects/hydroml/hydroml/issues/", {"status": "resolved"}, id=[full.issue.pk])
    assert changed.json()["status"] == "resolved"
    assert list(Issue.objects.filter(status="resolved")) == [full.issue]
    as_script("PUT", "organizations/hydroml/issues/", {"status": "ignored"}, query="is:unresolved")
    assert list(Issue.objects.filter(status="ignored")) == [full.message]


def test_without_saying_which_none_is_changed_or_deleted(full: Full, as_script: Caller) -> None:
    for method, body in (("PUT", {"status": "resolved"}), ("DELETE", None)):
        for path in ("organizations/hydroml/issues/", "projects/hydroml/hydroml/issues/"):
            assert as_script(method, path, body).status_code == 400
            assert as_script(method, path, body, id="1;2").status_code == 400
    assert Issue.objects.filter(status="unresolved").count() == 2


def test_merged_and_found_under_the_old_number(full: Full, as_script: Caller) -> None:
    ids = [full.issue.pk, full.message.pk]
    merged = as_script("PUT", "organizations/hydroml/issues/", {"merge": True}, id=ids).json()["merge"]
    assert [merged["parent"], *merged["children"]] == [str(pk) for pk in ids]
    assert as_script.get(f"issues/{full.message.pk}/")["id"] == merged["parent"]


def test_deleted(full: Full, as_script: Caller) -> None:
    assert as_script("DELETE", f"issues/{full.issue.pk}/").status_code == 202
    assert as_script("GET", f"issues/{full.issue.pk}/").status_code == 404
    assert as_script("DELETE", "organizations/hydroml/issues/", id=[full.message.pk]).status_code == 204
    assert not Issue.objects.exists()


def test_a_comment_is_said_and_read(full: Full, as_script: Caller) -> None:
    assert as_script.get(f"issues/{full.issue.pk}/comments/")[0]["text"] == "Looking."
    assert as_script("POST", f"issues/{full.issue.pk}/notes/", {"text": "  "}).status_code == 400
    assert as_script.get(f"issues/{full.issue.pk}/")["numComments"] == 1


def test_feedback_is_handed_on_once_and_its_address_stays_here(full: Full, as_script: Caller) -> None:
    said = {"event_id": full.message_id, "name": "Bo", "email": "bo@example.org", "comments": "Empty map."}
    made = as_script("POST", "projects/hydroml/hydroml/user-feedback/", said)
    assert made.status_code == 200
    assert made.json()["issue"]["id"] == str(full.message.pk)
    assert as_script("POST", "projects/hydroml/hydroml/user-feedback/", said).status_code == 409
    assert (
        "bo@example.org" not in as_script("GET", "projects/hydroml/hydroml/user-feedback/").content.decode()
    )
