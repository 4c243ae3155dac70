"""The status page says what was published, to everybody, from a cache; and nothing else. The review writes itself up."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import User
from monitor.incidents import handling, review
from monitor.incidents.course import IncidentError
from monitor.incidents.drafts import drafts_of
from monitor.incidents.markdown import rendered
from monitor.incidents.models import Incident, State
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.incidents.episodes import NOON, alerted, ended

STATUS = "/status/"
INSIDE = "The database fails"
WORD = {
    "public_title": "Projects load slowly",
    "impact": "degraded",
    "features": ["projects", "data"],
    "stage": "investigating",
    "text": "We are looking for the cause.",
}


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def incident(project: Project) -> Incident:
    return alerted("database", time.time() - 60, project=project, release="hydroml@1.4.2")


def test_everybody_reads_that_everything_works(db: None) -> None:
    page = Client().get(STATUS)
    assert "Everything works." in text_of(page)
    assert "Experiments works" in text_of(page)
    assert "Nothing that you would have noticed." in text_of(page)
    assert "max-age=15" in page["Cache-Control"]
    assert "monitor_session" not in page.cookies


def test_what_is_not_published_is_not_there(incident: Incident) -> None:
    page = text_of(Client().get(STATUS))
    assert "Everything works." in page
    assert INSIDE not in page


def test_what_is_published_is(incident: Incident, as_member: Client, project: Project, member: User) -> None:
    assert "Since" in as_member.get("/incidents/1/publish/?draft=investigating").content.decode()
    as_member.post("/incidents/1/publish/", WORD)
    page = text_of(Client().get(STATUS))
    for said in (
        "Something is slow, or fails for some.",
        "Projects load slowly",
        "Projects, Data sources",
        "We are looking for the cause.",
        "Projects slow, or fails for some",
        "Experiments works",
    ):
        assert said in page, said
    for unsaid in (INSIDE, "hydroml@1.4.2", project.name + " ·", "Mary", "P0", "database", "#1"):
        assert unsaid not in page, unsaid
    incident.refresh_from_db()
    assert incident.timeline.filter(kind="published").exists()
    assert incident.updated_at.timestamp() > time.time() - 60


def test_what_is_over_is_said_when_it_is_over(incident: Incident, as_member: Client) -> None:
    as_member.post("/incidents/1/publish/", WORD)
    said = text_of(as_member.post("/incidents/1/publish/", {**WORD, "stage": "resolved"}))
    assert "It is still open" in said
    as_member.post("/incidents/1/act/", {"action": "resolved"})
    as_member.post("/incidents/1/publish/", {**WORD, "stage": "resolved", "text": "It is over."})
    cache.clear()
    page = text_of(Client().get(STATUS))
    assert "Everything works." in page
    assert "It is over." in page


def test_it_is_taken_off_again(incident: Incident, as_member: Client) -> None:
    as_member.post("/incidents/1/publish/", WORD)
    as_member.post("/incidents/1/publish/", {"action": "withdraw"})
    assert "Projects load slowly" not in text_of(Client().get(STATUS))
    assert incident.public_updates.count() == 1


def test_hostile_words_stay_words(incident: Incident, as_member: Client) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    as_member.post("/incidents/1/publish/", {**WORD, "text": hostile, "public_title": hostile})
    assert hostile not in Client().get(STATUS).content.decode()


def test_it_costs_nothing_while_it_is_cached(
    incident: Incident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = Client()
    with django_assert_num_queries(1):
        client.get(STATUS)
    with django_assert_num_queries(0):
        client.get(STATUS)


def test_drafts_have_the_facts(incident: Incident) -> None:
    incident.features, incident.impact = ["projects", "data"], "down"
    incident.started_at = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
    incident.resolved_at = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
    drafts = {
        one.stage: one.text
        for one in drafts_of(current_strategy(), incident, datetime(2026, 11, 29, 12, 10, tzinfo=UTC))
    }
    assert drafts["investigating"] == (
        "Since 13:00 (Europe/Vienna), the following does not work: Projects and data sources. We are looking for the cause."
        " The next word from us stands here by 13:25."
    )
    assert "for 30 minutes" in drafts["resolved"]


# The review


@pytest.fixture
def over(project: Project, member: User) -> Incident:
    incident = alerted("database", NOON, project=project, first_event_at=NOON - 30)
    handling.acknowledge(incident, member, NOON + 100)
    handling.note(incident, "The pool\nis full.", member, NOON + 200)
    return ended(incident, NOON + 900)


def test_its_facts_agree_with_the_timeline(over: Incident) -> None:
    facts = {one.name: one.value for one in review.facts_of(current_strategy(), over)}
    assert facts["Started"] == "2026-11-29 11:59:30 UTC"
    assert facts["Detected"] == "2026-11-29 12:00:00 UTC, 30 s after the start, goal 2 min: met"
    assert facts["Acknowledged"] == "2026-11-29 12:01:40 UTC, 1 min 40 s after detection, goal 5 min: met"
    assert facts["Resolved"] == "2026-11-29 12:15:00 UTC, 15 min 30 s after the start, goal 30 min: met"
    document = review.document(current_strategy(), over)
    assert document.startswith("# Incident #1: The database fails\n")
    for line in (
        "- 2026-11-29 12:00:00 Opened by the alert: The database fails",
        "- 2026-11-29 12:01:40 Acknowledged. (Mary)",
        "- 2026-11-29 12:03:20 The pool is full. (Mary)",
        "- 2026-11-29 12:15:00 Resolved by itself: all of its alerts are over.",
        "## Root cause\n\n_Not written yet._",
    ):
        assert line in document, line


def test_it_is_complete_when_it_is_written(over: Incident, as_member: Client, member: User) -> None:
    address = "/incidents/1/review/"
    texts = {name: f"**{name}** [bad](javascript:alert(1)) <b>x</b>" for name in review.FIELDS}
    said = as_member.post(address, {**texts, "fix": " ", "action": "complete"}, follow=True)
    assert "Not yet written: fix." in text_of(said)
    as_member.post(address, {"fix": "A bigger pool."})
    html = as_member.get(address).content.decode()
    assert "<strong>root_cause</strong>" in html
    assert "javascript:alert" not in re.sub(r"\[bad\]\(javascript:alert\(1\)\)", "", html)
    assert "<b>x</b>" not in html
    as_member.post(address, {"action": "complete"})
    over.refresh_from_db()
    assert over.state == State.REVIEWED
    assert over.review.changed_by == member
    said = as_member.post(address, {"fix": "Other"}, follow=True)
    assert "stays as it is" in text_of(said)
    assert over.timeline.filter(kind="reviewed").count() == 1


def test_one_that_is_open_is_not_complete(project: Project, as_member: Client, member: User) -> None:
    incident = alerted("database", project=project)
    review.save(incident, dict.fromkeys(review.FIELDS, "x"), member, NOON)
    with pytest.raises(IncidentError, match="still open"):
        review.complete(incident, member, NOON + 1)


def test_it_is_shown_as_due_and_overdue(over: Incident, as_member: Client, time_machine: Any) -> None:
    time_machine.move_to(NOON + 900 + 3600, tick=False)
    assert "due in 23 h" in text_of(as_member.get("/incidents/1/review/"))
    time_machine.move_to(NOON + 900 + 26 * 3600, tick=False)
    assert "overdue since" in text_of(as_member.get("/incidents/1/review/"))
    assert "The review is due, overdue" in text_of(as_member.get("/incidents/?state=review"))


def test_the_export_is_markdown_and_logged(over: Incident, as_viewer: Client) -> None:
    response = as_viewer.get("/incidents/1/review.md")
    assert response["Content-Type"].startswith("text/markdown")
    assert 'filename="incident-1.md"' in response["Content-Disposition"]


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "<script>x</script>",
        "[x](//evil.example)",
    ],
)
def test_markdown_does_no_harm(text: str) -> None:
    html = rendered(text)
    assert not re.search(r"<script|href", html)


def test_an_image_becomes_a_link_that_loads_nothing() -> None:
    assert (
        rendered("![x](https://example.org/x.png)") == '<p>!<a href="https://example.org/x.png">x</a></p>\n'
    )
