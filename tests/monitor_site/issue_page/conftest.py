"""Events of the issue page's tests, delivered as the receiving end and the worker do it."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.issues.models import Issue, StoredEvent
from tests.monitor.events.recording import sdk_events
from tests.monitor_site.delivering import Delivery

Deliver = Callable[..., StoredEvent]


def sdk_event(name: str = "view", **changes: Any) -> dict[str, Any]:
    """What sentry-sdk sent for one of its failures, as an event of its own, of now."""
    raw = copy.deepcopy(sdk_events()[name])
    del raw["event_id"]
    return {**raw, "timestamp": time.time(), **changes}


def _environment() -> dict[str, str]:
    """Without what is said of the site that is tested."""
    of_sites = ("DJANGO_", "MONITOR_", "SENTRY_")
    return {name: value for name, value in os.environ.items() if not name.startswith(of_sites)}


@cache
def application_events() -> dict[str, dict[str, Any]]:
    """What core/ sends for failures of its laboratory, by their kind."""
    program = Path(__file__).with_name("application_site.py")
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).resolve().parents[3],
        env={**_environment(), "PYTHONPATH": "."},
    )
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, done.stdout.splitlines())
    return {line["kind"]: line["event"] for line in lines}


@pytest.fixture
def arrived(deliver: Delivery) -> Deliver:
    """Delivers one raw event and gives its row."""

    def one(raw: dict[str, Any], **options: Any) -> StoredEvent:
        raw = copy.deepcopy(raw)
        raw.setdefault("timestamp", time.time())
        [event_id] = deliver(raw, **options)
        return StoredEvent.objects.select_related("issue__project").get(uid=bytes.fromhex(event_id))

    return one


@pytest.fixture
def issue(arrived: Deliver) -> Issue:
    """Of one failed view: a KeyError that became a GaugeError."""
    return arrived(sdk_event(tags={"category": "database", "severity": "P0", "error_id": "7f3a-21c0"})).issue
