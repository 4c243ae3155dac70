"""SentryTask on a real prefork worker with a real broker: one event for each failure, with the task's tags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from core.errors import ExternalServiceError, PipelineError, UserInputError
from core.request_facts import current_request_id
from core.sentry.check_ins import Monitor
from core.tasks import SentryTask, _leave_out_monitored, _portable
from tests.core import worker_app
from tests.core.wire import reporting
from tests.core.worker import Reported, new_queue, running_worker, wait_for

SECRET = "Tr0ub4dor-and-3"

EXPECTED_EVENTS = {
    # task: (number of events, type of the exception, category)
    "fails": (1, "PipelineError", "data_processing"),
    "expected": (0, None, None),
    "thrown": (0, None, None),
    "recovers": (0, None, None),
    "exhausts": (1, "OperationalError", "database"),
    "unpicklable": (1, "PortableTaskError", "data_processing"),
    "ignores": (0, None, None),
    "too_long": (1, "TimeLimitExceeded", "timeout"),
    "too_long_softly": (1, "SoftTimeLimitExceeded", "timeout"),
    "killed": (1, "WorkerLostError", "queue"),
    "dies_once": (1, "WorkerLostError", "queue"),
    "out_of_memory": (1, "PortableTaskError", "resources"),
}


@dataclass
class Run:
    """Everything sent to one worker, and what came of it."""

    reported: Reported
    tasks: dict[str, Any]
    canvases: dict[str, str]
    monitored: dict[str, Any]

    def events_of(self, name: str) -> list[dict[str, Any]]:
        return [
            event
            for event in self.reported.items("event")
            if event["tags"].get("task_id") == self.tasks[name].id
        ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One worker for the module: starting one takes seconds."""
    queue = new_queue()
    token = current_request_id.set("request-of-the-test")
    with running_worker(tmp_path_factory.mktemp("worker"), queue) as reported:
        results = {}
        for name in EXPECTED_EVENTS:
            arguments = {"password": SECRET} if name == "fails" else {}
            task = getattr(worker_app, name)
            results[name] = task.apply_async(
                args=[f"{name}-{uuid4().hex[:8]}"], kwargs=arguments, queue=queue
            )
        monitored = {
            how: worker_app.monitored.apply_async(args=[how], queue=queue)
            for how in ("succeeds", "retries", "fails", "ignores", "rejects")
        }
        markers = {}
        for kind in ("group", "chain", "chord"):
            markers[kind] = f"{kind}-{uuid4().hex[:8]}"
            worker_app.canvases(markers[kind])[kind].apply_async(queue=queue)
        current_request_id.reset(token)
        everything = Run(reported, results, markers, monitored)
        wait_for(lambda: results["dies_once"].state == "SUCCESS", "the task whose worker died once")
        wait_for(lambda: results["exhausts"].state == "FAILURE", "the last attempt of exhausts")
        wait_for(lambda: results["recovers"].state == "SUCCESS", "the third attempt of recovers")
        for name, (count, _, _) in EXPECTED_EVENTS.items():
            wait_for(lambda n=name, c=count: len(everything.events_of(n)) >= c, f"the event of {name}")
        for marker in markers.values():
            wait_for(lambda m=marker: reported.events(m), f"the event of {marker}")
        wait_for(lambda: len(reported.check_ins("nightly")) >= 10, "ten check-ins")
        # The worker is alive after all this: what comes last has been worked on after what came first.
        assert worker_app.gives.apply_async(args=[7], queue=queue).get(timeout=120) == 7
        yield everything


on_a_worker = pytest.mark.stack


@on_a_worker
@pytest.mark.parametrize("name", EXPECTED_EVENTS)
def test_each_way_to_fail_makes_its_number_of_events_with_the_tasks_tags(run: Run, name: str) -> None:
    count, kind, category = EXPECTED_EVENTS[name]
    events = run.events_of(name)
    assert len(events) == count
    for event in events:
        values = event["exception"]["values"]
        assert values[-1]["type"] == kind
        assert event["tags"]["category"] == category
        assert event["tags"]["task_name"] == name
        assert event["tags"]["retries"] == ("2" if name == "exhausts" else "0")
        assert event["tags"]["request_id"] == "request-of-the-test"
        assert values[-1]["mechanism"]["handled"] is False


@on_a_worker
def test_no_event_is_without_its_task(run: Run) -> None:
    strays = [event for event in run.reported.items("event") if "task_id" not in event["tags"]]
    assert [event.get("logentry") or event["exception"] for event in strays] == []


@on_a_worker
@pytest.mark.parametrize("kind", ["group", "chain", "chord"])
def test_a_task_that_fails_in_a_canvas_is_one_event(run: Run, kind: str) -> None:
    assert len(run.reported.events(run.canvases[kind])) == 1


@on_a_worker
def test_an_event_tells_what_the_task_worked_on_and_no_secret(run: Run) -> None:
    (event,) = run.events_of("fails")
    marker = event["contexts"]["work"]["datasource_id"]
    assert marker.startswith("fails-")
    assert event["contexts"]["work"]["stage"] == "reading"
    assert event["contexts"]["task"]["arguments"]["marker"] == marker
    assert SECRET not in json.dumps(event)


@on_a_worker
def test_earlier_attempts_are_breadcrumbs_of_the_last(run: Run) -> None:
    (event,) = run.events_of("exhausts")
    crumbs = [crumb for crumb in event["breadcrumbs"]["values"] if crumb["category"] == "retry"]
    assert [crumb["message"].split(":")[0] for crumb in crumbs] == ["attempt 1 failed", "attempt 2 failed"]
    assert "OperationalError" in crumbs[0]["message"]


