"""Runs the Procfile's processes under honcho, as a process of its own that ends them when the stack goes away."""

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import honcho.manager
from honcho.environ import parse_procfile
from honcho.printer import Printer
from honcho.process import Process

from stack.processes import forget, record

# How long a worker may go on with its task. What is killed then is taken up again at the next start: its lease ends.
honcho.manager.KILL_WAIT = 10
_LAST = "monitor-"


class RecordedProcess(Process):  # type: ignore[misc]  # honcho has no types
    """Leaves a record, so that the next start finds the process even when the supervisor is killed."""

    run_folder: Path

    def _send_message(self, data: object, type: str = "line") -> None:
        if type == "start":
            record(self.run_folder, self.name, self._child.pid)
        elif type == "stop":
            forget(self.run_folder, self.name)
        super()._send_message(data, type=type)


class LeaderFirst:
    """Asks the leader alone to stop: honcho asks the whole group, and Celery's pool would drop its tasks at once."""

    def terminate(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(pid, signal.SIGTERM)

    def kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


class Supervisor(honcho.manager.Manager):  # type: ignore[misc]
    """honcho's manager; it stops when the stack's end of its standard input closes, however the stack ended."""

    _processes: dict[str, dict[str, Any]]  # honcho's, which has no types

    def __init__(self, run_folder: Path) -> None:
        super().__init__(Printer(sys.stdout, time_format="%H:%M:%S", colour=sys.stdout.isatty()))
        RecordedProcess.run_folder = run_folder
        self._process_ctor = RecordedProcess
        self._procmgr = LeaderFirst()
        self._monitor_waits = False

    def _killall(self, force: bool = False) -> None:
        """The monitor is asked last: what the others tell it while they stop must not wait for a host that is gone."""
        everybody = self._processes
        rest = {} if force else {n: p for n, p in everybody.items() if not n.startswith(_LAST)}
        self._monitor_waits = any("returncode" not in process for process in rest.values())
        self._processes = rest if self._monitor_waits else everybody
        try:
            super()._killall(force)
        finally:
            self._processes = everybody

    def _all_stopped(self) -> bool:
        # Asked at each turn of honcho's loop.
        if self._monitor_waits and all(
            "returncode" in process for name, process in self._processes.items() if not name.startswith(_LAST)
        ):
            self._killall()
        return bool(super()._all_stopped())

    def _start(self) -> None:
        super()._start()
        threading.Thread(
            target=stop_at_end_of_input, daemon=True
        ).start()  # after the forks: they copy no threads


def stop_at_end_of_input() -> None:
    while os.read(
        sys.stdin.fileno(), 1024
    ):  # never sys.stdin: its lock would be held when the interpreter ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(run_folder: str, procfile: str) -> int:
    """Run the Procfile's processes until one of them, or the stack, ends."""
    supervisor = Supervisor(Path(run_folder))
    for name, command in parse_procfile(Path(procfile).read_text()).processes.items():
        supervisor.add_process(name, command)
    supervisor.loop()
    return int(supervisor.returncode or 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
