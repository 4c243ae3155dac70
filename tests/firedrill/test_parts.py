"""What the drill judges by: expectations from the strategy, canaries, figures, where it is held."""

from __future__ import annotations

import io
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.firedrill.choosing import all_drills, chosen
from core.firedrill.control import CommandControl, ControlError, SocketControl
from core.firedrill.drills.rehearsals import Rehearsals
from core.firedrill.expectations import Cause, is_grouped_so, rules_that_fire
from core.firedrill.following import handled_flag, places_of
from core.firedrill.front_door import Answer
from core.firedrill.lines import Line, Verdict, figures, judged, left_out
from core.firedrill.quiet import is_quiet
from core.firedrill.report import has_passed, report
from core.firedrill.table import Table
from core.firedrill.target import KEYS, TargetError, find_target, sentry_target
from core.lab.catalogue import CASES
from stack.folder import ROOT
from strategy import Strategy, load_strategy
from strategy.loader import DEFAULT_PATH

VIENNA_SUNDAY_NOON = 1_795_950_000.0  # 2026-11-29T11:00:00Z


@pytest.fixture(scope="module")
def strategy() -> Strategy:
    return load_strategy(env={})


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *KEYS.values(),
        "FIREDRILL_FILE",
        "SENTRY_URL",
        "SENTRY_ORG",
        "SENTRY_PROJECT",
        "SENTRY_AUTH_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("cause", "rules"),
    [
        (Cause("database", "P0"), {"database"}),
        (Cause("security", "P0"), {"security"}),
        (Cause("resources", "P1"), {"configuration"}),
        (Cause("programming", "P2"), set()),
        (Cause("programming", "P2", 10), set()),
        (Cause("programming", "P2", 11), {"errors-over-10-a-minute"}),
        (Cause("cache", "P1", 10), {"critical-errors", "cache"}),
        (Cause("data_processing", "P1", 5), {"content"}),
    ],
)
def test_the_rules_that_must_fire_are_those_that_the_cause_alone_makes_hold(
    strategy: Strategy, cause: Cause, rules: set[str]
) -> None:
    assert {rule.id for rule in rules_that_fire(strategy, cause)} == rules


def test_groups_are_told_apart(strategy: Strategy) -> None:
    outage = ["dependency-outage", "postgresql", "unreachable"]
    assert is_grouped_so(outage, strategy, "postgresql-outage", "database")
    assert not is_grouped_so(outage, strategy, "stack", "database")
    assert not is_grouped_so(None, strategy, "postgresql-outage", "database")
    assert is_grouped_so(None, strategy, "stack", "programming")
    assert is_grouped_so(["{{ default }}"], strategy, "stack", "programming")
    assert is_grouped_so(["celery", "WorkerLostError", "x"], strategy, "task", "queue")


def test_the_catalogue_names_groups_and_categories_of_the_strategy(strategy: Strategy) -> None:
    groups = {"stack", "category", "task", *(rule.id for rule in strategy.fingerprints)}
    assert {case.group for case in CASES} <= groups
    for case in CASES:
        if case.events:
            assert case.category in strategy.categories
            assert case.severity == strategy.categories[case.category].severity


def test_a_canary_is_found_wherever_it_stands_and_in_any_case() -> None:
    kept = {
        "message": "nothing",
        "frames": [{"vars": {"password": "[Filtered]"}}, {"vars": {"note": "AKIAK1234ABCDV"}}],
        "k1234abcdv": 1,
        "size": 12,
    }
    assert places_of("k1234abcdv", kept) == ["frames[1].vars.note", ".k1234abcdv"]
    assert places_of("k99999999v", kept) == []


def test_the_handled_flag_is_that_of_the_exception_raised_last() -> None:
    def event(*flags: bool | None) -> dict[str, object]:
        values = [{"mechanism": None if flag is None else {"handled": flag}} for flag in flags]
        return {
            "entries": [{"type": "request", "data": {}}, {"type": "exception", "data": {"values": values}}]
        }

    assert handled_flag(event(True, False)) is False
    assert handled_flag(event(False, True)) is True
    assert handled_flag(event(None)) is None
    assert handled_flag({"entries": []}) is None


def test_quiet_hours_are_those_of_the_strategy(strategy: Strategy) -> None:
    monday_noon, monday_night = 1_796_036_400.0, 1_796_072_400.0
    assert is_quiet(strategy, VIENNA_SUNDAY_NOON)
    assert not is_quiet(strategy, monday_noon)
    assert is_quiet(strategy, monday_night)


def answer(text: str, **headers: str) -> Answer:
    return Answer(500, text, headers, "drill-1-0001", "k", 0.0, 0.1)


