"""`script/check` reads both sites, and shows what it finds."""

import sys

import pytest

from stack import checks
from stack.checks import Check, environment, main, templates


def test_django_and_mypy_are_asked_once_for_each_site() -> None:
    names = [check.name for check in checks.checks()]
    assert len(names) == len(set(names))
    for name in ("mypy", "settings", "migrations"):
        assert {name, f"{name}, monitor"} <= set(names)


def test_the_templates_of_both_sites_are_read() -> None:
    folders = {name.partition("/")[0] for name in templates()}
    assert {"templates", "core", "experiments", "monitor"} <= folders
    assert not folders & {"tests", "var", ".venv", "staticfiles"}


def test_what_is_set_on_this_machine_for_running_servers_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/else")
    monkeypatch.setenv("MONITOR_KEYS_FILE", "/somewhere/else")
    found = environment("/scratch")
    assert not {"DATABASE_URL", "MONITOR_KEYS_FILE"} & found.keys()
    assert found["MONITOR_DATA_DIR"] == "/scratch"


def test_one_check_runs_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategy"]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("ok     strategy ")
    assert last.startswith("All in order, ")


def test_a_name_of_no_check_is_answered_with_all_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no such check"]) == 2
    assert "mypy; mypy, monitor; lint-imports" in capsys.readouterr().err


def test_what_fails_is_shown_and_named_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two = [
        Check("one", (sys.executable, "-c", "raise SystemExit('found something')")),
        Check("two", (sys.executable, "-c", "")),
    ]
    monkeypatch.setattr(checks, "checks", lambda: iter(two))
    assert main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAILED one")
    assert lines[1] == "found something"
    assert lines[2].startswith("ok     two")
    assert lines[3].startswith("1 of 2 failed: one, ")
