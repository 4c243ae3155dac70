"""kill -9 of the worker in the middle of sending: each is delivered once or shown as failed, none twice to a receiver
that honours the id."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.monitor_site.deliveries.killing import Honouring, environment, insert
from tests.monitor_site.deliveries.receivers import receiving
from tests.monitor_site.digest.processes import prepared, stop, wait_until

NUMBER = 150


def test_each_is_told_once_or_shown_as_failed(tmp_path: Path) -> None:
    hook = Honouring()
    hook.holds_from = 60
    with receiving(hook) as receiver:
        (tmp_path / "strategy").mkdir()
        settings = environment(tmp_path / "strategy", receiver.url, attempts=3)
        with prepared(tmp_path / "monitor", **settings) as monitor:
            database = monitor.directory / "monitor.sqlite3"
            insert(database, range(NUMBER))
            worker = monitor.start("worker")
            wait_until(hook.is_holding.is_set, "a receiver with requests under way", alive=worker)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            hook.holds_from = None
            hook.goes_on.set()
            worker = monitor.start("worker")
            wait_until(
                lambda: not monitor.rows("SELECT 1 FROM alerts_notification WHERE state = 'waiting' LIMIT 1"),
                "nothing waits",
                alive=worker,
            )
            states = dict(
                monitor.rows("SELECT json_extract(message, '$.title'), state FROM alerts_notification")
            )
            outcomes = dict(
                monitor.rows("SELECT outcome, count(*) FROM deliveries_deliveryattempt GROUP BY 1")
            )
            unsaid = monitor.rows("SELECT 1 FROM alerts_notification WHERE state = 'failed' AND problem = ''")
            assert stop(worker) == 0
    assert len(states) == NUMBER
    assert set(states.values()) <= {"sent", "failed"}
    sent = {title for title, state in states.items() if state == "sent"}
    assert sent <= set(hook.told)
    assert set(hook.told.values()) == {1}
    assert unsaid == []
    # It did fail, and it was killed in the middle of something.
    assert outcomes["failed"] > NUMBER / 4
    assert outcomes["interrupted"] >= 1
    assert "under_way" not in outcomes
    assert "they go again" in monitor.log("worker")
