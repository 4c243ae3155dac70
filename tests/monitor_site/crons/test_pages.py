"""Pages of cron monitors: how each stands, its history, and what members may change."""

import os
import re
import time
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from monitor.access.models import AuditEntry, User
from monitor.crons import services
from monitor.crons.config import config_of
from monitor.crons.models import CheckIn, CheckInStatus, CronMonitor
from monitor.crons.services import CronError, failures_since
from monitor.ingest.presence import DIRECTORY
from monitor.projects.models import Project
from tests.monitor_site.crons.jobs import Jobs
from tests.monitor_site.delivering import Delivery, Thing

LIST = "/crons/"
HOSTILE = "<script>alert(1)</script>"
EVERY_5 = {"schedule": {"type": "crontab", "value": "*/5 * * * *"}, "checkin_margin": 2, "max_runtime": 4}


def check_in(name: str, status: str = "ok", **given: object) -> Thing:
    return ("check_in", {"monitor_slug": name, "status": status, "monitor_config": EVERY_5, **given})


def text_of(response: object) -> str:
    html = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.S)  # type: ignore[attr-defined]
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def names_in_order(client: Client, query: str = "") -> list[str]:
    return re.findall(
        r'class="cron-name" href="/crons/\d+/">([^<]+)<', client.get(LIST + query).content.decode()
    )


def test_without_monitors_the_page_says_how_they_come_to_be(as_viewer: Client, project: Project) -> None:
    page = text_of(as_viewer.get(LIST))
    assert "No monitors yet" in page
    assert "New monitor" not in page


def test_how_each_job_stands(deliver: Delivery, as_viewer: Client) -> None:
    deliver(
        check_in("expire sessions"),
        check_in("fetch weather", "error"),
        check_in("fetch weather", environment="staging", duration=75),
        check_in("backup", "in_progress", monitor_config=None),
    )
    assert names_in_order(as_viewer) == ["fetch weather", "backup", "expire sessions"]
    page = text_of(as_viewer.get(LIST))
    assert "1 of 3 jobs are failing" in page
    assert "Failing production 1 failed" in page
    assert "Ok staging 1 ok" in page
    assert "backup no schedule Ok production 1 running" in page
    assert names_in_order(as_viewer, "?state=failing") == ["fetch weather"]
    assert names_in_order(as_viewer, "?state=ok") == ["backup", "expire sessions"]
    assert names_in_order(as_viewer, "?q=EXPIRE") == ["expire sessions"]
    assert names_in_order(as_viewer, "?environment=staging") == ["fetch weather"]
    assert "Nothing matches" in text_of(as_viewer.get(f"{LIST}?q=nothing"))


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    deliver: Delivery, as_viewer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    deliver(*(check_in(f"job {n}", environment=environment) for n in range(30) for environment in ("a", "b")))
    with django_assert_max_num_queries(15):
        assert len(names_in_order(as_viewer)) == 25


def test_a_row_of_bars_has_the_last_ones_with_words(jobs: Jobs, admin: User) -> None:
    client = Client()
    client.force_login(admin)
    jobs.receiving(-60, 10_000)
    jobs.check_in(0, "ok", duration=3)
    jobs.clock(8)
    jobs.check_in(8.5, "ok")
    jobs.check_in(10, "in_progress", run=1)
    jobs.clock(16)
    html = client.get(LIST).content.decode()
    kinds = re.findall(r'<rect class="(\w+)" x="(\d+)"', html)
    assert kinds == [("ok", "360"), ("missed", "370"), ("late", "380"), ("timeout", "390")]
    assert "Ok · 2026-06-01 11:59:57, 3 s" in html
    assert "1 ok, 1 missed, 1 timed out, 1 late" in html
    monitor = CronMonitor.objects.get()
    page = text_of(client.get(f"{LIST}{monitor.pk}/"))
    assert "Late 2026-06-01 12:08:30 12:05:00 3 min 30 s late" in page
    assert "Timed out 2026-06-01 12:10:00" in page


def test_the_page_of_a_job(deliver: Delivery, as_member: Client) -> None:
    run = UUID(int=7).hex
    now = time.time()
    deliver(check_in("backup", "in_progress", check_in_id=run, release="shop@1.0.0"), received=now - 100)
    deliver(check_in("backup", "ok", check_in_id=run), received=now - 58)
    monitor = CronMonitor.objects.get()
    page = text_of(as_member.get(f"{LIST}{monitor.pk}/"))
    assert "*/5 * * * *" in page
    assert "may be 2 min late and run for 4 min" in page
    assert "42 s production shop@1.0.0" in page
    assert f"/cron/backup/{monitor.project.keys.get().public_key}/?status=ok" in page
    assert "Nothing of this kind" in text_of(as_member.get(f"{LIST}{monitor.pk}/?status=missed"))
    assert "Nothing of this kind" in text_of(as_member.get(f"{LIST}{monitor.pk}/?environment=staging"))


def test_when_nobody_receives_the_page_says_so(deliver: Delivery, as_viewer: Client) -> None:
    deliver(check_in("backup"))
    assert "no sign of life" not in text_of(as_viewer.get(LIST))
    present = deliver.spool / DIRECTORY
    present.mkdir()
    (present / "1").write_text("0")
    assert "no sign of life" not in text_of(as_viewer.get(LIST))
    os.utime(present / "1", (time.time() - 600,) * 2)
    assert "The receiving end gives no sign of life since 10 minutes ago" in text_of(as_viewer.get(LIST))


