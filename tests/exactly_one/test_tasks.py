"""Each way in which a task fails, on a real prefork worker and beat, read from the receiver that they report to."""

from __future__ import annotations

import pytest

from tests.exactly_one.comparing import check_group, check_tags, expected, summaries
from tests.exactly_one.ground import Ground
from tests.exactly_one.running import REQUEST_ID, TaskRun, run_tasks
from tests.exactly_one.ways.row import Way
from tests.exactly_one.ways.tasks import SCHEDULED, TASKS

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


@pytest.fixture(scope="session")
def run(site: Ground) -> TaskRun:
    return run_tasks(site)


@pytest.mark.parametrize("way", TASKS, ids=[way.says for way in TASKS])
def test_a_task_that_fails_is_told_once_and_truthfully(run: TaskRun, way: Way) -> None:
    events = run.events_of(way)
    assert summaries(events) == expected(way.told)
    for event in events:
        check_tags(event, way.told)
        check_group(event)
        assert event["tags"]["task_name"]
        assert way.by in SCHEDULED or event["tags"]["request_id"] == REQUEST_ID
    statuses = [item["status"] for item in run.check_ins if item["monitor_slug"] == way.by]
    # Beat says when it begins, the worker how it ends: which arrives first is nobody's promise.
    assert sorted(statuses) == sorted(way.check_ins)


def test_no_event_is_of_no_row(run: TaskRun) -> None:
    strays = [event for event in run.events if run.way_of(event) is None]
    assert [(event.get("logger"), event.get("logentry"), event["tags"]) for event in strays] == []