def test_an_error_id_counts_only_when_the_visitor_sees_it() -> None:
    said = {"x-error-id": "H7KQ-2M4X"}
    assert answer("<code>H7KQ-2M4X</code>", **said).error_id == "H7KQ-2M4X"
    assert answer("<code></code>", **said).error_id == ""
    assert answer("H7KQ-2M4X").error_id == ""


def test_the_form_is_read_as_a_browser_reads_it() -> None:
    page = '<form data-feedback><input type="hidden" name="token" value="a&amp;b"></form>'
    assert answer(page).feedback_form == {"token": "a&b"}
    assert answer(page.replace("data-feedback", "")).feedback_form == {}


def lines() -> Iterator[Line]:
    for number in range(1, 21):
        yield judged("a", "stored", "x", "x", True, number / 10)
    yield judged("a", "stored", "x", "none", False, 99.0)
    yield judged("a", "alert database", "x", "x", True, 3.0)
    yield judged("a", "category", "x", "x", True)


def test_figures_are_nearest_ranks_of_what_was_right() -> None:
    stored, alert = figures(lines())
    assert (stored.what, stored.measured, stored.p50, stored.p95, stored.longest) == (
        "raise → stored",
        20,
        1.0,
        1.9,
        2.0,
    )
    assert (alert.what, alert.p95) == ("raise → alert", 3.0)


def test_a_drill_that_learned_nothing_has_not_passed() -> None:
    right, nothing = judged("a", "b", "c", "c", True), left_out("a", "b", "c", "why")
    assert has_passed([right, nothing])
    assert not has_passed([nothing])
    assert not has_passed([])
    assert not has_passed([right, judged("a", "b", "c", "d", False)])


def test_the_report_says_all_of_it() -> None:
    found = report(list(lines()), run="r", where="w", began_at=0.0, seconds=1.0)
    assert found["passed"] is False
    assert found["counts"] == {"ok": 22, "WRONG": 1, "left out": 0, "rehearsed": 0}
    assert json.loads(json.dumps(found))["lines"][20]["verdict"] == "WRONG"


def test_the_table_names_what_is_wrong_at_its_end() -> None:
    out = io.StringIO()
    table = Table(out, progress=io.StringIO())
    table.head("here", 2)
    table.say("waiting")
    table.drill(1, 2, "division", "Divides by zero.")
    wrong = judged("division", "page", "500", "200", False, 1.25)
    table.line(wrong)
    table.end([wrong], [], 3.0)
    text = out.getvalue()
    assert "[ 1/2] division: Divides by zero." in text
    assert "WRONG  division: page: expected 500; seen 200" in text
    assert "waiting" not in text


def test_the_demos_file_says_where_and_options_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("sntryu_x\n")
    file = tmp_path / "firedrill.json"
    file.write_text(
        json.dumps({"application": "http://a/", "monitor": "http://m", "token_file": str(tmp_path / "token")})
    )
    found = find_target({}, file)
    assert (found.application, found.monitor, found.token, found.project) == (
        "http://a",
        "http://m",
        "sntryu_x",
        "hydroml",
    )
    monkeypatch.setenv("FIREDRILL_MONITOR", "http://env")
    assert find_target({}, file).monitor == "http://env"
    assert find_target({"monitor": "http://option"}, file).monitor == "http://option"


def test_what_is_missing_is_said_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetError, match="FIREDRILL_TOKEN"):
        find_target({}, tmp_path / "none.json")
    monkeypatch.setenv("FIREDRILL_FILE", str(tmp_path / "gone.json"))
    with pytest.raises(TargetError, match="FIREDRILL_FILE names"):
        find_target({}, tmp_path / "none.json")
    with pytest.raises(TargetError, match="SENTRY_ORG, SENTRY_PROJECT, SENTRY_AUTH_TOKEN"):
        sentry_target({}, "https://k@o1.ingest.de.sentry.io/5")


@pytest.mark.parametrize(
    ("dsn", "address"),
    [
        ("https://k@o1.ingest.de.sentry.io/5", "https://de.sentry.io"),
        ("https://k@o1.ingest.sentry.io/5", "https://sentry.io"),
        ("http://k@127.0.0.1:9000/5", "http://127.0.0.1:9000"),
    ],
)
def test_the_web_api_is_where_the_dsn_leads(dsn: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SENTRY_ORG", "SENTRY_PROJECT", "SENTRY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "x")
    assert sentry_target({}, dsn).monitor == address


