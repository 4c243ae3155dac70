"""Starts the site's workers and beat, sends every row that is a task, and waits until each has come to its end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import redis
from celery import Celery

from core import tasks as _carries_request_ids  # noqa: F401
from core.request_facts import current_request_id
from core.sentry.spool import spool_status
from tests.exactly_one.ground import Ground
from tests.exactly_one.sending import sender_of
from tests.exactly_one.ways.row import Way
from tests.exactly_one.ways.tasks import SCHEDULED, STOPPING, TASKS

REQUEST_ID = "request-of-the-table"
PATIENCE_S = 150.0
COLD = "cold"
PROCESSES = ("beat", "warm", COLD)


@dataclass
class TaskRun:
    """All that came, and which task ids are of which row."""

    events: list[dict[str, Any]]
    check_ins: list[dict[str, Any]]
    ids: dict[str, set[str]] = field(default_factory=dict)

    def way_of(self, event: dict[str, Any]) -> str | None:
        """The row that the event belongs to: by its task's id; by name where beat or nobody knows the id."""
        tags = event["tags"]
        for row, ids in self.ids.items():
            if tags.get("task_id") in ids:
                return row
        if tags.get("task_name") in SCHEDULED:
            return str(tags["task_name"])
        return None

    def events_of(self, way: Way) -> list[dict[str, Any]]:
        return [event for event in self.events if self.way_of(event) == way.by]


def run_tasks(site: Ground) -> TaskRun:
    """Every row at once; rows do not wait on one another."""
    _worker(site, "warm", "celery", 3)
    _worker(site, COLD, COLD, 1)
    site.start(
        "beat",
        "-m",
        "celery",
        "-A",
        _APP,
        "beat",
        "-l",
        "WARNING",
        "-S",
        "celery.beat:Scheduler",
        "--pidfile=",
    )
    run = TaskRun([], [])
    token = current_request_id.set(REQUEST_ID)
    try:
        with _sender(site) as app:
            for way in TASKS:
                if way.by not in (*SCHEDULED, *STOPPING):
                    run.ids[way.by] = sender_of(way.by)(app)
            _wait_for_the_rest(site, run)
            _stop_in_the_middle(site, app, run)
    finally:
        current_request_id.reset(token)
        for name in PROCESSES:
            site.end(name)
    wait_for(lambda: not spool_status(site.directory / "spool").queued["error"], "an empty spool")
    run.events, run.check_ins = _events(site), site.received("check_in")
    return run


_APP = "tests.exactly_one.site.queue_app"


@contextmanager
def _sender(site: Ground) -> Iterator[Celery]:
    app = Celery("sender", set_as_current=False)
    app.conf.update(broker_url=site.broker, broker_transport_options={"global_keyprefix": site.prefix})
    try:
        yield app
    finally:
        app.pool.force_close_all()
        app.close()


def _events(site: Ground) -> list[dict[str, Any]]:
    # The commands report to the same receiver, before or after.
    return [event for event in site.received("event") if event["tags"]["component"] != "command"]


def _worker(site: Ground, name: str, queue: str, children: int) -> None:
    site.start(
        name,
        *("-m", "celery", "-A", _APP, "worker", "-l", "WARNING", "-Q", queue, "-n", f"{name}@%h"),
        *("--concurrency", str(children), "--without-gossip", "--without-mingle", "--without-heartbeat"),
    )


def _wait_for_the_rest(site: Ground, run: TaskRun) -> None:
    """Until each row has its events and check-ins; what is retried without an event tells by its successor's."""

    def missing() -> list[str]:
        run.events, run.check_ins = _events(site), site.received("check_in")
        return [
            way.by
            for way in TASKS
            if way.by not in STOPPING
            and (
                len(run.events_of(way)) < len(way.told)
                or len([item for item in run.check_ins if item["monitor_slug"] == way.by])
                < len(way.check_ins)
            )
        ]

    deadline = time.monotonic() + PATIENCE_S
    while missing():
        for name in PROCESSES:
            assert site.is_running(name), site.log(name)[-4000:]
        if time.monotonic() > deadline:
            return  # the rows that are left say what they miss
        with site.receiver.arrived:
            site.receiver.arrived.wait(1.0)


def _stop_in_the_middle(site: Ground, app: Celery, run: TaskRun) -> None:
    client = redis.Redis.from_url(site.broker)
    for name, queue, worker, stop in (
        ("is_at_work", "celery", "warm", signal.SIGTERM),
        ("is_at_work_for_long", COLD, COLD, signal.SIGQUIT),
    ):
        task_id = str(uuid4())
        run.ids[name] = {task_id}
        app.send_task(name, args=[site.prefix], task_id=task_id, queue=queue)
        wait_for(lambda key=f"{site.prefix}at-work:{task_id}": client.exists(key), f"{name} at work")
        site.processes[worker].send_signal(stop)
    client.close()


def wait_for(condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s:g} s: {what}")
        time.sleep(0.05)
