"""What has come to a monitor is written as a stream, and rehearsed: the same episodes as there were."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.entries import decode, encode
from monitor.alerts.measurements import KINDS, Measurement
from monitor.alerts.rehearsal import rehearse
from monitor.alerts.streams import parse, read_stream, written
from monitor.digest.facts import Fact
from tests.monitor_site.alerts.clocked import START, Clocked
from tests.monitor_site.alerts.conftest import UseRules

ROOT = Path(__file__).parents[3]
TEXT = st.text(max_size=8)
COUNT = st.integers(0, 1000)
TIME = st.floats(0, 2e9)
MEASUREMENTS = st.builds(
    Measurement,
    kind=st.sampled_from(KINDS),
    time=TIME,
    received=TIME,
    environment=TEXT,
    project_id=st.integers(1, 9),
    release=TEXT,
    name=TEXT,
    value=st.floats(0, 1e9),
    total=COUNT,
    bad=COUNT,
    errored=COUNT,
    durations=st.lists(st.tuples(st.floats(0, 99), st.integers(1, 9)), max_size=3).map(tuple),
    route=TEXT,
    user=TEXT,
    client=TEXT,
)
FACTS = st.builds(
    Fact,
    time=TIME,
    received=TIME,
    project_id=st.integers(1, 9),
    issue_id=COUNT,
    uid=st.binary(max_size=16),
    is_new=st.booleans(),
    regressed=st.booleans(),
    category=TEXT,
    severity=TEXT,
    level=TEXT,
    release=TEXT,
    environment=TEXT,
    user=st.none(),
    handled=st.sampled_from([None, True, False]),
    transaction=TEXT,
    tags=st.dictionaries(TEXT, TEXT, max_size=3),
    times=st.integers(1, 1000),
)


@given(st.one_of(MEASUREMENTS, FACTS))
def test_the_journal_and_a_stream_give_back_what_was_put_into_them(entry: Measurement | Fact) -> None:
    assert decode(json.loads(json.dumps(encode(entry)))) == entry
    assert parse(json.loads(json.dumps(written(entry)))) == entry


def test_yesterday_is_recorded_and_rehearsed(
    clocked: Clocked, use_rules: UseRules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strategy = use_rules("database", "critical-errors", "failed-logins")
    clocked.at(0)
    for second in (5, 20, 200):
        clocked.error(second)
        clocked.at(second + 1)
    for second in range(300, 315):
        clocked.error(second, "cache", "P1")
    clocked.metric(320, "failed_logins", 9)
    for second in range(321, 1200, 10):
        clocked.at(second)
    file = tmp_path / "yesterday.jsonl"
    call_command("rehearse_alerts", "--record", str(START), str(START + 1200), "--to", str(file))
    with file.open() as lines:
        found = [
            (each.rule.id, each.kind, each.at - START)
            for each in rehearse(strategy, read_stream(lines), until=START + 1200)
        ]
    assert sorted(found, key=lambda each: (each[2], each[0])) == clocked.story()
    assert {rule for rule, _, _ in found} == {"database", "critical-errors", "failed-logins"}
    with pytest.raises(SystemExit) as ended:
        call_command("rehearse_alerts", "--stream", str(file), "--until", str(START + 1200))
    assert ended.value.code == 0
    assert "2027-01-15 08:00:05  fired     P0  database (production, all): 1" in capsys.readouterr().out


def test_only_what_was_received_in_the_time_is_recorded(
    clocked: Clocked, use_rules: UseRules, tmp_path: Path
) -> None:
    use_rules("database")
    for second in (5, 20, 200):
        clocked.error(second)
    file = tmp_path / "some.jsonl"
    call_command("rehearse_alerts", "--record", "2027-01-15T08:00:10", str(START + 100), "--to", str(file))
    assert [json.loads(line)["time"] - START for line in file.read_text().splitlines()] == [20]


@pytest.mark.parametrize(
    "arguments", [[], ["--record", "yesterday", "now"], ["--record", "1", "2", "--stream", "-"]]
)
def test_what_it_cannot_do_it_says(arguments: list[str], db: None) -> None:
    with pytest.raises(CommandError, match=r"--record|no moment"):
        call_command("rehearse_alerts", *arguments)


def test_the_application_hands_the_command_over(tmp_path: Path) -> None:
    file = tmp_path / "stream.jsonl"
    file.write_text(
        json.dumps({"kind": "event", "time": START, "issue": 7, "category": "database", "severity": "P0"})
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "rehearse_alerts", "--stream", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "MONITOR_DATA_DIR": str(tmp_path / "monitor")},
    )
    assert done.returncode == 0, done.stderr
    assert "fired     P0  database" in done.stdout
