import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from stack.folder import Folder
from stack.processes import Child, end_leftovers, record, wait_until

# Says its child's pid, then waits; both ignore SIGTERM when told to.
PARENT = """
import signal, subprocess, sys, time
if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def started(folder: Folder, *arguments: str) -> tuple[Child, psutil.Process]:
    """A parent and its child, in one group."""
    log = folder.log / "parent.log"
    child = Child("parent", [sys.executable, "-c", PARENT, *arguments], run=folder.run, log=log)
    wait_until(lambda: log.read_text().endswith("\n"), child, timeout_s=20, what="the parent")
    return child, psutil.Process(int(log.read_text()))


def test_what_a_killed_run_left_is_ended_by_the_next_one(folder: Folder) -> None:
    parent, grandchild = started(folder)
    assert end_leftovers(folder.run) == ["parent"]
    parent.wait()
    assert not psutil.pid_exists(parent.pid)
    assert not grandchild.is_running()
    assert list(folder.run.iterdir()) == []


def test_a_group_whose_leader_was_killed_is_ended_too(folder: Folder) -> None:
    parent, grandchild = started(folder)
    psutil.Process(parent.pid).kill()
    parent.wait()
    assert end_leftovers(folder.run) == ["parent"]
    assert not grandchild.is_running()


def test_a_stranger_who_got_the_same_pid_is_left_alone(folder: Folder) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        record(folder.run, "web", stranger.pid)
        file = folder.run / "web.json"
        entry = json.loads(file.read_text())
        file.write_text(json.dumps({**entry, "started": entry["started"] - 60}))
        assert end_leftovers(folder.run) == []
        assert stranger.poll() is None
        stranger.communicate(b"\n")
        assert stranger.returncode == 0
    assert not file.exists()


def test_a_record_cut_short_by_a_kill_stops_nobody(folder: Folder) -> None:
    (folder.run / "web.json").write_text('{"pid": ')
    assert end_leftovers(folder.run) == []
    assert list(folder.run.iterdir()) == []


def test_a_process_that_does_not_want_to_stop_is_killed_with_its_group(folder: Folder) -> None:
    parent, grandchild = started(folder, "deaf")
    parent.stop(patience_s=0.2)
    assert parent.poll() == -signal.SIGKILL
    psutil.wait_procs([grandchild], timeout=10)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE
    assert list(folder.run.iterdir()) == []


def test_the_supervisor_ends_its_processes_when_the_stack_is_gone(folder: Folder, tmp_path: Path) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text(
        "web: exec sleep 600\nworker: trap 'echo bye; kill $!; exit 0' TERM; sleep 600 & wait\n"
    )
    log = folder.log / "supervisor.log"
    command = [sys.executable, "-m", "stack.supervisor", str(folder.run), str(procfile)]
    supervisor = Child("supervisor", command, run=folder.run, log=log, stdin=subprocess.PIPE)
    wait_until(lambda: log.read_text().count("started") == 2, supervisor, timeout_s=20, what="the supervisor")
    names = {"web", "worker"}
    processes = [
        psutil.Process(json.loads((folder.run / f"{name}.json").read_text())["pid"]) for name in names
    ]
    supervisor.stdin.close()  # as the kernel does when the stack is killed
    supervisor.wait()
    assert not any(process.is_running() for process in processes)
    assert "bye" in log.read_text()
    assert {file.stem for file in folder.run.iterdir()} == {"supervisor"}
