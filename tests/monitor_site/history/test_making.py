"""A short history, made for real: what the rooms then hold agrees with itself, and nobody is told anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum
from django.test import Client
from django.test.utils import override_settings
from pytest_django.plugin import DjangoDbBlocker

from monitor.access.models import AuditEntry, User
from monitor.alerts.models import Episode, Notification
from monitor.crons.models import CheckIn
from monitor.digest import facts
from monitor.digest.payloads import payload_store
from monitor.history.figures import ENVIRONMENT
from monitor.history.many_issues import add_issues
from monitor.history.mark import made_history
from monitor.incidents import status
from monitor.incidents.models import Incident, State
from monitor.issues.models import Issue, StoredEvent
from monitor.metrics.selectors import Where, error_rate, sums
from monitor.projects.models import Project
from monitor.releases.models import Deploy, Regression, ReleaseHour
from monitor.releases.rollback.models import Rollback
from monitor.releases.rollback.models import State as RollbackState
from monitor.site.strategy_file import current_strategy
from monitor.stats.models import EventCount

DAYS = 3


@pytest.fixture(scope="module")
def history(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """Made once, as it takes seconds, in a transaction: what each test changes in it is taken back after the test."""
    folder = tmp_path_factory.mktemp("history")
    places = {"DATA_ROOT": folder, "SPOOL_DIRECTORY": folder / "spool", "KEYS_FILE": folder / "keys.json"}
    with ExitStack() as stack:
        stack.enter_context(override_settings(PAYLOAD_DIRECTORY=folder / "payloads", **places))
        with django_db_blocker.unblock():
            stack.enter_context(transaction.atomic())
            project = Project.objects.create(slug="hydroml", name="HydroML")
            call_command("make_history", days=DAYS, scale=0.25, seed=3, until=_last_thursday())
            payload_store().close()
        yield project
        with django_db_blocker.unblock():
            transaction.set_rollback(True)
            stack.close()


@pytest.fixture
def made(history: Project, db: None) -> Project:
    return Project.objects.get(pk=history.pk)


def _last_thursday() -> float:
    """14:00 UTC: whatever day it is, the three days before are working days."""
    now = datetime.now(UTC)
    back = timedelta(days=(now.weekday() - 3) % 7 or 7)
    return (now - back).replace(hour=14, minute=0, second=0, microsecond=0).timestamp()


def test_a_made_history_agrees_with_itself(made: Project) -> None:
    now = time.time()
    stored = StoredEvent.objects.filter(project=made).count()
    times = Issue.objects.filter(project=made).aggregate(Sum("times"))["times__sum"]
    assert stored <= times == EventCount.objects.aggregate(Sum("times"))["times__sum"]

    # Requests as metrics count them are sessions as releases count them, and what failed is what crashed.
    share = error_rate(Where([made.pk], environment=ENVIRONMENT), now - (DAYS + 9) * 86_400, now)
    hours = ReleaseHour.objects.filter(environment=ENVIRONMENT).aggregate(Sum("sessions"), Sum("crashed"))
    assert (share.total, share.bad) == (hours["sessions__sum"], hours["crashed__sum"])
    assert share.bad > 0

    # The outage opened a P0, which went its way; something is still open.
    outage = Incident.objects.get(rule="database")
    assert outage.severity == "P0"
    assert outage.state in (State.RESOLVED, State.REVIEWED)
    assert outage.acknowledged_at is not None
    assert outage.resolved_at is not None
    assert outage.started_at <= outage.detected_at <= outage.acknowledged_at <= outage.resolved_at
    assert outage.timeline.filter(kind="acknowledged").exists()
    assert Incident.objects.filter(state__in=(State.TRIGGERED, State.INVESTIGATING)).exists()

    # The engine saw what is stored.
    episode = Episode.objects.filter(rule="database").first()
    assert episode is not None
    assert episode.ended_at is not None
    assert set(episode.issues) <= set(Issue.objects.values_list("pk", flat=True))
    assert Episode.objects.filter(ended_at__isnull=True).exists()

    # Nobody is told of it now.
    assert not Notification.objects.filter(state=Notification.State.WAITING).exists()
    assert Notification.objects.filter(state=Notification.State.SENT).exists()

    assert Regression.objects.filter(issue__type="ZeroDivisionError").exists()
    assert Deploy.objects.filter(release__version="hydroml@2.3.1", environment=ENVIRONMENT).count() == 2
    assert CheckIn.objects.filter(status="missed").exists()
    assert facts.subscribers, "The rooms listen again."


def test_the_bad_release_was_seen_retries_were_counted_and_users_were_told(made: Project) -> None:
    with time_machine.travel(_last_thursday(), tick=False):
        _the_bad_release_was_seen_by_what_was_known_then(made)
        _retries_are_a_part_of_the_runs(made)
    _users_were_told(datetime.fromtimestamp(_last_thursday(), UTC))


def _the_bad_release_was_seen_by_what_was_known_then(made: Project) -> None:
    found = Rollback.objects.get(release__version="hydroml@2.4.0")
    assert (found.state, found.mode) == (RollbackState.SAID, "dry_run")
    assert not found.calls.exists()
    of_place = Deploy.objects.filter(environment=ENVIRONMENT).order_by("finished_at")
    before, after = (
        of_place.filter(**{f"finished_at__{which}": found.deployed_at}) for which in ("lt", "gt")
    )
    assert found.previous == before.reverse()[0].release.version
    assert found.deployed_at < found.found_at < after[0].finished_at

    # By the minutes that had been sent when it was found, and none after.
    where = Where([made.pk], environment=ENVIRONMENT, release="hydroml@2.4.0")
    now, deployed, seen = found.evidence["now"], found.deployed_at.timestamp(), found.found_at.timestamp() - 5
    first = -(-now["since"] // 60) * 60
    requests, visits = error_rate(where, first, seen), error_rate(where, deployed, seen)
    assert (now["requests"], now["failed"]) == (requests.total, requests.bad)
    assert (now["sessions"], now["crashed"]) == (visits.total, visits.bad)
    limits = current_strategy().rollback
    assert now["sessions"] >= limits.minimum
    assert now["crash_free"] < limits.crash_free
    earlier = Where([made.pk], environment=ENVIRONMENT, release=found.previous)
    then = error_rate(earlier, deployed - limits.window_s, deployed)
    was = found.evidence["before"]
    assert (was["requests"], was["failed"]) == (then.total, then.bad)

    assert found.incident is not None
    assert found.incident.timeline.filter(kind="rollback", at=found.found_at).exists()
    assert AuditEntry.objects.get(action="rollback.found", target=str(found)).at == found.found_at
    told = Notification.objects.filter(once__startswith=f"rollback:{found.pk}")
    assert set(told.values_list("state", flat=True)) <= {Notification.State.SENT, Notification.State.FAILED}
    assert told.exists()


def _retries_are_a_part_of_the_runs(made: Project) -> None:
    where, until = Where([made.pk], environment=ENVIRONMENT), time.time()
    since = until - DAYS * 86_400
    retried = sums(where, "retried_tasks", since, until, by=("task", "outcome"))
    runs = sums(where, "tasks", since, until, by=("task", "outcome"))
    task = "data_tools.tasks.import_weather"
    assert set(retried) == {(task, "ok"), (task, "failed")}
    assert all(0 < number <= runs[key] for key, number in retried.items())


def _users_were_told(until: datetime) -> None:
    outage = Incident.objects.get(rule="database")
    words = list(outage.public_updates.order_by("at"))
    assert [one.stage for one in words] == ["investigating", "monitoring", "resolved"]
    assert outage.resolved_at is not None
    assert outage.detected_at < words[0].at < words[1].at < outage.resolved_at < words[2].at
    due = timedelta(seconds=current_strategy().incidents.public_update_due_s)
    assert words[0].at - outage.detected_at < due
    assert all(one.user == outage.owner for one in words)
    assert outage.timeline.filter(kind="published").count() == 3
    published = AuditEntry.objects.filter(action="incident.published", target=str(outage)).order_by("at")
    assert [one.at for one in published] == [one.at for one in words]

    page = status.reckoned(current_strategy(), until)
    assert "HydroML does not answer (generated)" in [one.title for one in page.past]
    (open_one,) = page.open
    assert open_one.title == "Weather cannot be imported (generated)"
    assert "the following does not work: Weather import." in open_one.words[0].text


def test_pages_say_that_it_is_made_up_a_second_one_is_refused_and_lists_can_be_filled(
    made: Project, as_admin: Client
) -> None:
    found = made_history()
    assert found is not None
    assert found.words in as_admin.get("/issues/").text
    assert "seed 3" in found.words
    with pytest.raises(CommandError, match="has data already"):
        call_command("make_history", days=DAYS)
    for user in User.objects.filter(email__endswith="@generated.example"):
        assert "(generated)" in user.name
        assert not user.has_usable_password()

    before = Issue.objects.count()
    add_issues(made, 300, seed=1, made=found)
    assert Issue.objects.count() == before + 300
    numbers = Issue.objects.values_list("number", flat=True)
    assert len(numbers) == len(set(numbers))
    assert "(generated)" in as_admin.get("/issues/?q=generated").text


@pytest.mark.django_db
def test_what_cannot_be_made_is_refused_in_a_sentence() -> None:
    for options, word in (
        ({"days": 0}, "--days"),
        ({"scale": 0.0}, "--scale"),
        ({"project": "none"}, "no project"),
    ):
        with pytest.raises(CommandError, match=word):
            call_command("make_history", **options)
