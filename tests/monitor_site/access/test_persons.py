"""What is kept of a person is found by the id that SDKs send, and erased; counts stay."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import BinaryField
from django.test import Client
from pytest_django.fixtures import Settings

from monitor.access import persons
from monitor.access.models import AuditEntry, User
from monitor.digest.payloads import PayloadLostError, payload_store
from monitor.feedback.models import Contact, Feedback
from monitor.issues import services
from monitor.issues.models import Attachment, Issue, IssueUser, StoredEvent
from monitor.projects.models import Project
from monitor.releases.models import ReleaseUser
from tests.monitor_site.delivering import Delivery

PAGE = "/accounts/person/"
WHO = "person-4711"


def _event(message: str = "broken", user: str = WHO, **more: Any) -> dict[str, Any]:
    return {"message": message, "level": "error", "user": {"id": user}, **more}


@pytest.fixture
def known(deliver: Delivery) -> str:
    """The id of an event, of three of this person and two of others, in two issues; with all that comes along."""
    event_id = uuid4().hex
    deliver(
        deliver.envelope(
            _event(event_id=event_id, tags={"user_id": WHO}),
            ({"type": "attachment", "filename": "screen.png"}, b"a picture"),
            event_id=event_id,
        ),
        _event(),
        _event("another"),
        _event(user="somebody-else"),
        _event("another", user="somebody-else"),
        ("user_report", {"event_id": event_id, "comments": "It hurts", "email": "me@example.org"}),
        (
            "session",
            {
                "sid": str(uuid4()),
                "did": WHO,
                "init": True,
                "started": "2026-11-22T12:00:00Z",
                "timestamp": "2026-11-22T12:00:01Z",
                "status": "exited",
                "attrs": {"release": "shop@1.0"},
            },
        ),
    )
    return event_id


def test_what_is_kept_is_found(known: str) -> None:
    found = persons.find(WHO)
    assert (found.event_count, found.issue_count, found.attachment_count) == (3, 2, 1)
    assert (found.session_days, found.tag_count) == (1, 1)
    assert {met.issue.title: met.events for met in found.issues} == {"broken": 2, "another": 1}
    assert not persons.find("nobody").is_known


def test_it_is_found_by_what_was_sent_in_place_of_an_id(deliver: Delivery) -> None:
    deliver({"message": "x", "level": "error", "user": {"email": "ada@example.org"}})
    deliver({"message": "x", "level": "error", "user": {"username": "ada"}})
    assert persons.find("ada@example.org").event_count == 1
    assert persons.find("ada").event_count == 1


def test_it_is_erased_and_counts_stay(known: str, settings: Settings) -> None:
    row = StoredEvent.objects.get(uid=bytes.fromhex(known))
    place = (row.block_id, row.slot)
    assert WHO.encode() in payload_store().read(*place)
    before = dict(Issue.objects.values_list("title", "times"))
    erased = persons.erase(WHO, "test")
    assert (erased.events, erased.attachments, erased.issues) == (3, 1, 2)
    with pytest.raises(PayloadLostError):
        payload_store().read(*place)
    assert dict(Issue.objects.values_list("title", "times")) == before
    assert dict(Issue.objects.values_list("title", "stored")) == {"broken": 1, "another": 1}
    assert not Attachment.objects.exists()
    assert not ReleaseUser.objects.exists()
    assert not persons.find(WHO).is_known
    # What others sent is as it was.
    assert persons.find("somebody-else").event_count == 2
    assert IssueUser.objects.count() == 2


def test_nothing_of_it_is_left_in_files_or_tables(known: str, settings: Settings) -> None:
    files = Path(settings.PAYLOAD_DIRECTORY)
    block = StoredEvent.objects.get(uid=bytes.fromhex(known)).block
    kept = (files / block.file).read_bytes()[block.offset : block.offset + block.length]
    persons.erase(WHO, "test")
    assert not [path for path in files.rglob("*") if kept in path.read_bytes()]
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
    assert "issues_tagvalue" in tables
    for table in tables:
        with connection.cursor() as cursor:
            assert WHO not in str(cursor.execute(f'SELECT * FROM "{table}"').fetchall()), table


def test_no_table_remembers_users_that_erasing_does_not_know_of() -> None:
    """A new table with hashes of users has to be erased from in monitor/access/persons.py, and named here."""
    remembering = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, BinaryField) and "user" in field.name
    }
    assert remembering == {
        "issues.StoredEvent", "issues.IssueUser", "issues.Merge", "feedback.Feedback", "releases.ReleaseUser",
        "dashboards.AffectedUser",
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_nothing_of_it_is_left_in_the_databases_own_file(known: str, settings: Settings) -> None:
    database = Path(connection.settings_dict["NAME"])
    files = [database, Path(f"{database}-wal")]
    assert any(WHO.encode() in path.read_bytes() for path in files)  # as the value of a tag
    persons.erase(WHO, "test")
    assert not any(WHO.encode() in path.read_bytes() for path in files)


def test_the_same_event_sent_again_is_neither_stored_nor_counted(known: str, deliver: Delivery) -> None:
    persons.erase(WHO, "test")
    before = Issue.objects.get(title="broken").times
    deliver(_event(event_id=known))
    assert Issue.objects.get(title="broken").times == before
    assert not persons.find(WHO).event_count


def test_feedback_goes_with_its_address(known: str, deliver: Delivery) -> None:
    feedback = Feedback.objects.get()
    Feedback.objects.update(user=persons.hashes_of(WHO)[0])
    assert Contact.objects.filter(feedback=feedback).exists()
    assert persons.find(WHO).feedback_count == 1
    assert persons.erase(WHO, "test").feedback == 1
    assert not Contact.objects.exists()


def test_what_a_merged_issue_remembers_is_erased_too(known: str, admin: User) -> None:
    into = services.merge(Issue.objects.order_by("pk"), admin)
    mine = persons.hashes_of(WHO)[0]
    (merge,) = into.merges.all()
    assert mine in bytes(merge.users)
    others = len(merge.users)
    persons.erase(WHO, "test")
    merge.refresh_from_db()
    assert mine not in bytes(merge.users)
    assert len(merge.users) == others - 8


def test_erasing_again_ends_what_was_interrupted(known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(persons, "_remove_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            persons.erase(WHO, "test")
    assert persons.find(WHO).event_count == 3
    assert persons.erase(WHO, "test").events == 3
    assert not persons.find(WHO).is_known


def test_an_admin_finds_and_erases(as_admin: Client, known: str, project: Project) -> None:
    page = as_admin.post(PAGE, {"identity": f" {WHO} "}).content.decode()
    assert "broken" in page
    assert project.name in page
    response = as_admin.post(f"{PAGE}erase/", {"identity": WHO}, follow=True)
    assert "Nothing was erased" in response.content.decode()
    response = as_admin.post(f"{PAGE}erase/", {"identity": WHO, "confirmed": "yes"}, follow=True)
    assert "Erased: 3 events," in response.content.decode()
    assert "Nothing is kept" in as_admin.post(PAGE, {"identity": WHO}).content.decode()


def test_the_audit_log_tells_of_it_and_not_of_whom(as_admin: Client, known: str) -> None:
    as_admin.post(PAGE, {"identity": WHO})
    as_admin.post(f"{PAGE}erase/", {"identity": WHO, "confirmed": "yes"})
    searched, erased = AuditEntry.objects.filter(action__startswith="person.").order_by("pk")
    assert erased.details["events"] == 3
    assert searched.target == erased.target
    assert WHO not in str(AuditEntry.objects.values_list("target", "details"))


def test_it_is_for_admins(as_member: Client, known: str) -> None:
    assert as_member.post(PAGE, {"identity": WHO}).status_code == 403
    assert as_member.post(f"{PAGE}erase/", {"identity": WHO, "confirmed": "yes"}).status_code == 403
    assert persons.find(WHO).event_count == 3
