"""Exact denominators: what is sent each minute adds up to what was done."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from celery import Celery
from django.http import Http404
from pytest_django.fixtures import Settings

from core.errors import PipelineError, UserInputError
from core.sentry import capture_exception, denominators
from core.sentry.denominators import Denominators
from tests.core.wire import AsgiClient, MemoryTransport, WsgiClient, reporting
from tests.core.worker import wait_for

Sums = Counter[tuple[str, ...]]


def _sent(transport: MemoryTransport) -> list[dict[str, Any]]:
    denominators.current().send()
    sentry_sdk.flush()
    return [metric for item in transport.items("trace_metric") for metric in item["items"]]


def _sums(metrics: list[dict[str, Any]], name: str, *labels: str) -> Sums:
    sums: Sums = Counter()
    for metric in metrics:
        if metric["name"] == name:
            sums[tuple(metric["attributes"][label]["value"] for label in labels)] += int(metric["value"])
    return sums


@pytest.mark.parametrize("server", [WsgiClient, AsgiClient], ids=["wsgi", "asgi"])
def test_every_request_is_in_the_sums_by_route_and_status_whatever_is_sampled(
    server: Any, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.core.failing_site"
    settings.DEBUG = False
    call = server()
    with reporting(SENTRY_TRACES_SAMPLE_RATE="0") as transport:
        for path, times in (
            ("/fine", 7),
            ("/breaks", 3),
            ("/projects/", 5),
            ("/projects/0c7a4b9e-0000-4000-8000-000000000001/", 2),
            ("/no-such-page", 4),
            ("/livez", 9),
        ):
            for _ in range(times):
                call(path, headers={"X-Forwarded-For": "203.0.113.7"})
        metrics = _sent(transport)
    assert _sums(metrics, "requests", "route", "status") == {
        ("fine", "200"): 7,
        ("breaks", "500"): 3,
        ("projects/", "200"): 5,
        ("projects/<uuid:project_id>/", "500"): 2,
        ("none", "404"): 4,
    }
    assert _sums(metrics, "feature_uses", "feature", "outcome") == {
        ("projects", "ok"): 5,
        ("projects", "failed"): 2,
    }
    assert {metric["attributes"]["sentry.release"]["value"] for metric in metrics} == {"hydroml@1.0.0+test"}
    assert all(not any(name.startswith("user") for name in metric["attributes"]) for metric in metrics)


def test_every_task_is_in_the_sums_by_how_it_ended() -> None:
    # Not shared: any app that is used first in a later test would get these tasks beside its own.
    app = Celery("sums", set_as_current=False, task_cls="core.tasks:SentryTask", broker="memory://")
    attempts: list[int] = []

    @app.task(name="data_tools.tasks.process_source", shared=False)
    def process(fault: str) -> None:
        if fault == "theirs":
            raise UserInputError("There is no column named date.")
        if fault == "ours":
            raise PipelineError("The sums do not add up.")

    @app.task(name="elsewhere.flaky", bind=True, max_retries=2, shared=False)
    def flaky(self: Any) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise self.retry(countdown=0)

    with reporting() as transport:
        for fault in ("", "", "theirs", "ours"):
            process.apply(args=(fault,))
        flaky.apply()
        metrics = _sent(transport)
    assert len(attempts) == 3
    assert _sums(metrics, "tasks", "task", "outcome") == {
        ("data_tools.tasks.process_source", "ok"): 2,
        ("data_tools.tasks.process_source", "refused"): 1,
        ("data_tools.tasks.process_source", "failed"): 1,
        ("elsewhere.flaky", "ok"): 1,
    }
    assert _sums(metrics, "retried_tasks", "task", "outcome") == {("elsewhere.flaky", "ok"): 1}
    assert _sums(metrics, "feature_uses", "feature", "outcome") == {
        ("data", "ok"): 2,
        ("data", "refused"): 1,
        ("data", "failed"): 1,
    }


def test_every_error_is_in_the_sums_by_category_sent_or_not() -> None:
    with reporting() as transport:
        for error in (PipelineError("no sum"), Http404(), Http404(), UserInputError("no date"), ValueError()):
            capture_exception(error)
        capture_exception(type("OddError", (Exception,), {})())
        metrics = _sent(transport)
    assert _sums(metrics, "events", "category", "outcome") == {
        ("data_processing", "sent"): 1,
        ("uncategorised", "ignored"): 2,
        ("validation", "ignored"): 1,
        ("programming", "sent"): 1,
        ("uncategorised", "sent"): 1,
    }


def test_no_count_is_lost_between_threads_and_sendings(tmp_path: Path) -> None:
    found = Denominators(every_s=3600, directory=tmp_path)

    def work() -> None:
        for number in range(2000):
            found.add("requests", route=str(number % 7), status="200")

    with reporting() as transport:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            found.send()
        found.send()
        metrics = _sent(transport)
    assert sum(metric["value"] for metric in metrics) == 8000


def test_unbounded_labels_cost_no_memory_and_lose_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denominators, "MAX_SERIES", 10)
    found = Denominators(every_s=3600)
    with reporting():
        for number in range(100):
            found.add("requests", route=f"page {number}", status="200")
    sums = found.snapshot()
    assert len(sums) == 11
    assert sums.total() == 100


def test_the_sums_go_out_by_themselves() -> None:
    found = Denominators(every_s=0.02)
    with reporting() as transport:
        found.add("failed_logins")
        try:
            (item,) = wait_for(lambda: transport.items("trace_metric"), "sending")
        finally:
            found.stop()
    assert [metric["name"] for metric in item["items"]] == ["failed_logins"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_forked_child_does_not_send_its_parents_sums() -> None:
    with reporting():
        denominators.count_failed_login()
        child = os.fork()
        if child == 0:
            os._exit(len(denominators.current().snapshot()))
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert denominators.current().snapshot().total() == 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_what_a_killed_process_had_counted_is_sent_once_by_the_next(tmp_path: Path) -> None:
    living = Denominators(every_s=3600, directory=tmp_path)
    with reporting() as transport:
        living.add("tasks", task="reads", outcome="ok")
        child = os.fork()
        if child == 0:
            dying = Denominators(every_s=3600, directory=tmp_path)
            for _ in range(3):
                dying.add("tasks", task="dies", outcome="failed")
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        # Of one that lives, whose counts are its own to send.
        other = Denominators(every_s=3600, directory=tmp_path)
        other.add("tasks", task="goes on", outcome="ok")
        for _ in range(2):
            living.send()
        assert _sums(_sent(transport), "tasks", "task") == {("reads",): 1, ("dies",): 3}
        other.send()
        assert _sums(_sent(transport), "tasks", "task") == {("reads",): 1, ("dies",): 3, ("goes on",): 1}
    assert list(tmp_path.glob("*.sums")) == []


def test_a_directory_that_cannot_be_written_costs_no_count(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = Denominators(every_s=3600, directory=tmp_path / "file")
    with reporting() as transport:
        found.add("failed_logins")
        found.send()
        assert _sums(_sent(transport), "failed_logins") == {(): 1}
