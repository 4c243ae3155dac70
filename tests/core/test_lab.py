"""The error laboratory through the real handler: each type gives what its table promises; without DEBUG there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from core.lab import arrivals as record
from core.lab.arrivals import arrivals
from core.lab.catalogue import BY_KEY, CASES, Case
from core.lab.failures import FAILURES
from core.lab.views import judge
from core.sentry import filters
from tests.core.wire import Answer, MemoryTransport, WsgiClient, reporting

ROOT = Path(__file__).resolve().parents[2]
RAISING = [case for case in CASES if case.raises]


@pytest.fixture(autouse=True)
def _lab(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = True
    settings.ROOT_URLCONF = "tests.core.lab_site"
    settings.ERROR_PAGES = {"DEBUG_DIR": tmp_path}
    monkeypatch.setattr(filters, "_observers", [record.record_event])


def run(key: str) -> tuple[Answer, MemoryTransport]:
    with reporting(SENTRY_TRACES_SAMPLE_RATE="1.0") as sent:
        return WsgiClient()(f"/test-sentry-error/?type={key}"), sent


def shown_after(answer: Answer) -> Answer:
    assert answer.status == 302
    return WsgiClient()(answer.headers["Location"])


@pytest.mark.django_db
@pytest.mark.parametrize("case", RAISING, ids=lambda case: case.key)
def test_an_unhandled_failure_shows_the_branded_page_and_is_one_event(case: Case) -> None:
    answer, sent = run(case.key)
    assert answer.status == case.status
    (event,) = sent.errors
    assert (event["tags"]["category"], event["tags"]["severity"]) == (case.category, case.severity)
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False
    assert event["tags"]["error_id"] in answer.text
    assert event["event_id"] in answer.text
    assert "Show the technical page" in answer.text


@pytest.mark.parametrize("key", ["validation", "permission", "404"])
def test_what_is_no_failure_is_answered_and_not_sent(key: str) -> None:
    answer, sent = run(key)
    page = shown_after(answer)
    assert sent.errors == []
    assert f"answered with {BY_KEY[key].status}" in page.text
    assert "As expected." in page.text


def test_a_slow_request_is_seen_in_its_transaction() -> None:
    answer, sent = run("slow")
    assert sent.errors == []
    (arrival,) = [arrival for arrival in arrivals() if arrival.kind == "transaction"]
    assert arrival.details["duration_ms"] >= 1200
    assert "As expected." in shown_after(answer).text


@pytest.mark.django_db
def test_n_plus_one_shows_the_query_that_is_repeated() -> None:
    answer, _ = run("n-plus-one")
    (arrival,) = [arrival for arrival in arrivals() if arrival.kind == "transaction"]
    assert arrival.details["same query at most"] >= 5
    assert "As expected." in shown_after(answer).text


def test_a_flood_is_thinned_and_the_page_says_so() -> None:
    answer, sent = run("flood")
    assert len(sent.errors) == 20
    page = shown_after(answer).text
    assert "200 reported, 20 sent, 180 held back" in page
    assert "As expected." in page


def test_a_task_waits_for_the_worker_or_says_that_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.lab import tasks

    def refuse(**_: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(tasks.fail, "apply_async", refuse)
    answer, _ = run("task")
    page = shown_after(answer).text
    assert "the broker is away: ConnectionRefusedError" in page
    assert "Waiting for the rest" in page


def test_the_verdict_on_a_retry_needs_all_three_attempts() -> None:
    def notes(*titles: str) -> list[record.Arrival]:
        return [record.Arrival(kind="note", at=1.0, title=title) for title in titles]

    retry = BY_KEY["retry"]
    assert judge(retry, notes("attempt 1 fails")) is None
    assert judge(retry, notes("attempt 1 fails", "attempt 2 fails", "attempt 3 succeeds")) is True
    sent = record.Arrival(kind="sent", at=1.0, title="ExternalServiceError", category="external_service")
    assert judge(retry, [*notes("attempt 3 succeeds"), sent]) is False


def test_the_list_names_every_type_and_what_left_lately() -> None:
    run("division")
    page = WsgiClient()("/test-sentry-error/").text
    assert all(f"?type={case.key}" in page for case in CASES)
    assert "ZeroDivisionError: division by zero" in page
    assert {case.key for case in RAISING} == set(FAILURES)


@pytest.mark.django_db
def test_what_was_sent_is_linked_to_where_it_is_looked_up(settings: Settings) -> None:
    settings.ERROR_PAGES |= {"EVENT_URL": "http://monitor/issues/?q={event_id}"}
    _, sent = run("division")
    page = WsgiClient()("/test-sentry-error/").text
    (event,) = sent.errors
    assert f'href="http://monitor/issues/?q={event["event_id"]}"' in page
    settings.ERROR_PAGES = {**settings.ERROR_PAGES, "EVENT_URL": ""}
    assert "look it up" not in WsgiClient()("/test-sentry-error/").text


def test_the_record_is_bounded_private_and_scrubbed(tmp_path: Path) -> None:
    for number in range(record.KEEP + 5):
        record.note("request", f"note {number}")
    files = list((tmp_path / "arrivals").glob("*.json"))
    assert len(files) == record.KEEP
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    _, sent = run("database")
    (kept,) = [arrival for arrival in arrivals() if arrival.kind == "sent"]
    assert kept.details["event_id"] == sent.errors[0]["event_id"]
    assert "hydroml:hydroml@" not in str(kept)


def test_an_unknown_type_is_a_404_that_names_the_known_ones() -> None:
    answer, sent = run("nonsense")
    assert answer.status == 404
    assert sent.errors == []


def test_without_debug_the_view_is_a_404_even_if_its_address_is_there(settings: Settings) -> None:
    settings.DEBUG = False
    assert WsgiClient()("/test-sentry-error/?type=division").status == 404
    assert WsgiClient()("/test-sentry-error/arrived/?type=slow&request=abcdefgh").status == 404


def test_without_debug_there_is_no_trace_of_it_in_url_reversing() -> None:
    script = (
        "import django; django.setup()\n"
        "from core.checks import route_names\n"
        "from hydroml.celery import app\n"
        "app.loader.import_default_modules()\n"
        "names = [n for n in route_names() if 'lab' in n or 'technical' in n]\n"
        "tasks = [n for n in app.tasks if 'lab' in n]\n"
        "print(names, tasks)\n"
    )
    environment = {
        **os.environ,
        "DEBUG": "0",
        "DJANGO_SECRET_KEY": "x" * 50,
        "DJANGO_SETTINGS_MODULE": "hydroml.settings",
        "SENTRY_ENVIRONMENT": "test",
    }
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[] []", done.stderr