@on_a_worker
def test_the_cause_of_an_unpicklable_exception_is_told_with_it(run: Run) -> None:
    (event,) = run.events_of("unpicklable")
    assert [value["type"] for value in event["exception"]["values"]] == [
        "UnpicklableError",
        "PortableTaskError",
    ]
    assert event["exception"]["values"][0]["stacktrace"]["frames"][-1]["function"] == "unpicklable"


@on_a_worker
def test_a_failed_task_is_never_left_started(run: Run) -> None:
    states = {name: result.state for name, result in run.tasks.items() if name != "ignores"}
    assert set(states.values()) == {"SUCCESS", "FAILURE"}
    assert states["expected"] == states["thrown"] == states["too_long"] == states["killed"] == "FAILURE"


@on_a_worker
@pytest.mark.parametrize(
    ("how", "outcome"),
    [("succeeds", "ok"), ("retries", "ok"), ("fails", "error"), ("ignores", "ok"), ("rejects", "error")],
)
def test_a_monitored_task_checks_in_once_and_out_once(run: Run, how: str, outcome: str) -> None:
    run_id = run.monitored[how].id.replace("-", "")
    mine = [item for item in run.reported.items("check_in") if item["check_in_id"] == run_id]
    assert [item["status"] for item in mine] == ["in_progress", outcome]
    assert mine[0]["monitor_config"]["schedule"] == {"type": "crontab", "value": "0 3 * * *"}


@on_a_worker
@pytest.mark.parametrize("slug", ["too-long", "killed"])
def test_a_check_in_is_closed_from_outside_when_the_child_is_gone(run: Run, slug: str) -> None:
    assert run.reported.check_ins(slug) == ["in_progress", "error"]


# Without a worker.


def test_the_wait_grows_and_is_spread_and_bounded() -> None:
    task = worker_app.fails
    for retries, most in ((0, 2.0), (3, 16.0), (20, 300.0)):
        waits = [task.backoff_s(retries) for _ in range(200)]
        assert 0 <= min(waits) < most * 0.2
        assert most * 0.8 < max(waits) <= most


@pytest.mark.parametrize(
    ("exc", "worth"),
    [
        (ExternalServiceError("away"), True),
        (OperationalError("away"), True),
        (ConnectionResetError("away"), True),
        (UserInputError("no date"), False),
        (PipelineError("wrong"), False),
        (ValueError("wrong"), False),
    ],
)
def test_only_what_the_strategy_calls_transient_is_retried(exc: Exception, worth: bool) -> None:
    assert worker_app.fails.is_worth_retrying(exc) is worth


def test_expected_errors_are_thrown_whatever_the_task_adds() -> None:
    assert isinstance(UserInputError("no date"), worker_app.thrown.throws)
    assert isinstance(KeyError("x"), worker_app.thrown.throws)
    assert not isinstance(PipelineError("wrong"), worker_app.thrown.throws)


def test_an_idempotent_task_goes_back_when_its_worker_is_lost() -> None:
    assert worker_app.dies_once.acks_late
    assert worker_app.dies_once.reject_on_worker_lost
    assert not worker_app.fails.reject_on_worker_lost


def test_an_exception_that_can_be_pickled_stays_itself() -> None:
    exc = PipelineError("wrong")
    assert _portable(exc) is exc


def test_a_task_called_as_a_function_raises_what_it_raised() -> None:
    with pytest.raises(ExternalServiceError, match="did not answer"):
        worker_app.recovers("here")


def test_once_lets_one_in_and_the_next_after_a_failure() -> None:
    task: SentryTask = worker_app.fails
    key = uuid4().hex

    def fail_half_way() -> None:
        with task.once(key) as is_first:
            assert is_first
            raise PipelineError("half done")

    with pytest.raises(PipelineError, match="half done"):
        fail_half_way()
    with task.once(key) as is_first:
        assert is_first
    with task.once(key) as is_first:
        assert not is_first


def test_once_lets_everybody_in_while_the_cache_is_away(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        }
    }
    for _ in range(2):
        with worker_app.fails.once("key") as is_first:
            assert is_first


def test_tasks_with_a_monitor_are_left_out_of_the_sdks_own() -> None:
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration

    with reporting():
        _leave_out_monitored(sender=SimpleNamespace(app=worker_app.app))
        integration = sentry_sdk.get_client().get_integration(CeleryIntegration)
        assert integration is not None
        assert integration.exclude_beat_tasks == [r"^tick\ by\ monitor$"]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("*/5 * * * *", {"type": "crontab", "value": "*/5 * * * *"}),
        (timedelta(minutes=90), {"type": "interval", "value": 90, "unit": "minute"}),
        (timedelta(hours=6), {"type": "interval", "value": 6, "unit": "hour"}),
        (timedelta(days=7), {"type": "interval", "value": 7, "unit": "day"}),
    ],
)
def test_a_schedule_is_told_in_the_protocols_terms(schedule: Any, expected: dict[str, Any]) -> None:
    config = Monitor(
        "nightly", schedule, margin=timedelta(minutes=3), max_runtime=timedelta(hours=1)
    ).config()
    assert config["schedule"] == expected
    assert (config["checkin_margin"], config["max_runtime"]) == (3, 60)


@pytest.mark.parametrize(
    ("slug", "schedule"),
    [
        ("Not A Slug", "* * * * *"),
        ("ok", "every day"),
        ("ok", timedelta(seconds=5)),
        ("ok", timedelta(seconds=90)),
    ],
)
def test_a_monitor_that_no_host_would_take_is_refused(slug: str, schedule: Any) -> None:
    with pytest.raises(ValueError, match="is no"):
        Monitor(slug, schedule)
