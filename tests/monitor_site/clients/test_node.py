"""@sentry/node as npm gives it."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.monitor_site.clients.live import PROGRAMS, Live
from tests.monitor_site.clients.npm_packages import Npm

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_errors_transactions_check_ins_and_feedback_of_node(live: Live, npm: Npm) -> None:
    # Node looks for packages from where the program lies.
    program = npm.directory / f"node-{os.getpid()}.mjs"
    shutil.copy(PROGRAMS / "node.mjs", program)
    try:
        said = live.run([npm.node, str(program)], live.environment("of-node"), cwd=npm.directory)
    finally:
        program.unlink()
    found = live.wait_for_types("of-node", "PumpStopped", "TypeError")
    issue, event = found["PumpStopped"]
    assert event == said.split()[0]
    page = live.page(f"/issues/{issue}/")
    for shown in ("at 3 bar", "the pressure falls", "Isar", program.name, "of-node@1.2.3"):
        assert shown in page
    assert "nobody awaited this" in live.page(f"/issues/{found['TypeError'][0]}/")

    feedback = "SELECT message, name FROM feedback_feedback WHERE environment = 'of-node' AND issue_id = ?"
    live.wait(lambda: live.monitor.rows(feedback, issue), "the feedback is linked to its error")
    assert live.monitor.rows(feedback, issue) == [("It smells of smoke", "Otto")]
    runs = (
        "SELECT m.slug, c.status, c.duration FROM crons_checkin c JOIN crons_cronenvironment e"
        " ON e.id = c.environment_id JOIN crons_cronmonitor m ON m.id = e.monitor_id WHERE e.name = 'of-node'"
    )
    live.wait(lambda: live.monitor.rows(runs) == [("pump-check", "ok", 2.0)], "the check-in has ended")
    names = "SELECT name FROM performance_transactiongroup WHERE environment = 'of-node'"
    live.wait(lambda: ("pump-cycle",) in live.monitor.rows(names), "the transaction is added up")
    assert "pump-cycle" in live.page("/performance/?environment=of-node")
