"""Each way in which a management command fails, in processes of their own, read from the receiver."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from core.sentry.spool import spool_status
from tests.exactly_one.comparing import check_group, check_tags, expected, summaries
from tests.exactly_one.ground import Ground
from tests.exactly_one.running import wait_for
from tests.exactly_one.ways.commands import COMMANDS
from tests.exactly_one.ways.row import Way

pytestmark = pytest.mark.stack

Ended = dict[str, int]
_AT_ONCE = 2


@pytest.fixture(scope="session")
def ended(site: Ground) -> Ended:
    """The exit status of each row's process. All events have arrived."""
    waiting = [way.by for way in COMMANDS]
    running: dict[str, subprocess.Popen[bytes]] = {}
    statuses: Ended = {}
    while waiting or running:
        while waiting and len(running) < _AT_ONCE:
            how = waiting.pop()
            running[how] = _start(site, how)
        how, process = next(iter(running.items()))
        statuses[how] = process.wait(150)
        del running[how]
    # What the killed ones left on disk is taken over by whoever comes next.
    assert _start(site, "refuses", "the-last").wait(150) == 1
    wait_for(lambda: not spool_status(_spool(site)).queued["error"], "an empty spool")
    return statuses


def _start(site: Ground, how: str, name: str = "") -> subprocess.Popen[bytes]:
    return site.start(
        f"command-{name or how}",
        *("tests/exactly_one/site/manage.py", "fail", how),
        SENTRY_RELEASE=f"exactly-one@1.0.0+{name or how}",
        EXACTLY_ONE_SPOOL=str(_spool(site)),
    )


def _spool(site: Ground) -> Any:
    return site.directory / "spool-of-commands"


@pytest.mark.parametrize("way", COMMANDS, ids=[way.says for way in COMMANDS])
def test_a_command_that_fails_is_told_once_and_truthfully(site: Ground, ended: Ended, way: Way) -> None:
    assert ended[way.by] == way.status, site.log(f"command-{way.by}")
    release = f"exactly-one@1.0.0+{way.by}"
    events = [event for event in site.received("event") if event["release"] == release]
    assert summaries(events) == expected(way.told), json.dumps(events)[:4000]
    for event in events:
        check_tags(event, way.told)
        check_group(event)
        assert event["tags"]["component"] == "command"
