"""A short history, made for real: what the rooms then hold agrees with itself, and nobody is told anything."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import Client
from pytest_django.fixtures import Settings

from monitor.access.models import User
from monitor.alerts.models import Episode, Notification
from monitor.crons.models import CheckIn
from monitor.digest import facts
from monitor.history.figures import ENVIRONMENT
from monitor.history.many_issues import add_issues
from monitor.history.mark import made_history
from monitor.incidents.models import Incident, State
from monitor.issues.models import Issue, StoredEvent
from monitor.metrics.selectors import Where, error_rate
from monitor.projects.models import Project
from monitor.releases.models import Deploy, Regression, ReleaseHour
from monitor.stats.models import EventCount

DAYS = 3


@pytest.fixture
def made(project: Project, settings: Settings, tmp_path: Path) -> Project:
    settings.DATA_ROOT = tmp_path
    call_command("make_history", days=DAYS, scale=0.25, seed=3, until=_last_thursday())
    return project


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
