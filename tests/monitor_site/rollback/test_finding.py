"""When a release is to be taken back, and when nothing may be concluded; that it is said once, with the evidence."""

from __future__ import annotations

import pytest

from monitor.access.models import AuditEntry
from monitor.alerts.models import Notification
from monitor.incidents.models import Incident
from monitor.incidents.models import State as IncidentState
from monitor.incidents.services import open_by_hand
from monitor.releases.rollback.models import Call, Rollback, State
from monitor.releases.rollback.services import watch
from tests.monitor_site.rollback.conftest import BAD, GOOD, Site


def test_an_error_rate_beyond_the_limit_is_found_with_its_evidence(site: Site) -> None:
    site.goes_wrong()
    found = site.watched()
    assert found is not None
    assert (found.release.version, found.previous, found.mode, found.state) == (
        BAD,
        GOOD,
        "dry_run",
        State.SAID,
    )
    now, before = found.evidence["now"], found.evidence["before"]
    assert (now["requests"], now["failed"], now["error_rate"]) == (400, 40, 0.1)
    assert (before["requests"], before["failed"]) == (1000, 2)
    assert found.evidence["broken"] == ["error_rate"]
    assert found.evidence["limits"]["error_rate"] == 0.05
    incident = found.incident
    assert incident is not None
    assert incident.state == IncidentState.TRIGGERED
    entry = incident.timeline.get(kind="rollback")
    assert "10 % of 400 requests failed (at most 5 %)" in entry.text
    assert "the release before: 0.2 % of 1,000" in entry.text
    assert "Nothing is done (dry run)" in entry.text
    assert not Call.objects.exists()
    assert AuditEntry.objects.filter(action="rollback.found").count() == 1


def test_crashing_sessions_are_found_too(site: Site) -> None:
    site.sessions(BAD, 300, 9, ago_s=60)
    found = site.watched()
    assert found is not None
    assert found.evidence["broken"] == ["crash_free"]
    assert found.evidence["now"]["crash_free"] == pytest.approx(0.97)


@pytest.mark.parametrize(
    ("total", "failed", "is_found"),
    [(199, 199, False), (200, 10, False), (200, 11, True), (1000, 50, False), (1000, 51, True)],
)
def test_the_limits_are_exact(site: Site, total: int, failed: int, is_found: bool) -> None:
    """Fewer than 200 requests prove nothing, and 5 % is allowed."""
    site.requests(BAD, total, failed, ago_s=120)
    assert (site.watched() is not None) is is_found


def test_the_same_release_is_said_once_whatever_it_does_later(site: Site) -> None:
    site.goes_wrong()
    for later in range(3):
        watch(site.now + later)
    site.deploy(GOOD, ago_s=-5)
    site.deploy(BAD, ago_s=-10)
    site.requests(BAD, 900, 900, ago_s=-20)
    watch(site.now + 60)
    assert Rollback.objects.count() == 1
    assert Incident.objects.count() == 1
    told = Notification.objects.filter(kind="rollback")
    assert len(set(told.values_list("channel", flat=True))) == told.count() > 0
    assert told[0].recipients == ["on_call", "lead"]


def test_an_incident_that_is_open_there_gets_it_into_its_timeline(site: Site) -> None:
    site.goes_wrong()
    incident = open_by_hand(
        site.project,
        title="Experiments fail",
        severity="P0",
        now=site.now - 60,
        by="a test",
        environment="production",
    )
    found = site.watched()
    assert found is not None
    assert found.incident == incident
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    "why",
    ["the watch is over", "it is replaced", "where nobody is told", "switched off", "before its deploy"],
)
def test_nothing_is_concluded_when(site: Site, why: str) -> None:
    if why == "the watch is over":
        site.goes_wrong()
        watch(site.now + 3600)
    elif why == "it is replaced":
        site.goes_wrong()
        site.deploy("hydroml@1.2.0", ago_s=30)
        watch(site.now)
    elif why == "where nobody is told":
        site.deploy(BAD, ago_s=20, environment="development")
        site.deliver.now = site.now
        watch(site.now)
    elif why == "switched off":
        site.goes_wrong()
        site.rules(enabled=False)
        watch(site.now)
    else:
        site.requests(BAD, 900, 900, ago_s=420)
        watch(site.now)
    assert not Rollback.objects.exists()


def test_a_release_that_was_bad_itself_is_no_way_back(site: Site) -> None:
    site.goes_wrong()
    watch(site.now)
    third = "hydroml@1.2.0"
    site.deploy(third, ago_s=100)
    site.requests(third, 400, 400, ago_s=30)
    watch(site.now)
    assert Rollback.objects.get(release__version=third).previous == GOOD
