"""Each way in which a request fails, through the real WSGI and ASGI handlers of a site that has copied `core/`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.exactly_one.comparing import check_group, check_request_tags, check_tags, expected, summaries
from tests.exactly_one.ground import ROOT, Ground
from tests.exactly_one.ways.requests import REQUESTS
from tests.exactly_one.ways.row import Way

pytestmark = pytest.mark.stack

Came = dict[tuple[str, str], dict[str, Any]]
CASES = [(way, handler) for way in REQUESTS for handler in way.handlers]


@pytest.fixture(scope="session")
def came(site: Ground) -> Came:
    """What came of each row, all asked in one process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.exactly_one.site.ask"],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return {(row["says"], row["handler"]): row for row in json.loads(done.stdout)}


@pytest.mark.parametrize(("way", "handler"), CASES, ids=[f"{way.says} ({by})" for way, by in CASES])
def test_a_request_that_fails_is_told_once_and_truthfully(came: Came, way: Way, handler: str) -> None:
    row = came[way.says, handler]
    assert summaries(row["events"]) == expected(way.told)
    assert row["status"] == way.status
    counted = [{name: count for name, count in item.items() if name != "started"} for item in row["sessions"]]
    assert counted == [{"exited" if way.session == "ok" else way.session: 1}]
    for event in row["events"]:
        check_tags(event, way.told)
        check_group(event)
        check_request_tags(event, row["headers"])
