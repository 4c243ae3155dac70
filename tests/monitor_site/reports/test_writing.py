"""What a report holds, that it is written and told once, and that it stays as it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from monitor.alerts.models import Episode, Notification
from monitor.incidents.models import Incident, State
from monitor.issues.ageing import resolve_stale
from monitor.issues.models import Issue
from monitor.projects.models import Project
from monitor.releases.models import Deploy
from monitor.reports import keeping
from monitor.reports.models import Kind, Report
from monitor.reports.services import write_due, zone
from monitor.reports.wording import markdown_of
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.reports.conftest import Past

Opens = Callable[[str], str]
DAY_S = 86_400


def content(page: str) -> str:
    """Without the frame, whose forms have other tokens each time, and without how long ago it was written."""
    return page.partition('<section class="report"')[2].partition("</main>")[0]


def section(report: Report) -> dict[str, object]:
    (only,) = report.sections
    found: dict[str, object] = only
    return found


def test_a_digest_counts_the_day_beside_the_day_before(past: Past) -> None:
    past.error(times=3)
    past.error(at=past.noon - DAY_S, times=2)
    past.requests(1000, 4)
    past.requests(500, 1, at=past.noon - DAY_S)
    summary = section(past.written())["summary"]
    assert isinstance(summary, dict)
    assert summary["events"] == {"now": 3, "before": 2}
    assert summary["requests"] == {"now": 1000, "before": 500}
    assert summary["error_rate"] == {"now": 0.004, "before": 0.002}
    assert summary["users"] == {"now": 3, "before": 2}


def test_new_and_returned_issues_are_told_apart(past: Past) -> None:
    past.error("ValueError", at=past.noon - 3 * DAY_S)
    old = Issue.objects.get()
    Issue.objects.filter(pk=old.pk).update(status="resolved", status_changed_at=past.noon - 2 * DAY_S)
    past.error("ValueError")
    past.error("ZeroDivisionError", severity="P1")
    found = section(past.written())
    new, returned = found["new"], found["returned"]
    assert isinstance(new, dict)
    assert isinstance(returned, dict)
    assert [one["title"] for one in new["issues"]] == ["ZeroDivisionError: rain_mm"]
    assert [one["id"] for one in returned["issues"]] == [old.pk]


def test_the_clock_writes_each_report_once_and_has_it_told_once(past: Past) -> None:
    past.error()
    now = time.time()
    for _ in range(3):
        write_due(now)
    kinds = list(Report.objects.values_list("kind", flat=True))
    assert sorted(kinds) == sorted(set(kinds))
    assert Kind.DAILY in kinds
    mails = Notification.objects.filter(once__startswith="report:daily:")
    (mail,) = mails
    assert mail.channel == "email"
    assert mail.recipients == ["lead", "product"]
    assert "KeyError" in mail.message["text"]
    assert mail.message["links"][0]["url"].endswith(f"/reports/daily/{past.period().name}/")


def test_after_ten_days_away_there_is_one_digest_and_not_ten(past: Past) -> None:
    past.error(at=past.noon - 12 * DAY_S)
    now = time.time()
    write_due(now - 10 * DAY_S)
    write_due(now)
    assert Report.objects.filter(kind=Kind.DAILY).count() == 2
    assert Notification.objects.filter(once__startswith="report:daily:").count() == 2


def test_a_monitor_that_was_installed_today_has_no_yesterday(past: Past) -> None:
    past.error(at=time.time())
    write_due(time.time())
    assert not Report.objects.filter(kind__in=(Kind.DAILY, Kind.WEEKLY, Kind.MONTHLY)).exists()


def test_a_report_says_the_same_later(past: Past, opens: Opens) -> None:
    past.error(times=2)
    report = past.written()
    address = f"/reports/daily/{report.name}/"
    before = content(opens(address))
    past.error("LookupError")
    Issue.objects.filter(type="KeyError").update(title="Another title")
    assert content(opens(address)) == before
    write_due(time.time())
    assert Report.objects.get(pk=report.pk).sections == report.sections


def test_what_must_be_decided_stands_first(past: Past, opens: Opens) -> None:
    past.error(severity="P0")
    Incident.objects.create(
        number=4, title="The database fails", severity="P0", project=past.project, started_at=past.noon,
        detected_at=past.noon, updated_at=past.noon, rule="database",
    )  # fmt: skip
    report = past.written()
    words = [one["words"] for one in section(report)["decisions"]]  # type: ignore[attr-defined]
    assert "1 incident is open" in words
    assert "1 open incident has no owner" in words
    assert "1 issue of P0 or P1 is nobody's" in words
    assert "#4 The database fails" in opens(f"/reports/daily/{report.name}/")


def test_the_weekly_review_looks_at_the_process(past: Past, opens: Opens) -> None:
    week = past.period(Kind.WEEKLY)
    inside = week.since + 2 * DAY_S
    past.error(at=inside, times=2)
    past.error("Stale", at=inside - 20 * DAY_S)
    resolve_stale(inside)
    for useful in (True, False, None):
        Episode.objects.create(
            rule="database", title="The database fails", severity="P0", project=past.project, key=str(useful),
            environment="production", began_at=inside, ended_at=inside + 60, value=1, worst=1, useful=useful,
        )  # fmt: skip
    common = {"severity": "P0", "project": past.project, "started_at": inside, "updated_at": inside}
    Incident.objects.create(
        number=1, title="Seen by a person", detected_at=inside, resolved_at=inside + 60, state=State.RESOLVED,
        rule="", **common,
    )  # fmt: skip
    report = past.written(Kind.WEEKLY)
    found = section(report)
    address = found["alerts"]["rules"][0].pop("url")  # type: ignore[index]
    assert address.startswith("/alerts/?rule=database&severity=P0&began=1&project=hydroml&since=")
    assert found["alerts"]["rules"] == [  # type: ignore[index]
        {"rule": "database", "title": "The database fails", "severity": "P0", "number": 3, "useful": 1, "useless": 1,
         "unsaid": 1}
    ]  # fmt: skip
    assert [one["number"] for one in found["without_rule"]] == [1]  # type: ignore[attr-defined]
    assert [one["number"] for one in found["overdue_reviews"]] == [1]  # type: ignore[attr-defined]
    assert found["stale"]["number"] == 1  # type: ignore[index]
    page = opens(f"/reports/weekly/{report.name}/")
    assert "Resolved by themselves: 1" in page
    assert "Not seen for 14 d" in page
    # Each class that is never sent stands there with its reason.
    for ignored in current_strategy().ignored:
        assert str(ignored.cls) in page


@pytest.mark.parametrize(("days", "overdue"), [(90, False), (91, True)])
def test_a_strategy_that_was_not_read_for_ninety_days_is_flagged(
    past: Past, monkeypatch: pytest.MonkeyPatch, days: int, overdue: bool
) -> None:
    from monitor.reports import process

    strategy = current_strategy()
    assert strategy.document is not None
    today = strategy.document.reviewed + timedelta(days=days)
    state = process.document_state(strategy, today)
    assert (state["days_ago"], state["is_overdue"]) == (days, overdue)


def test_the_monthly_report_has_figures_and_goals(past: Past, opens: Opens) -> None:
    month = past.period(Kind.MONTHLY)
    inside = month.since + 5 * DAY_S
    past.error(at=inside)
    Incident.objects.create(
        number=1, title="It was down", severity="P1", project=past.project, started_at=inside,
        detected_at=inside + 60, acknowledged_at=inside + 180, resolved_at=inside + 1260, state=State.RESOLVED,
        updated_at=inside, rule="database",
    )  # fmt: skip
    report = past.written(Kind.MONTHLY)
    by_name = {one["name"]: one for one in section(report)["response"]}  # type: ignore[attr-defined]
    # Began at 0, told after 60 s, taken up 120 s after that, over after 1,260 s.
    assert (by_name["detect"]["value"], by_name["detect"]["is_met"]) == (60, True)
    assert by_name["acknowledge"]["value"] == 120
    assert by_name["resolve"]["value"] == 1260
    page = opens(f"/reports/monthly/{report.name}/")
    assert "≤ 2 min" in page or "≤ 120 s" in page


def test_markdown_says_what_the_page_says_and_nothing_in_it_is_markup(past: Past, as_member: Client) -> None:
    past.error("Nasty](http://evil.example) <script>")
    report = past.written()
    answer = as_member.get(f"/reports/daily/{report.name}/report.md")
    assert answer["Content-Type"].startswith("text/markdown")
    assert answer.text == markdown_of(report, zone())
    assert "Errors and messages | 1 | 0" in answer.text
    assert r"Nasty\](http://evil.example) \<script\>" in answer.text


def test_who_sees_one_project_sees_its_section_only(
    past: Past, other_project: Project, as_member: Client, as_admin: Client
) -> None:
    past.error()
    report = past.written()
    address = f"/reports/daily/{report.name}/"
    assert ">Other<" not in as_member.get(address).text
    assert ">Other<" in as_admin.get(address).text
    assert "## Other" not in as_member.get(f"{address}report.md").text
    assert len(report.sections) == 2


def test_what_was_missed_is_written_by_hand_and_told_to_nobody(
    past: Past, as_member: Client, as_viewer: Client
) -> None:
    past.error()
    address = f"/reports/daily/{past.period().name}/"
    assert as_viewer.get(address).status_code == 404
    assert "Write it now" not in as_viewer.get(address).text
    assert as_viewer.post(address).status_code == 403
    assert "Write it now" in as_member.get(address).text
    assert as_member.post(address).status_code == 302
    assert as_member.get(address).status_code == 200
    assert not Notification.objects.exists()
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    assert as_member.post(f"/reports/daily/{tomorrow}/").status_code == 404
    assert as_member.get("/reports/daily/nonsense/").status_code == 404
    assert as_member.get("/reports/yearly/2026-11-27/").status_code == 404


def test_the_index_lists_them_and_says_when_the_next_ones_come(
    past: Past, as_member: Client, opens: Opens, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert "No report yet" in opens("/reports/")
    past.error()
    past.written()
    past.written(Kind.WEEKLY)
    page = opens("/reports/")
    assert "Daily digest" in page
    assert "Weekly review" in page
    assert "Europe/Vienna" in page
    assert "Weekly review" not in opens("/reports/?kind=daily").split("</nav>")[-1]
    with django_assert_num_queries(6):
        as_member.get("/reports/")


def test_a_deploy_of_the_day_is_named(past: Past) -> None:
    past.error()
    release = past.project.releases.get(version="hydroml@1.0.0")
    Deploy.objects.create(release=release, environment="production", finished_at=past.noon)
    deploys = section(past.written())["deploys"]
    assert deploys == [{"release": "hydroml@1.0.0", "environment": "production", "at": past.noon}]


def test_reports_are_kept_as_long_as_incidents(past: Past) -> None:
    report = past.written()
    end = report.until.timestamp() + current_strategy().retention.incidents_s
    keeping.forget_old(end)
    assert Report.objects.get() == report
    keeping.forget_old(end + 1)
    assert not Report.objects.exists()
