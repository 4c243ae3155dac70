"""sentry-sdk as an application has it: in Django, in a Celery worker, by hand."""

from __future__ import annotations

import pytest

from tests.monitor_site.clients.live import Live

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_django_with_logging_threads_tracing_and_profiles(live: Live) -> None:
    live.run_python("django_site.py", "of-django")
    found = live.wait_for_types("of-django", "GaugeSilentError", "RuntimeError", "")
    page = live.page(f"/issues/{found['GaugeSilentError'][0]}/")
    assert "no water level of the Ammer" in page
    assert "/fails/" in page
    assert "river" in page
    assert "hunter2" not in page
    logged = live.page(f"/issues/{found[''][0]}/")
    assert "gave no value" in logged
    assert "the battery is low" in logged, "the warning is a breadcrumb"
    assert "reader" in live.page(f"/issues/{found['RuntimeError'][0]}/")

    def transactions() -> list[tuple[str, int]]:
        return live.monitor.rows(
            "SELECT g.name, sum(b.count) FROM performance_transactiongroup g"
            " JOIN performance_transactionbucket b ON b.group_id = g.id"
            " WHERE b.step = 5 AND g.environment = 'of-django' GROUP BY g.name ORDER BY g.name"
        )

    live.wait(lambda: len(transactions()) == 3, "the three requests are traced")
    assert transactions() == [("/catchments/{number}/", 1), ("/fails/", 1), ("/logs/", 1)]
    overview = live.page("/performance/?environment=of-django")
    assert "/catchments/{number}/" in overview
    (sample,) = live.monitor.rows(
        "SELECT s.id FROM performance_transactionsample s JOIN performance_transactiongroup g ON g.id = s.group_id"
        " WHERE g.name = '/catchments/{number}/' AND g.environment = 'of-django'"
    )
    assert "FROM sqlite_master" in live.page(f"/performance/samples/{sample[0]}/")


def test_a_task_that_fails_in_a_celery_worker(live: Live) -> None:
    live.run_python("celery_jobs.py", "of-celery")
    found = live.wait_for_types("of-celery", "TrainingDivergedError")
    page = live.page(f"/issues/{found['TrainingDivergedError'][0]}/")
    assert "the loss of run 4711 is not a number" in page
    assert "jobs.train" in page

    def check_ins() -> list[tuple[str, str, str]]:
        return live.monitor.rows(
            "SELECT m.slug, m.crontab, c.status FROM crons_checkin c"
            " JOIN crons_cronenvironment e ON e.id = c.environment_id JOIN crons_cronmonitor m ON m.id = e.monitor_id"
            " WHERE e.name = 'of-celery'"
        )

    live.wait(lambda: [status for *_, status in check_ins()] == ["ok"], "the cron job has checked in")
    assert check_ins() == [("tidy-up", "0 3 * * *", "ok")]
    assert "tidy-up" in live.page("/crons/")
    tasks = "SELECT name FROM performance_transactiongroup WHERE environment = 'of-celery' AND is_task"
    live.wait(lambda: ("jobs.train",) in live.monitor.rows(tasks), "the task is traced")


def test_what_a_script_sends_by_hand(live: Live) -> None:
    event_id = live.run_python("script.py", "of-script").strip()
    found = live.wait_for_types("of-script", "RatingCurveMissingError", "")
    issue, stored = found["RatingCurveMissingError"]
    assert stored == event_id
    page = live.page(f"/issues/{issue}/")
    assert "KeyError" in page
    assert "Loisach" in page
    assert "the archive is nearly full" in live.page("/issues/?environment=of-script")

    feedback = "SELECT message, name, issue_id FROM feedback_feedback WHERE environment = 'of-script'"
    live.wait(lambda: live.monitor.rows(feedback), "the feedback is there")
    live.wait(lambda: live.monitor.rows(feedback)[0][2] == issue, "the feedback is linked to its error")
    assert live.monitor.rows(feedback) == [("The curve was there yesterday", "Mary", issue)]
    assert "The curve was there yesterday" in live.page("/feedback/")

    runs = (
        "SELECT c.status, c.duration FROM crons_checkin c JOIN crons_cronenvironment e ON e.id = c.environment_id"
        " WHERE e.name = 'of-script'"
    )
    live.wait(lambda: live.monitor.rows(runs) == [("error", 4.5)], "the run has ended")

    sessions = "SELECT sum(sessions), sum(errored), sum(crashed) FROM releases_releasehour WHERE environment = 'of-script'"
    live.wait(lambda: (live.monitor.rows(sessions)[0][0] or 0) >= 2, "the sessions are counted")
    assert live.monitor.rows(sessions) == [(2, 1, 0)]
    assert "of-script@1.2.3" in live.page("/releases/")

    series = "SELECT name, kind FROM metrics_metricseries WHERE environment = 'of-script' ORDER BY name"
    live.wait(lambda: len(live.monitor.rows(series)) == 2, "the metrics are there")
    assert [name for name, _ in live.monitor.rows(series)] == ["gauges.latency", "gauges.read"]
    assert "gauges.read" in live.page("/performance/metrics/?environment=of-script")
