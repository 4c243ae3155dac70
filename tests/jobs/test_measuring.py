"""The gauges beside the error rate."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings
from django.db import connection
from django.utils import timezone

from jobs import measuring
from jobs.models import Job
from jobs.tasks import measure_system
from tests.core.wire import reporting

pytestmark = pytest.mark.django_db


def _job(state: str, age_s: float, **fields: Any) -> Job:
    job = Job.objects.create(task="a.b", subject_id=uuid.uuid4(), state=state, **fields)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(seconds=age_s))
    return job


def test_the_queue_is_what_nobody_has_begun() -> None:
    assert measuring.queue() == (0, 0.0)
    _job(Job.State.QUEUED, 700)
    _job(Job.State.QUEUED, 20)
    _job(Job.State.QUEUED, 9000, started_at=timezone.now())  # a search that waits for its trials
    _job(Job.State.RUNNING, 9000)
    _job(Job.State.SUCCEEDED, 9000)
    length, age_s = measuring.queue()
    assert length == 2
    assert 700 <= age_s < 8000


def test_connections_are_counted_where_the_database_can_say() -> None:
    found = measuring.database_connections()
    if connection.vendor == "postgresql":
        assert found is not None
        assert found >= 1
    else:
        assert found is None


def test_memory_is_known_where_the_system_tells_it(tmp_path: Path) -> None:
    assert measuring.resident_bytes(tmp_path / "none") is None
    (tmp_path / "statm").write_text("100 25 3 1 0 9 0\n")
    found = measuring.resident_bytes(tmp_path / "statm")
    assert found is not None
    assert found % 25 == 0
    (tmp_path / "statm").write_text("nonsense")
    assert measuring.resident_bytes(tmp_path / "statm") is None


def test_beat_runs_it_each_minute_and_what_it_measures_is_sent() -> None:
    entries = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == measure_system.name]
    assert [entry["schedule"] for entry in entries] == [60.0]
    _job(Job.State.QUEUED, 100)
    with reporting(SENTRY_TRACES_SAMPLE_RATE="0") as transport:
        measuring.measure_system()
        sentry_sdk.flush()
        metrics = [metric for item in transport.items("trace_metric") for metric in item["items"]]
    found = {metric["name"]: metric["value"] for metric in metrics}
    assert found["queue_length"] == 1
    assert found["queue_age_s"] >= 100
    assert {metric["type"] for metric in metrics} == {"gauge"}
