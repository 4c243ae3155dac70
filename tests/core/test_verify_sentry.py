"""verify_sentry and lookup_error as an operator runs them, against hosts that take, refuse, hang or are not there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.receiver import Receiver
from core.feedback_store import Feedback, FeedbackStore
from core.sentry import filters
from core.sentry.verification import scrubbing_works

ROOT = Path(__file__).resolve().parents[2]


def manage(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SENTRY_")},
        "DATA_ROOT": str(tmp_path),
        "DEBUG": "1",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_a_reachable_host_takes_event_and_message_and_all_is_well(tmp_path: Path) -> None:
    with Receiver() as host:
        done = manage(tmp_path, "verify_sentry", SENTRY_DSN=host.dsn, SENTRY_RELEASE="hydroml@1.0.0")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WRONG" not in done.stdout
        assert "A secret planted in 8 places is removed from all." in done.stdout
        assert "django, logging, celery, redis are watched." in done.stdout
        ids = re.findall(r"The host took it: ([0-9a-f]{32})", done.stdout)
        assert len(ids) == 2
        assert set(ids) <= set(host.stored)
        found = manage(
            tmp_path, "lookup_error", ids[0], SENTRY_DSN=host.dsn, SENTRY_EVENT_URL="http://m/?q={event_id}"
        )
    assert found.returncode == 0
    assert f"http://m/?q={ids[0]}" in found.stdout
    assert "The host has it" in found.stdout


def test_a_host_that_is_away_is_named_with_its_error_and_the_event_waits(tmp_path: Path) -> None:
    with Receiver("away") as host:
        done = manage(tmp_path, "verify_sentry", "--timeout", "2", SENTRY_DSN=host.dsn)
        assert done.returncode == 1
        assert "The host did not take it within 2 s" in done.stdout
        assert "refused" in done.stdout.lower()
        event_id = next(path.name for path in tmp_path.rglob("*.envelope") if ".error=1." in path.name).split(
            "."
        )[4]
        found = manage(tmp_path, "lookup_error", event_id, SENTRY_DSN=host.dsn)
    assert "not delivered yet" in found.stdout


def test_a_host_that_refuses_the_key_is_told_from_one_that_is_away(tmp_path: Path) -> None:
    with Receiver("403") as host:
        done = manage(tmp_path, "verify_sentry", "--timeout", "2", SENTRY_DSN=host.dsn)
    assert done.returncode == 1
    assert "403" in done.stdout
    assert "is its key enabled" in done.stdout


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("", "SENTRY_DSN is not set"),
        ("https://your-sentry-dsn@sentry.io/project-id", "Invalid project in DSN"),
        ("not a dsn", "SENTRY_DSN is no DSN"),
        (
            "https://0123456789abcdef@o1.ingest.us.sentry.io/42",
            "development reports to the local monitor only",
        ),
    ],
)
def test_a_wrong_dsn_is_told_in_words_and_stops_nothing_else(tmp_path: Path, dsn: str, says: str) -> None:
    done = manage(tmp_path, "verify_sentry", SENTRY_DSN=dsn)
    assert done.returncode == 1
    assert says in done.stdout
    assert "Not tried: nothing is sent." in done.stdout
    assert "0123456789abcdef" not in done.stdout


def test_the_scrubbing_point_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scrubbing_works().mark == "ok"

    class Open:
        def before_send(self, event: object, hint: object) -> object:
            return event

    monkeypatch.setattr("core.sentry.verification.get_filters", Open)
    finding = scrubbing_works()
    assert finding.mark == "wrong"
    assert "headers, cookies, query string" in finding.says
    assert filters.get_filters() is not None


def test_lookup_shows_feedback_and_says_when_nothing_is_known(tmp_path: Path) -> None:
    FeedbackStore(tmp_path / "feedback").keep(
        Feedback(error_id="H7KQ-2M4X", message="I pressed Train.", name="Ada", written_at=1_790_000_000)
    )
    found = manage(tmp_path, "lookup_error", "h7kq-2m4x")
    assert found.returncode == 0
    assert "by Ada:\nI pressed Train." in found.stdout
    unknown = manage(tmp_path, "lookup_error", "AAAA-BBBB")
    assert unknown.returncode == 1
    assert "Nothing is known of AAAA-BBBB here." in unknown.stdout
