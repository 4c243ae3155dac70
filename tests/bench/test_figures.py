"""All benches give their figures in one form, and `script/bench` offers the benches only."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.figures import Figure, at_least, at_most, exactly, missed, show, show_missed, under, write
from stack.folder import ROOT


@pytest.mark.parametrize(
    ("figure", "goal", "met"),
    [
        (at_most("CPU", 1.5, "ms", 1.5), "at most 1.5", True),
        (at_most("CPU", 1.5001, "ms", 1.5), "at most 1.5", False),
        (under("p95", 59.9, "ms", 60), "under 60", True),
        (under("p95", 60, "ms", 60.0), "under 60", False),
        (at_least("stored", 1_000_000, "1/s", 1_000_000), "at least 1000000", True),
        (at_least("stored", 999_999, "1/s", 1_000_000), "at least 1000000", False),
        (exactly("told twice", 0, "", 0), "exactly 0", True),
        (exactly("told twice", 1, "", 0), "exactly 0", False),
        (Figure("requests", 7, ""), None, None),
    ],
)
def test_a_goal_is_said_in_words_and_held_to(figure: Figure, goal: str | None, met: bool | None) -> None:
    assert (figure.goal, figure.met) == (goal, met)
    assert missed([figure]) == ([figure] if met is False else [])


def test_a_value_is_rounded_after_it_has_been_held_to_its_goal(tmp_path: Path) -> None:
    write([at_most("CPU", 1.50001, "µs", 1.5), Figure("requests", 7, "")], tmp_path / "figures.json")
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8")) == [
        {"figure": "CPU", "value": 1.5, "unit": "µs", "goal": "at most 1.5", "met": False},
        {"figure": "requests", "value": 7, "unit": "", "goal": None, "met": None},
    ]


def test_each_line_says_whether_the_goal_is_met(capsys: pytest.CaptureFixture[str]) -> None:
    show([at_most("CPU", 1.2345, "ms", 1.5), under("p95", 61, "ms", 60), Figure("requests", 1_000, "")])
    met, not_met, without = capsys.readouterr().out.splitlines()
    assert met.split(maxsplit=1) == ["CPU", "1.234 ms   goal: at most 1.5, met"]
    assert not_met.endswith(" 61 ms   goal: under 60, MISSED")
    assert without.endswith(" 1,000")


def test_what_is_missed_is_shown_with_the_number_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    show_missed([under("first", 50, "ms", 60), under("second", 70, "ms", 60), Figure("requests", 7, "")])
    line, count = capsys.readouterr().out.splitlines()
    assert line.startswith("second ")
    assert count == "2 of 3 figures have no goal or meet it. Goals: under 60."


def test_what_script_bench_offers_writes_its_figures_in_this_form() -> None:
    done = subprocess.run(
        [sys.executable, "script/bench"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    names = done.stderr.strip().partition("NAME is one of: ")[2].split(", ")
    assert {"grouping", "load", "monitor_seed", "spool"} <= set(names)
    assert not {"figures", "receiver", "spool_application", "visitors"} & set(names)
    for name in names:
        assert "from bench.figures import" in (ROOT / "bench" / f"{name}.py").read_text(encoding="utf-8")
