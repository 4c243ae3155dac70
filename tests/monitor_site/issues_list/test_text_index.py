"""The index of words: kept by triggers, whoever writes."""

from __future__ import annotations

import time

import pytest
from django.core.management import call_command
from django.db import connection

from monitor.issues import text_index
from monitor.issues.models import Issue
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure


def found(*needles: str) -> set[int]:
    return set(Issue.objects.filter(text_index.indexed(list(needles))).values_list("number", flat=True))


def make(project: Project, number: int, title: str, **more: str) -> Issue:
    return Issue.objects.create(
        project=project, number=number, title=title, level="error", first_seen=1, last_seen=1, **more
    )


def test_it_follows_every_change(project: Project) -> None:
    issue = make(project, 1, "connection refused", value="by the gauge", culprit="jobs.run", type="OSError")
    for part in ("tion ref", "REFUSED", "the gauge", "jobs.r", "oserr"):
        assert found(part) == {1}, part
    Issue.objects.filter(pk=issue.pk).update(title="timed out", value="at noon")
    assert found("refused") == found("gauge") == set()
    assert found("imed o") == found("at noon") == {1}
    Issue.objects.filter(pk=issue.pk).update(times=7)
    assert found("imed o") == {1}
    issue.delete()
    assert found("imed o") == set()


def test_it_follows_what_the_digest_writes(deliver: Delivery) -> None:
    two_hours_ago = time.time() - 7200
    deliver(failure("a", value="the first words", timestamp=two_hours_ago), received=two_hours_ago)
    deliver(failure("a", value="other words now"))
    assert found("first words") == set()
    assert found("other words") == {1}


def test_all_needles_are_in_it_and_marks_are_characters(project: Project) -> None:
    make(project, 1, 'say "no" AND (more)*')
    make(project, 2, "say nothing")
    assert found("say") == {1, 2}
    assert found("say", '"no"') == {1}
    assert found("AND (more)*") == {1}
    assert found("NOT") == {2}


def test_letters_beyond_a_to_z_are_alike_too(project: Project) -> None:
    make(project, 1, "Überlauf am Pegel Straße")
    assert found("überlauf") == found("ÜBERLAUF") == found("straße") == {1}


def test_migrating_again_changes_nothing_and_mends_what_is_missing(project: Project) -> None:
    """Such as after a migration that made the table of issues anew: its triggers went with the old one."""
    make(project, 1, "before")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {text_index.TABLE}_added")
    make(project, 2, "in between")
    assert found("in between") == set()
    text_index.ensure()
    make(project, 3, "afterwards")
    assert (found("before"), found("in between"), found("afterwards")) == ({1}, {2}, {3})
    text_index.ensure()
    assert found("before") == {1}


@pytest.mark.django_db(transaction=True)
def test_migrate_looks_after_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {text_index.TABLE}_changed")
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'issues_issue'"
        )
        assert cursor.fetchone() == (3,)


def test_it_agrees_with_itself(deliver: Delivery) -> None:
    """SQLite's own check of what it holds, after additions, changes and removals."""
    two_hours_ago = time.time() - 7200
    events = [failure(f"f{number}", value=f"words {number}", timestamp=two_hours_ago) for number in range(20)]
    deliver(*events, received=two_hours_ago)
    deliver(*(failure(f"f{number}", value=f"others {number}") for number in range(0, 20, 2)))
    Issue.objects.filter(number__lt=5).delete()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {text_index.TABLE}({text_index.TABLE}) VALUES ('integrity-check')")
    assert len(found("words")) + len(found("others")) == 16
