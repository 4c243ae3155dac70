"""A history of so many days, sent the whole way: requests, uses, tasks, gauges, sessions, transactions, errors, deploys.

It has a bad hour every day, at noon, in which everything moves together; it is the same whenever it is made.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from monitor.incidents.models import Incident, State
from monitor.probes.models import Target
from monitor.projects.models import Project
from monitor.releases.models import Deploy, Release
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric

HOUR_S, DAY_S = 3600, 86_400
ROUTES = ("projects/", "data/<uuid:pk>/", "experiments/", "accounts/login/")
_BATCH = 500


def make(
    deliver: Delivery, now: float, *, days: int, requests_an_hour: int = 1400, begin_at: int = 1
) -> None:
    """`now` is seconds since 1970; everything is before it. Of another `begin_at`, another history, on top."""
    dice = random.Random(begin_at)
    sent: list[dict[str, Any]] = []
    for ago in range(days * 24, 0, -1):
        at = now - ago * HOUR_S + 60
        sent += _hour(dice, at, requests_an_hour, bad=int(at // HOUR_S) % 24 == 12)
        if len(sent) > _BATCH:
            deliver(item(*sent))
            sent = []
    deliver(item(*sent))
    deliver(*_events(dice, now, days))
    deliver(*_sessions(now, days))
    deliver(*_transactions(dice, now, days))
    _deliveries(deliver.project, now, days, begin_at)


def _hour(dice: random.Random, at: float, requests: int, *, bad: bool) -> Iterator[dict[str, Any]]:
    for number, route in enumerate(ROUTES):
        total = max(requests * (4 - number) // 10, 1)
        failed = total // 25 if bad else dice.randrange(0, 3) if number == 1 else 0
        yield metric("requests", total - failed, at, route=route, status="200")
        if failed:
            yield metric("requests", failed, at, route=route, status="500")
    for feature in ("projects", "data", "experiments", "sign_in"):
        yield metric("feature_uses", 100, at, feature=feature, outcome="ok")
        yield metric(
            "feature_uses", 9 if bad else dice.randrange(0, 2), at, feature=feature, outcome="failed"
        )
    for task, failing in (("data_tools.tasks.process", 4), ("experiments.tasks.train", 2)):
        yield metric("tasks", 30, at, task=task, outcome="ok")
        yield metric("tasks", failing if bad else 0, at, task=task, outcome="failed")
        yield metric("retried_tasks", 3, at, task=task, outcome="ok")
        yield metric("retried_tasks", 1 if bad else 0, at, task=task, outcome="failed")
    yield metric("cache_lookups", 600 if bad else 900 + dice.randrange(60), at, outcome="hit")
    yield metric("cache_lookups", 400 if bad else 100, at, outcome="miss")
    worse = 10 if bad else 1
    yield metric("queue_length", dice.randrange(3, 8) * worse, at, kind="gauge", unit="job")
    yield metric("queue_age_s", dice.randrange(5, 40) * worse, at, kind="gauge", unit="second")
    yield metric("database_connections", 12 + dice.randrange(3) + 2 * worse, at, kind="gauge")
    yield metric("memory", 2.1e8 + dice.randrange(10**7), at, kind="gauge", unit="byte", process="worker")
    for _ in range(3):
        yield metric("processing_time_s", dice.lognormvariate(1, 0.5), at, kind="distribution", unit="second",
                     kind_="upload", outcome="ok")  # fmt: skip
    yield metric("processing_time_s", 1.5, at, kind="distribution", unit="second", outcome="refused")
    yield metric("training_time_s", dice.lognormvariate(3, 0.6), at, kind="distribution", unit="second",
                 outcome="ok")  # fmt: skip


KINDS = (
    ("OperationalError", "database", "P0", "projects.views.project_list"),
    ("ZeroDivisionError", "programming", "P2", "experiments.engine.scores.nash_sutcliffe_efficiency"),
    ("PipelineError", "data_processing", "P2", "data_tools.engine.pipeline.run"),
    ("KeyError", "uncategorised", "P3", "data_tools.views.column_chooser"),
)


def _events(dice: random.Random, now: float, days: int) -> Iterator[dict[str, Any]]:
    for day in range(days):
        for number, (kind, category, severity, culprit) in enumerate(KINDS):
            module, _, function = culprit.rpartition(".")
            for _ in range(5 - number):
                yield {
                    "level": "error",
                    "timestamp": now - day * DAY_S - dice.randrange(60, 20 * HOUR_S),
                    "environment": "production",
                    "release": f"hydroml@1.{max(3 - day // 3, 0)}.0",
                    "user": {"id": f"u{dice.randrange(40)}"},
                    "tags": {"category": category, "severity": severity},
                    "transaction": culprit,
                    "exception": {
                        "values": [
                            {
                                "type": kind,
                                "value": f"{kind} while working on the basin",
                                "module": "builtins",
                                "stacktrace": {
                                    "frames": [{"module": module, "function": function, "in_app": True,
                                                "filename": f"{module.replace('.', '/')}.py", "lineno": 7}]
                                },
                            }
                        ]
                    },
                }  # fmt: skip


def _sessions(now: float, days: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for day in range(days):
        started = now - day * DAY_S - 2 * HOUR_S
        yield (
            "sessions",
            {
                "aggregates": [{"started": started, "exited": 900, "errored": 1, "crashed": day % 2}],
                "attrs": {"release": f"hydroml@1.{max(3 - day // 3, 0)}.0", "environment": "production"},
            },
        )


def _transactions(dice: random.Random, now: float, days: int) -> Iterator[dict[str, Any]]:
    for hour in range(min(days * 24, 200)):
        for number, route in enumerate(("/projects/", "/data/{pk}/")):
            begun = now - hour * HOUR_S - 120 - number
            yield {
                "type": "transaction",
                "transaction": route,
                "environment": "production",
                "start_timestamp": begun,
                "timestamp": begun + dice.lognormvariate(-1.5, 0.6),
                "contexts": {
                    "trace": {
                        "trace_id": UUID(int=dice.getrandbits(128)).hex,
                        "span_id": f"{dice.getrandbits(64):016x}",
                        "op": "http.server",
                    }
                },
            }


def _deliveries(project: Project, now: float, days: int, begin_at: int) -> None:
    """Deploys, incidents and a probe: what does not come through the spool."""
    for number, release in enumerate(Release.objects.order_by("-pk")):
        Deploy.objects.create(
            release=release, environment="production", finished_at=now - number * 3 * DAY_S - 8 * HOUR_S
        )
    for number in range(1, min(days, 6) + 1):
        began = now - number * DAY_S + 3 * HOUR_S
        Incident.objects.create(
            number=begin_at + number,
            title=f"Requests failed at noon, day {number}",
            severity="P1" if number % 2 else "P0",
            project=project,
            environment="production",
            state=State.RESOLVED if number != 2 else State.ACKNOWLEDGED,
            started_at=began,
            updated_at=began,
            detected_at=began + 60,
            acknowledged_at=began + 200,
            resolved_at=began + 1500 * number if number != 2 else None,
        )
    Target.objects.create(
        url=f"http://127.0.0.1:{8000 + begin_at}/readyz",
        since=now - DAY_S,
        last_at=now,
        last_ms=12.5,
        last_answer="200",
    )
