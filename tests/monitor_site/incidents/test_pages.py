"""The pages of incidents: what stands on them, who may do what, and what the status page does not say."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import AuditEntry, User
from monitor.alerts.channels import github
from monitor.alerts.channels.letter import Letter
from monitor.alerts.dispatch.errors import NotForThisChannelError
from monitor.alerts.links import incident_url
from monitor.alerts.messages import Message
from monitor.alerts.models import Notification
from monitor.feedback.models import Feedback
from monitor.incidents import handing_over, handling
from monitor.incidents.models import Incident, State
from monitor.issues.models import Issue
from monitor.projects.models import Project
from monitor.releases.models import Deploy, Release, ReleaseProject
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.incidents.episodes import alerted, ended

LIST = "/incidents/"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def issue(deliver: Delivery) -> Issue:
    deliver(
        {
            "message": "connection refused",
            "level": "error",
            "user": {"id": "7"},
            "tags": {"category": "database"},
        }
    )
    return Issue.objects.get()


@pytest.fixture
def incident(project: Project, issue: Issue) -> Incident:
    now = time.time()
    return alerted("database", now - 60, project=project, issues=[issue.pk], first_event_at=now - 90)


def test_without_incidents_the_list_says_where_they_come_from(as_viewer: Client, project: Project) -> None:
    assert "No incidents yet" in text_of(as_viewer.get(LIST))


def test_the_list(as_member: Client, incident: Incident) -> None:
    page = text_of(as_member.get(LIST))
    assert "#1 The database fails" in page
    assert "Triggered" in page
    assert "escalates to Team lead" in page
    assert "production · database · 1 issue" in page
    assert "Nothing matches" in text_of(as_member.get(f"{LIST}?severity=P2"))
    assert "#1 The database fails" in text_of(as_member.get(f"{LIST}?q=%231+fails"))
    assert "Nothing matches" in text_of(as_member.get(f"{LIST}?q=cache"))
    assert "No review is owed" in text_of(as_member.get(f"{LIST}?state=review"))
    everything = text_of(as_member.get(f"{LIST}?state=all"))
    assert "Detected after, mean 30 s goal 2 min" in everything


def test_what_a_report_asks_for_is_a_list(as_member: Client, project: Project, member: User) -> None:
    """Open ones without an owner, reviews that are overdue; one of no environment is open in each."""
    now = time.time()
    for number, (environment, owner, resolved) in enumerate(
        (
            ("production", member, None), ("production", None, None), ("", None, None), ("staging", None, None),
            ("production", None, now - 30 * 86_400), ("production", None, now - 60),
        ),
        start=1,
    ):  # fmt: skip
        Incident.objects.create(
            number=number, title=f"n {number}", severity="P1", project=project, environment=environment, owner=owner,
            started_at=now - 40 * 86_400, detected_at=now - 40 * 86_400, updated_at=now, resolved_at=resolved,
            state=State.RESOLVED if resolved else State.TRIGGERED,
        )  # fmt: skip
    for query, numbers in (
        ("", {1, 2, 3, 4}),
        ("?environment=production", {1, 2, 3}),
        ("?only=unowned", {2, 3, 4}),
        ("?environment=production&only=unowned", {2, 3}),
        ("?state=review", {5, 6}),
        ("?state=review&only=overdue", {5}),
        ("?state=all&environment=production", {1, 2, 5, 6}),
    ):
        rows = as_member.get(f"{LIST}{query}").context["rows"]
        assert {row.incident.number for row in rows} == numbers, query


@pytest.mark.parametrize(
    "query", ["state=x&severity=x&only=x&page=x&since=x", "q=%00", "project=", "period=x"]
)
def test_an_address_that_means_nothing_shows_the_list(
    as_member: Client, incident: Incident, query: str
) -> None:
    assert "#1 The database fails" in text_of(as_member.get(f"{LIST}?{query}"))


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    project: Project, as_member: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        alerted("database", time.time() - number, project=project, environment=f"place-{number}")
    with django_assert_max_num_queries(9):
        assert as_member.get(LIST).content.count(b"data-item") == 30


def test_the_page_of_one_asks_a_bounded_number_of_questions(
    as_member: Client, incident: Incident, member: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        handling.note(incident, f"note {number}", member, time.time())
    with django_assert_max_num_queries(46):
        as_member.get(f"{LIST}1/")


def test_the_page_of_one(
    as_viewer: Client, as_member: Client, incident: Incident, issue: Issue, project: Project
) -> None:
    release = Release.objects.create(version="hydroml@1.4.2", created_at=time.time())
    ReleaseProject.objects.create(release=release, project=project)
    Deploy.objects.create(
        release=release, environment="production", finished_at=incident.started_at.timestamp() - 310
    )
    Deploy.objects.create(release=release, environment="staging", finished_at=time.time())
    Feedback.objects.create(
        project=project, uid=b"1" * 16, written=1, received=1, message="It broke", issue=issue
    )
    Issue.objects.update(known_error="Restart the pool. See https://example.org/")
    page = text_of(as_viewer.get(f"{LIST}1/"))
    for said in (
        "next: escalates to team lead in",
        "Opened by the alert: The database fails",
        "hydroml@1.4.2 to production",
        "5 min 10 s before",
        "Who is affected, and since when?",
        "HYDROML-1",
        "It broke",
        "Known error: HYDROML-1",
        "Operations",
        "docs/runbooks/database.md",
        "Detected",
        "30 s after the start, goal 2 min",
    ):
        assert said in page, said
    assert "to staging" not in page
    # A viewer sees no button, a member does.
    assert "Acknowledge</button>" not in as_viewer.get(f"{LIST}1/").content.decode()
    assert 'value="acknowledged"' in as_member.get(f"{LIST}1/").content.decode()


def test_it_says_whether_something_has_happened(as_viewer: Client, incident: Incident, member: User) -> None:
    last = re.search(r"\?last=(\d+)", as_viewer.get(f"{LIST}1/").content.decode())
    assert last

    def changed() -> bool:
        answer = as_viewer.get(f"{LIST}1/?last={last[1]}", headers={"Accept": "application/json"})
        return bool(answer.json()["changed"])

    assert not changed()
    handling.note(incident, "Looking.", member, time.time())
    assert changed()


def test_members_move_it_on(as_member: Client, incident: Incident, member: User) -> None:
    for action, state in (
        ("acknowledged", State.ACKNOWLEDGED),
        ("investigating", State.INVESTIGATING),
        ("mitigated", State.MITIGATED),
        ("resolved", State.RESOLVED),
        ("reopened", State.INVESTIGATING),
        ("resolved", State.RESOLVED),
    ):
        as_member.post(f"{LIST}1/act/", {"action": action})
        incident.refresh_from_db()
        assert incident.state == state
    assert incident.owner == member
    actions = list(AuditEntry.objects.filter(target=str(incident)).values_list("action", flat=True))
    assert actions.count("incident.resolved") == 2
    told = list(Notification.objects.filter(incident=incident).values_list("kind", "channel"))
    assert ("acknowledged", "pagerduty") in told
    assert ("acknowledged", "email") not in told
    assert told.count(("resolved", "pagerduty")) == 2
    assert "is resolved already" in text_of(
        as_member.post(f"{LIST}1/act/", {"action": "resolved"}, follow=True)
    )
    assert "can&#x27;t do" in as_member.post(f"{LIST}1/act/", {"action": "x"}, follow=True).content.decode()
    said = as_member.post(f"{LIST}1/act/", {"action": "mitigated"}, follow=True)
    assert "It is over." in text_of(said)


def test_notes_ticks_severity_owner_and_issues(
    as_member: Client, incident: Incident, member: User, issue: Issue, viewer: User
) -> None:
    as_member.post(f"{LIST}1/note/", {"text": f"  Pool is full {HOSTILE} "})
    as_member.post(f"{LIST}1/note/", {"text": "   "})
    item = "Is the severity right?"
    tick = {"checklist": "first_assessment", "item": item, "done": "yes"}
    as_member.post(f"{LIST}1/tick/", tick)
    as_member.post(f"{LIST}1/tick/", tick)
    assert incident.ticks.get().user == member
    as_member.post(f"{LIST}1/severity/", {"severity": "P1"})
    as_member.post(f"{LIST}1/severity/", {"severity": "P9"})
    as_member.post(f"{LIST}1/owner/", {"owner": member.pk})
    as_member.post(f"{LIST}1/owner/", {"owner": viewer.pk})
    refused = as_member.post(f"{LIST}1/owner/", {"owner": "9" * 5000}, follow=True)
    assert "must be able to see and change its project" in text_of(refused)
    as_member.post(f"{LIST}1/issue/", {"issue": "HYDROML-1", "action": "unlink"})
    assert not incident.issues.exists()
    as_member.post(f"{LIST}1/issue/", {"issue": str(issue.pk)})
    assert incident.issues.get() == issue
    assert "no such issue" in text_of(as_member.post(f"{LIST}1/issue/", {"issue": "OTHER-1"}, follow=True))
    incident.refresh_from_db()
    assert (incident.severity, incident.owner) == ("P1", member)
    html = as_member.get(f"{LIST}1/").content.decode()
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
    kinds = list(incident.timeline.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["opened", "note", "checklist", "severity", "owner", "issue", "issue"]
    as_member.post(f"{LIST}1/tick/", {**tick, "done": "no"})
    assert not incident.ticks.exists()
    assert "has changed meanwhile" in text_of(
        as_member.post(f"{LIST}1/tick/", {**tick, "item": "x"}, follow=True)
    )


def test_opening_by_hand(as_member: Client, member: User, issue: Issue, as_viewer: Client) -> None:
    assert as_viewer.get(f"{LIST}new/").status_code == 403
    assert "connection refused" in as_member.get(f"{LIST}new/?issue={issue.pk}").content.decode()
    given = {
        "title": "Charts are empty",
        "severity": "P1",
        "project": issue.project_id,
        "environment": "production",
        "minutes": "10",
        "issue": issue.pk,
    }
    as_member.post(f"{LIST}new/", given)
    incident = Incident.objects.get()
    assert (incident.state, incident.owner, incident.rule) == (State.ACKNOWLEDGED, member, "")
    assert (incident.detected_at - incident.started_at).total_seconds() == pytest.approx(600, abs=1)
    assert incident.issues.get() == issue
    assert {one.channel for one in Notification.objects.filter(kind="fired")} == {"slack", "email", "github"}
    assert "This field is required" in text_of(as_member.post(f"{LIST}new/", {**given, "title": ""}))


def test_the_hand_over_to_github_is_done_once(as_member: Client, incident: Incident) -> None:
    as_member.post(f"{LIST}1/github/")
    again = as_member.post(f"{LIST}1/github/", follow=True)
    assert "handed over before" in text_of(again)
    message = Notification.objects.get(channel="github")
    assert message.message["details"]["hand_over"] is True
    message.answer, message.state = {"url": "https://github.com/hydroml/hydroml/issues/7"}, "sent"
    message.save()
    assert 'href="https://github.com/hydroml/hydroml/issues/7"' in as_member.get(f"{LIST}1/").content.decode()


def test_github_takes_a_hand_over_of_any_severity(project: Project, member: User) -> None:
    incident = alerted("content", time.time(), project=project)
    (made,) = handing_over.hand_over(incident, member, time.time())
    message = Message.from_json(made.message)
    letter = Letter(message, key="1", home="http://monitor.example", to=("hydroml/hydroml",))
    payload = github.draw(letter)
    assert payload["repository"] == "hydroml/hydroml"
    assert "Data files cannot be processed" in payload["title"]
    assert incident_url(incident.number) in payload["body"]
    with pytest.raises(NotForThisChannelError):
        github.draw(replace(letter, message=replace(message, details={})))


def test_strangers_find_nothing_and_viewers_change_nothing(
    incident: Incident, as_viewer: Client, other_project: Project
) -> None:
    theirs = alerted("database", time.time(), project=other_project)
    assert as_viewer.get(f"{LIST}{theirs.number}/").status_code == 404
    assert "#2" not in text_of(as_viewer.get(f"{LIST}?state=all"))
    for path in ("act/", "note/", "severity/", "owner/", "issue/", "tick/", "github/", "review/", "publish/"):
        assert as_viewer.post(f"{LIST}1/{path}").status_code == 403, path


def test_known_errors_are_found_by_words_and_by_fingerprint(as_viewer: Client, issue: Issue) -> None:
    assert "Nothing is written down yet" in text_of(as_viewer.get(f"{LIST}known-errors/"))
    Issue.objects.update(known_error="Restart the pool.")
    hash_ = issue.hashes.get().hash
    for words in ("", "pool", hash_, hash_[:8]):
        assert "Restart the pool." in text_of(as_viewer.get(f"{LIST}known-errors/?q={words}")), words
    assert "Nothing matches" in text_of(as_viewer.get(f"{LIST}known-errors/?q=00000000"))


def test_what_is_known_goes_along_in_messages(project: Project, issue: Issue) -> None:
    Issue.objects.update(known_error="Restart the pool.")
    incident = ended(alerted("database", project=project, issues=[issue.pk]), time.time())
    message = Notification.objects.filter(incident=incident, kind="resolved").first()
    assert message is not None
    assert ["Known error", "Restart the pool."] in message.message["facts"]


def test_a_form_that_is_sent_twice_opens_one_incident(as_member: Client, project: Project) -> None:
    given = {"title": "Maps are grey", "severity": "P2", "project": project.pk, "environment": "production"}
    answers = [as_member.post("/incidents/new/", {**given, "minutes": "0"}, follow=True) for _ in range(2)]
    incident = Incident.objects.get(title="Maps are grey")
    assert "is open, and people are being told" in text_of(answers[0])
    assert "none was opened anew" in text_of(answers[1])
    assert answers[1].redirect_chain == [(f"/incidents/{incident.number}/", 302)]
    as_member.post("/incidents/new/", {**given, "title": "Maps are blue", "minutes": "0"})
    assert Incident.objects.filter(title__startswith="Maps").count() == 2