def test_members_mute_disable_and_delete(deliver: Delivery, as_member: Client, as_viewer: Client) -> None:
    deliver(check_in("backup"), check_in("backup", environment="staging"))
    monitor = CronMonitor.objects.get()
    address = f"{LIST}{monitor.pk}/change/"
    assert as_viewer.post(address, {"action": "delete"}).status_code == 403
    for action, field, value in (
        ("mute", "is_muted", True),
        ("unmute", "is_muted", False),
        ("disable", "is_disabled", True),
    ):
        as_member.post(address, {"action": action})
        monitor.refresh_from_db()
        assert getattr(monitor, field) is value
    assert set(monitor.environments.values_list("next_due_at", flat=True)) == {None}
    as_member.post(address, {"action": "enable"})
    assert None not in set(monitor.environments.values_list("next_due_at", flat=True))
    as_member.post(address, {"action": "delete_environment", "environment": "staging"})
    assert list(monitor.environments.values_list("name", flat=True)) == ["production"]
    as_member.post(address, {"action": "delete"})
    assert not CronMonitor.objects.exists()
    assert not CheckIn.objects.exists()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"cron.changed", "cron.environment_deleted", "cron.deleted"} <= actions


FORM = {
    "for": "hydroml", "name": "Nightly sums", "schedule_type": "crontab", "crontab": "0 3 * * *", "interval_value": "1",
    "interval_unit": "hour", "timezone": "Europe/Berlin", "checkin_margin": "10", "max_runtime": "60",
    "failure_issue_threshold": "2", "recovery_threshold": "1",
}  # fmt: skip


def test_a_monitor_by_hand(as_member: Client, project: Project) -> None:
    response = as_member.post("/crons/new/", FORM, follow=True)
    monitor = CronMonitor.objects.get()
    assert response.redirect_chain[-1][0] == f"/crons/{monitor.pk}/"
    assert (monitor.slug, monitor.timezone, monitor.failure_issue_threshold) == (
        "nightly-sums",
        "Europe/Berlin",
        2,
    )
    assert "At 03:00 every day" in text_of(response)
    assert "already" in text_of(as_member.post("/crons/new/", FORM))
    every = {**FORM, "name": "Sums", "schedule_type": "interval", "interval_value": "2"}
    as_member.post(f"/crons/{monitor.pk}/edit/", every)
    monitor.refresh_from_db()
    assert (monitor.name, monitor.slug, monitor.crontab) == ("Sums", "nightly-sums", "")
    assert monitor.schedule is not None
    assert monitor.schedule.words() == "Every 2 hours"
    form = as_member.get(f"/crons/{monitor.pk}/edit/").content.decode()
    assert 'value="2"' in form


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"crontab": "soon"}, "five fields"),
        ({"crontab": "0 0 30 2 *"}, "no crontab line"),
        ({"timezone": "Mars"}, "no time zone"),
        ({"schedule_type": "interval", "interval_value": ""}, "whole number"),
        ({"name": ""}, "required"),
        ({"max_runtime": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_stands_beside_it(
    as_member: Client, project: Project, changed: dict[str, str], words: str
) -> None:
    assert words in text_of(as_member.post("/crons/new/", {**FORM, **changed}))
    assert not CronMonitor.objects.exists()


def test_nobody_makes_a_monitor_in_anothers_project(
    as_member: Client, project: Project, other_project: Project
) -> None:
    assert as_member.post("/crons/new/", {**FORM, "for": "other"}).status_code == 404
    assert not CronMonitor.objects.exists()


def test_failures_for_alerts(jobs: Jobs, admin: User) -> None:
    jobs.receiving(-60, 10_000)
    jobs.check_in(0, "error")
    jobs.clock(8)
    start = CheckIn.objects.order_by("at").first().at.timestamp()  # type: ignore[union-attr]
    found = failures_since(start)
    assert [(one.kind, round(one.at - start)) for one in found] == [("error", 0), ("missed", 7 * 60)]
    assert found[0].monitor.project == jobs.project
    assert len(failures_since(start + 1)) == 1
    assert failures_since(start, []) == []
    services.update_monitor(CronMonitor.objects.get(), by=admin, is_muted=True)
    assert failures_since(start) == []


def test_monitors_and_check_ins_by_the_api(project: Project, admin: User) -> None:
    config = config_of({"schedule_type": "interval", "schedule": [1, "hour"]})
    monitor = services.create_monitor(project, name="Sums", config=config, by=admin, slug="sums")
    with pytest.raises(CronError, match="already"):
        services.create_monitor(project, name="sums", config=None, by=admin)
    with pytest.raises(CronError, match="name"):
        services.create_monitor(project, name=" ", config=None, by=admin)
    run = services.check_in(monitor, CheckInStatus.IN_PROGRESS, now=1_790_000_000.0)
    assert run is not None
    assert services.check_in(monitor, CheckInStatus.OK, now=1_790_000_060.0) == run
    run.refresh_from_db()
    assert (run.status, run.duration) == ("ok", 60)


def test_hostile_words_are_shown_as_words(deliver: Delivery, as_member: Client) -> None:
    deliver(check_in(HOSTILE, environment=HOSTILE, release=HOSTILE))
    deliver(check_in(HOSTILE, monitor_config={"schedule": {"type": "crontab", "value": HOSTILE}}))
    monitor = CronMonitor.objects.get()
    assert monitor.name == HOSTILE
    for address in (LIST, f"{LIST}{monitor.pk}/", f"{LIST}{monitor.pk}/edit/"):
        assert HOSTILE not in as_member.get(address).content.decode(), address
