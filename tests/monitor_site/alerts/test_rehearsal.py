"""The command, the stream that it reads, and the page that says how."""

import json
import re
from pathlib import Path

import pytest

from monitor.alerts.measurements import KINDS
from monitor.alerts.rehearsal import main
from monitor.alerts.streams import COMMON_KEYS, EVENT, EVENT_KEYS, MEASUREMENT_KEYS, StreamError, read_stream
from strategy.loader import DEFAULT_PATH
from tests.monitor_site.alerts.streams_of_rules import START, event, of

PAGE = (Path(__file__).parents[3] / "docs/monitor/alerts.md").read_text(encoding="utf-8")


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    file = tmp_path / "stream.jsonl"
    lines = [event(0, category="database", severity="P0", issue=7), of("requests", 1, total=1000)]
    file.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", encoding="utf-8")
    return file


def test_it_says_what_fired_when_and_to_whom(stream: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stream", str(stream), "--until", str(START + 3600)]) == 0
    fired, resolved = capsys.readouterr().out.splitlines()
    assert fired == (
        "2027-01-15 08:00:00  fired     P0  database (production, all): 1"
        "  told to on_call, lead, product through pagerduty, slack, email, github"
    )
    assert resolved == "2027-01-15 08:01:00  resolved  P0  database (production, all): 0"


def test_json_has_a_line_for_each(stream: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stream", str(stream), "--json"]) == 0
    (fired,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (fired["rule"], fired["at"], fired["issues"], fired["told_at"]) == ("database", START, [7], START)


def test_other_rules_can_be_tried(stream: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    rules = tmp_path / "strategy.toml"
    rules.write_text(
        text.replace('id = "database"\n', 'id = "database"\nenabled = false\n'), encoding="utf-8"
    )
    assert main(["--stream", str(stream), "--rules", str(rules)]) == 0
    assert "any-p0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "end of data"),
        ("[]", "not a JSON object"),
        ('{"kind": "evnt", "time": 1}', "'evnt' is no kind"),
        ('{"kind": "probe", "tiem": 1}', "tiem is no key of probe"),
        ('{"kind": "event", "time": 1}', "'issue' is missing"),
    ],
)
def test_a_line_that_says_nothing_is_named(
    line: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StreamError, match=re.escape(why)):
        list(read_stream(["", line]))
    file = tmp_path / "broken.jsonl"
    file.write_text(f"\n{line}\n", encoding="utf-8")
    assert main(["--stream", str(file)]) == 2
    assert "Line 2: " in capsys.readouterr().err


def test_the_page_has_every_kind_and_key() -> None:
    for word in {EVENT, *KINDS, *COMMON_KEYS, *EVENT_KEYS, *MEASUREMENT_KEYS}:
        assert f"`{word}`" in PAGE, word