def test_drills_are_chosen_by_pattern() -> None:
    drills = all_drills()
    assert {drill.name for drill in chosen(drills, ["task*"])} == {
        "task",
        "task-gives-up",
        "task-timeout",
        "task-killed",
    }
    assert len(chosen(drills, [])) == len(drills) == len({drill.name for drill in drills})
    assert "weather" in {drill.name for drill in drills}
    with pytest.raises(LookupError, match="no drill 'nothing'"):
        chosen(drills, ["nothing"])


def test_commands_get_the_services_name(tmp_path: Path) -> None:
    write = f"{sys.executable} -c \"open('{tmp_path}/{{service}}', 'w')\""
    CommandControl(write, "false").stop("redis")
    assert (tmp_path / "redis").exists()
    with pytest.raises(ControlError, match="false"):
        CommandControl(write, "false").start("redis")


def test_a_release_is_deployed_and_withdrawn_by_commands(tmp_path: Path) -> None:
    """What a drill left that was killed does not stand in the way of the next."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "left-over").touch()
    write = f"{sys.executable} -c \"open('{out}/{{release}}', 'x')\""
    clear = (
        f"{sys.executable} -c \"import pathlib; [each.unlink() for each in pathlib.Path('{out}').iterdir()]\""
    )
    control = CommandControl("true", "true", deploy=write, withdraw=clear, address="http://other")
    assert control.can_deploy
    assert control.deploy("a@1") == "http://other"
    assert [each.name for each in out.iterdir()] == ["a@1"]
    control.withdraw()
    assert not list(out.iterdir())


def test_a_deploy_that_fails_is_cleared_away_once(tmp_path: Path) -> None:
    note = f"{sys.executable} -c \"open('{tmp_path}/note', 'a').write('.')\""
    control = CommandControl("true", "true", deploy="false", withdraw=note, address="http://other")
    with pytest.raises(ControlError, match="false"):
        control.deploy("a@1")
    control.withdraw()
    assert (tmp_path / "note").read_text() == "..", "before the deploy, and after it failed"


def test_without_a_command_for_it_no_release_is_deployed() -> None:
    control = CommandControl("true", "true", deploy="true", withdraw="true")
    assert not control.can_deploy
    with pytest.raises(ControlError, match="FIREDRILL_RELEASE_ADDRESS"):
        control.deploy("a@1")


def test_a_socket_that_refuses_says_why(tmp_path: Path) -> None:
    path = os.path.relpath(tmp_path / "s")  # a socket's address is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def serve() -> None:
            for reply in ('{"ok": true, "names": ["redis"]}', '{"ok": false, "why": "There is no x."}'):
                with server.accept()[0] as line:
                    line.makefile().readline()
                    line.sendall(reply.encode() + b"\n")

        thread = threading.Thread(target=serve)
        thread.start()
        control = SocketControl(path)
        assert control.can_stop("redis")
        assert not control.can_stop("x")
        with pytest.raises(ControlError, match=r"stop x: There is no x\."):
            control.stop("x")
        thread.join()
    with pytest.raises(ControlError, match="does not answer"):
        SocketControl(path)


def test_a_verdict_is_a_word_in_json() -> None:
    assert left_out("a", "b", "c", "d").as_json()["verdict"] == Verdict.LEFT_OUT.value


def rehearse(strategy: Strategy) -> dict[str, Line]:
    scene: Any = SimpleNamespace(strategy=strategy)
    return {line.check: line for line in Rehearsals().follow(scene)}


def test_rules_with_long_windows_are_held_against_a_stream(strategy: Strategy) -> None:
    found = rehearse(strategy)
    assert {line.verdict for line in found.values()} == {Verdict.REHEARSED}
    assert found["issue-600-an-hour"].seen == "fires after 3599 s of virtual time"
    in_the_tests = {name for name, line in found.items() if line.seen.startswith("in ")}
    assert in_the_tests == {"latency-growth", "budget-fast", "budget-steady", "budget-slow"}
    assert all((ROOT / found[name].seen.removeprefix("in ")).exists() for name in in_the_tests)


def test_a_rule_that_does_not_fire_in_rehearsal_is_wrong(
    strategy: Strategy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is rehearsed obeys another strategy than the drill expects."""
    text = DEFAULT_PATH.read_text().replace(
        'threshold = 600\nwindow = "1h"', 'threshold = 601\nwindow = "1h"'
    )
    other = tmp_path / "strategy.toml"
    other.write_text(text.replace('id = "content"', 'id = "content"\nenabled = false'))
    monkeypatch.setenv("STRATEGY_FILE", str(other))
    found = rehearse(strategy)
    wrong = {name: line.seen for name, line in found.items() if line.verdict is Verdict.WRONG}
    assert wrong == {"issue-600-an-hour": "does not fire", "content": "does not fire"}
