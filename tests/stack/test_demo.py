import os
import socket
import subprocess
import sys

import pytest

from stack.folder import Folder, hold
from stack.ports import HOST, free_port


def demo(folder: Folder, **variables: str) -> subprocess.CompletedProcess[str]:
    """`script/demo` without its installation."""
    return subprocess.run(
        [sys.executable, "-m", "stack.demo", "--data", str(folder.path)],
        env=os.environ | {"PORT": str(free_port())} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_port_in_use_stops_it_before_anything_is_started(folder: Folder) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        answer = demo(folder, PORT=str(port))
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"script/demo: Port {port} is in use by")
    assert "PORT=" in answer.stderr
    assert not (folder.path / "postgres").exists()


def test_a_second_one_says_where_the_first_one_is(folder: Folder) -> None:
    with hold(folder, "at http://127.0.0.1:8000/. Stop that one"):
        answer = demo(folder)
    assert answer.returncode == 1
    assert f"pid {os.getpid()}, at http://127.0.0.1:8000/" in answer.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "http"}, "PORT='http' is not a port"),
        (
            {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c"},
            "The database that DATABASE_URL names does not answer",
        ),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "The Redis that REDIS_URL names does not answer"),
    ],
)
def test_a_wrong_variable_is_told_in_a_sentence_without_a_traceback(
    folder: Folder, variables: dict[str, str], sentence: str
) -> None:
    answer = demo(folder, **variables)
    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_second_interrupt_does_not_break_the_stopping() -> None:
    program = (
        "import os, signal\n"
        "from stack.interrupts import stop_on_signals\n"
        "stop_on_signals()\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "finally:\n    os.kill(os.getpid(), signal.SIGTERM); print('tidied')\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.returncode) == ("tidied\n", 130)
