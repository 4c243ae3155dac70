"""What is old or too much goes, in short steps, gives its space back, and takes nothing else with it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils.timezone import now
from pytest_django.fixtures import Settings

from monitor.access.audit import record
from monitor.access.models import AuditEntry
from monitor.digest.models import PayloadBlock
from monitor.digest.payloads import payload_store
from monitor.digest.sql import database
from monitor.issues.models import (
    Attachment,
    Issue,
    IssueHour,
    IssueTag,
    IssueUser,
    StoredEvent,
    TagValue,
)
from monitor.projects.models import Project
from monitor.retention import old_files, old_rows, space
from monitor.retention.jobs import forget_files, forget_rows
from monitor.retention.old_files import PayloadFile, payload_files
from monitor.retention.pace import STEP_S, Pace
from monitor.stats.models import EventCount, OutcomeCount
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_intake.failing import failure

DAY_S = 86400.0
pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> float:
    return time.time()


def noisy(kind: str = "ValueError", size: int = 20_000, **more: Any) -> dict[str, Any]:
    """One that does not get small by compressing."""
    parts = {f"part{number}": os.urandom(2000).hex() for number in range(size // 4000)}
    return failure(kind, extra=parts, **more)


def files() -> set[str]:
    return {file.name for file in payload_files()}


@pytest.fixture
def strategy_file(tmp_path: Path, settings: Settings) -> Any:
    """`strategy_file(changed="text")`: the strategy with another `[retention]`."""
    from strategy.loader import DEFAULT_PATH

    def write(text: str) -> None:
        head = DEFAULT_PATH.read_text().partition("[retention]")[0]
        path = tmp_path / "strategy.toml"
        path.write_text(f"{head}[retention]\n{text}\n")
        settings.STRATEGY_FILE = str(path)

    return write


def forget_files_closed(at: float) -> None:
    """As when the digest has gone on to the files of another day."""
    payload_store().close()
    forget_files(at)


class TestByAge:
    def test_events_go_after_ninety_days_with_their_file_and_their_counts_stay(
        self, deliver: Delivery, at: float
    ) -> None:
        envelope = deliver.envelope(failure(), ({"type": "attachment", "filename": "a"}, b"a"))
        deliver(envelope, received=at - 92 * DAY_S)
        deliver(failure(), failure("Other"), received=at - 88 * DAY_S)
        assert len(files()) == 2
        forget_files_closed(at)
        assert len(files()) == 1
        assert StoredEvent.objects.count() == PayloadBlock.objects.get().payloads == 2
        assert not Attachment.objects.exists()
        issue = Issue.objects.get(type="ValueError")
        assert (issue.times, issue.stored) == (2, 1)
        row = StoredEvent.objects.get(issue=issue)
        assert payload_store().read(row.block_id, row.slot)

    def test_a_project_may_keep_its_own_for_longer_or_shorter(
        self, deliver: Delivery, at: float, project: Project, other_project: Project
    ) -> None:
        project.retention_days = 10
        project.save()
        for owner in (project, other_project):
            deliver(failure(), received=at - 20 * DAY_S, project=owner)
        forget_files_closed(at)
        assert [event.project_id for event in StoredEvent.objects.all()] == [other_project.pk]

    def test_the_strategy_may_say_it_for_a_project(
        self, deliver: Delivery, at: float, project: Project, strategy_file: Any
    ) -> None:
        strategy_file('events = "90d"\n[retention.projects.hydroml]\nevents = "5d"')
        deliver(failure(), received=at - 7 * DAY_S)
        forget_files_closed(at)
        assert not StoredEvent.objects.exists()

    def test_files_of_a_project_that_is_gone_go_at_once(
        self, deliver: Delivery, at: float, other_project: Project
    ) -> None:
        deliver(failure(), project=other_project)
        other_project.delete()
        forget_files_closed(at)
        assert files() == set()
        assert not PayloadBlock.objects.exists()

    def test_rows_whose_file_somebody_removed_go_in_their_time(self, deliver: Delivery, at: float) -> None:
        deliver(failure(), received=at - 92 * DAY_S)
        for name in files():
            (payload_store().directory / name).unlink()
        forget_files_closed(at)
        assert not StoredEvent.objects.exists()

    def test_counts_tags_and_hours_go_after_their_own_time(self, deliver: Delivery, at: float) -> None:
        old, new = {"tags": {"basin": "Inn"}}, {"tags": {"basin": "Enns"}}
        deliver(failure(**old), failure(**new), received=at - 401 * DAY_S)
        deliver(failure(**new), received=at)
        forget_rows(at)
        assert {row.hour for row in IssueHour.objects.all()} == {int(at // 3600)}
        assert {row.minute for row in EventCount.objects.all()} == {int(at // 60)}
        assert {row.minute for row in OutcomeCount.objects.all()} == {int(at // 60)}
        assert set(TagValue.objects.filter(key="basin").values_list("value", flat=True)) == {"Enns"}
        assert IssueTag.objects.get(tag__key="basin").times == 2

    def test_an_issue_goes_when_nothing_else_of_it_is_left(self, deliver: Delivery, at: float) -> None:
        deliver(*(failure(user={"id": number}) for number in range(30)), received=at - 401 * DAY_S)
        deliver(failure("Later"), received=at - 399 * DAY_S)
        forget_rows(at)
        assert Issue.objects.count() == 2, "as long as it has events, an issue stays"
        forget_files_closed(at)
        forget_rows(at)
        assert Issue.objects.get().type == "Later"
        assert not IssueUser.objects.exists()
        assert AuditEntry.objects.get(action="issue.deleted").actor == "retention"

    def test_log_ins_and_the_audit_log_go_too(self, at: float) -> None:
        for name, days in (("old", -1), ("new", 1)):
            Session.objects.create(
                session_key=name, session_data="", expire_date=now() + timedelta(days=days)
            )
            record("test", "project.changed", name)
        AuditEntry.objects.filter(target="old").update(at=datetime.fromtimestamp(at - 401 * DAY_S, UTC))
        forget_rows(at)
        assert [one.session_key for one in Session.objects.all()] == ["new"]
        assert [one.target for one in AuditEntry.objects.all()] == ["new"]


class TestBySize:
    def test_the_oldest_go_first_until_all_fits(
        self, deliver: Delivery, at: float, strategy_file: Any, settings: Settings
    ) -> None:
        for day in range(6):
            deliver(*(noisy() for _ in range(20)), received=at - (6 - day) * DAY_S)
        payload_store().close()
        before = payload_files()
        kept = sum(file.size for file in before[-2:])
        strategy_file(f"max_bytes = {kept + old_files.database_bytes() + 1000}")
        forget_files(at)
        assert payload_files() == before[-2:]
        assert StoredEvent.objects.count() == 40

    def test_a_project_may_have_a_bound_of_its_own(
        self, deliver: Delivery, at: float, other_project: Project, strategy_file: Any
    ) -> None:
        for owner in (None, other_project):
            for day in range(3):
                deliver(
                    *(noisy(size=400_000) for _ in range(2)), received=at - (3 - day) * DAY_S, project=owner
                )
        payload_store().close()
        strategy_file('[retention.projects.other]\nevents = "90d"\nmax_bytes = 1_000_000')
        forget_files(at)
        theirs = [file for file in payload_files() if file.project_id == other_project.pk]
        assert sum(file.size for file in theirs) <= 1_000_000
        assert len(payload_files()) - len(theirs) == 3

    def test_a_file_that_is_being_written_stays_whole(
        self, deliver: Delivery, at: float, strategy_file: Any
    ) -> None:
        deliver(*(noisy(size=900_000) for _ in range(3)))
        strategy_file("max_bytes = 1_000_000")
        forget_files(at)
        assert StoredEvent.objects.count() == 3
        for row in StoredEvent.objects.all():
            assert payload_store().read(row.block_id, row.slot)
        payload_store().close()
        forget_files(at)
        assert not StoredEvent.objects.exists()
        assert files() == set()

    def test_files_are_small_enough_for_it(self, deliver: Delivery, strategy_file: Any) -> None:
        strategy_file("max_bytes = 64_000_000")
        for _ in range(5):
            deliver(noisy(size=600_000))
        assert max(file.size for file in payload_files()) < 2_000_000


class TestPace:
    def test_steps_are_made_short(self) -> None:
        done = []

        def step(size: int) -> int:
            done.append(size)
            # As if each row took 2 ms.
            time.sleep(size * 0.002)
            return size if len(done) < 6 else 0

        assert Pace(60, sleep=lambda _: None).run(step, first=50)
        assert done[0] == 50
        # A loaded machine may make them shorter still.
        assert max(done[1:]) <= STEP_S / 0.002

    def test_it_ends_when_its_time_is_over(self) -> None:
        pace = Pace(0.05)
        assert not pace.run(lambda size: 1)
        assert pace.is_over

    def test_others_get_as_long_as_a_step_took(self) -> None:
        slept: list[float] = []
        left = [3]

        def step(size: int) -> int:
            time.sleep(0.01)
            left[0] -= 1
            return left[0]

        Pace(60, sleep=slept.append).run(step)
        assert len(slept) == 2
        assert all(seconds >= 0.01 for seconds in slept)


@pytest.mark.django_db(transaction=True)
class TestWhileEventsCome:
    @pytest.fixture(autouse=True)
    def _fresh(self) -> Iterator[None]:
        yield
        connection.close()

    def test_the_database_file_gives_its_space_back(
        self, deliver: Delivery, at: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each event with tags and a user of its own: thousands of rows."""
        monkeypatch.setattr(space, "SLACK_PAGES", 10)
        empty = pages()
        for _ in range(4):
            deliver(
                *(
                    failure(user={"id": n}, tags={f"key{k}": f"{n}-{k}" for k in range(30)})
                    for n in range(300)
                ),
                received=at - 401 * DAY_S,
            )
        payload_store().close()
        before = pages()
        forget_files(at)
        for _ in range(20):
            forget_rows(at)
            space.give_back(Pace(5))
        assert Issue.objects.count() == 0
        assert database().execute("PRAGMA freelist_count").fetchone()[0] <= space.SLACK_PAGES
        assert pages() - empty < (before - empty) / 2

    def test_the_digest_goes_on_while_retention_deletes(self, deliver: Delivery, at: float) -> None:
        for day in range(5):
            deliver(*(noisy(size=4000) for _ in range(300)), received=at - (100 - day) * DAY_S)
        payload_store().close()
        failed: list[BaseException] = []
        begun = threading.Event()

        def forget() -> None:
            try:
                begun.set()
                while len(payload_files()) > 1:
                    forget_files(at)
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        forgetting = threading.Thread(target=forget)
        forgetting.start()
        begun.wait()
        delivered = 0
        while forgetting.is_alive() or delivered < 50:
            deliver(*(failure("During") for _ in range(10)), received=at)
            delivered += 10
        forgetting.join()
        assert not failed
        assert Issue.objects.get(type="During").times == delivered
        assert StoredEvent.objects.exclude(issue__type="During").count() == 0


def pages() -> int:
    return int(database().execute("PRAGMA page_count").fetchone()[0])


def test_a_sweep_goes_on_where_its_time_was_over(deliver: Delivery, at: float) -> None:
    deliver(*(failure(tags={"well": str(number)}) for number in range(50)), received=at - 401 * DAY_S)
    sweep = old_rows.Sweep("issues_issuetag", "last_seen < ?")
    assert IssueTag.objects.count() > 50
    sweep.run(Pace(0), at)
    assert IssueTag.objects.count() > 50
    sweep.run(Pace(60), at)
    assert IssueTag.objects.count() == 0


def test_only_names_of_payload_files_are_looked_at(settings: Settings) -> None:
    directory = Path(settings.PAYLOAD_DIRECTORY)
    directory.mkdir()
    for name in ("2026-11-22.3.1", "notes.txt", "2026-11-22"):
        (directory / name).touch()
    day = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
    assert payload_files() == [PayloadFile(day, 1, 3, "2026-11-22.3.1", 0)]
