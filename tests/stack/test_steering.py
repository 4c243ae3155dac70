"""What runs is stopped and started on purpose, by name, without taking the others along."""

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack.control import control_socket
from stack.errors import StackError
from stack.folder import Folder
from stack.processes import Child, wait_until
from stack.steering import Steering

PROCFILE = """
web: exec sh -c 'echo "web says ${WORD:-nothing}, ${SENTRY_RELEASE:-no release}, ${PORT:-no port}"; exec sleep 600'
beat: if [ -n "$DEAF" ]; then trap '' TERM; fi; exec sleep 600
"""


@pytest.fixture
def steering(folder: Folder, tmp_path: Path) -> Iterator[Steering]:
    (tmp_path / "Procfile").write_text(PROCFILE)
    log = folder.log / "supervisor.log"
    command = [sys.executable, "-m", "stack.supervisor", str(folder.run), str(tmp_path / "Procfile")]
    supervisor = Child("supervisor", command, run=folder.run, log=log, stdin=subprocess.PIPE)
    wait_until(lambda: log.read_text().count("started") == 2, supervisor, timeout_s=20, what="the supervisor")
    yield Steering({}, supervisor, folder.run)
    supervisor.stop()


def process(folder: Folder, name: str) -> psutil.Process:
    return psutil.Process(json.loads((folder.run / f"{name}.json").read_text())["pid"])


def test_one_process_is_stopped_and_started_and_the_others_go_on(steering: Steering, folder: Folder) -> None:
    web, beat = process(folder, "web"), process(folder, "beat")
    steering.stop("web")
    assert not web.is_running()
    steering.stop("web")  # twice does no harm
    assert beat.is_running()
    steering.start("web", {"WORD": "hello"})
    again = process(folder, "web")
    assert again.is_running()
    assert again.pid != web.pid
    assert again.environ()["WORD"] == "hello"
    steering.stop("web")
    steering.start("web")
    assert "WORD" not in process(folder, "web").environ()
    assert beat.is_running()


def test_what_does_not_listen_is_killed(
    steering: Steering, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.steering.STOPPED_WITHIN_S", 0.5)
    steering.stop("beat")
    steering.start("beat", {"DEAF": "1"})
    beat = process(folder, "beat")
    steering.stop("beat")
    assert not beat.is_running()
    assert process(folder, "web").is_running()


def test_another_release_runs_beside_the_first_and_is_withdrawn(steering: Steering, folder: Folder) -> None:
    address = steering.deploy("shop@2.0.0")
    other = process(folder, "web-other-release")
    assert other.environ()["SENTRY_RELEASE"] == "shop@2.0.0"
    assert address.endswith(f":{other.environ()['PORT']}")
    steering.withdraw()
    assert not other.is_running()
    assert process(folder, "web").is_running()


def test_what_is_not_there_is_named(steering: Steering) -> None:
    assert "postgres" not in steering.names
    with pytest.raises(StackError, match="no 'postgres' to stop here; there is weather"):
        steering.stop("postgres")


def test_a_process_that_ends_by_itself_still_ends_all(steering: Steering, folder: Folder) -> None:
    steering.stop("beat")
    web = process(folder, "web")
    web.terminate()
    psutil.wait_procs([web], timeout=10)
    wait_until(lambda: True, steering._supervisor, timeout_s=5, what="it")
    assert steering._supervisor.wait() != 0


def test_a_process_that_is_killed_is_started_again(steering: Steering, folder: Folder) -> None:
    web, beat = process(folder, "web"), process(folder, "beat")
    web.kill()

    def another() -> bool:
        return (folder.run / "web.json").exists() and process(folder, "web").pid != web.pid

    wait_until(another, steering._supervisor, timeout_s=10, what="another web")
    assert beat.is_running()
    process(folder, "web").kill()  # at once again: something would go on killing it
    assert steering._supervisor.wait() != 0


def test_the_socket_is_its_users_alone_and_answers_in_lines(steering: Steering, folder: Folder) -> None:
    with control_socket(folder.run / "c.sock", steering) as path:
        assert path is not None
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            stream = line.makefile("rw")

            def ask(text: str) -> dict[str, object]:
                stream.write(f"{text}\n")
                stream.flush()
                found: dict[str, object] = json.loads(stream.readline())
                return found

            assert "beat" in str(ask('{"do": "list"}')["names"])
            assert ask('{"do": "stop", "what": "web"}') == {"ok": True}
            assert not (folder.run / "web.json").exists()
            assert ask('{"do": "start", "what": "web"}') == {"ok": True}
            assert "is not done here" in str(ask('{"do": "burn"}')["why"])
            assert ask("nonsense")["ok"] is False
            stream.close()
    assert not path.exists()


def test_a_path_that_is_too_long_for_a_socket_gives_none(steering: Steering, tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    with control_socket(deep / "control.sock", steering) as path:
        assert path is None
    assert list(deep.iterdir()) == []
