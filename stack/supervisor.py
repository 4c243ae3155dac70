"""Runs the Procfile's processes under honcho, as a process of its own that ends them when the stack goes away.

Wishes come as lines of JSON on its standard input (stack.steering writes them): {"stop": "beat"}, {"start": "beat"},
{"start": "web-bad", "as": "web", "env": {…}}. What was stopped on purpose takes nobody else along, and what was killed
(`kill -9`, the out-of-memory killer) is started again; what ends by itself ends all.
"""

import contextlib
import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
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
# Killed twice within this time, a process is not started a third time: whatever kills it would go on.
KILLED_AGAIN_S = 5


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
        self._commands: dict[str, str] = {}
        self._wishes: queue.Queue[dict[str, Any]] = queue.Queue()

    def run_procfile(self, commands: Mapping[str, str]) -> None:
        """All of them, until one ends by itself or the stack goes away."""
        self._commands = dict(commands)
        for name, command in commands.items():
            self.add_process(name, command)
        self.loop()

    def wish(self, line: str) -> None:
        """From the thread that reads; done at the next turn of the loop. What is no wish is not one."""
        with contextlib.suppress(ValueError):
            if isinstance(wish := json.loads(line), dict):
                self._wishes.put(wish)

    def _all_started(self) -> bool:
        # Asked at each turn of honcho's loop.
        started = bool(super()._all_started())
        if started and not self._terminating:
            with contextlib.suppress(queue.Empty):
                self._fulfil(self._wishes.get_nowait())
        return started and bool(super()._all_started())

    def _fulfil(self, wish: Mapping[str, Any]) -> None:
        """A name that is unknown, stops what is stopped or starts what runs is passed over."""
        process = self._processes.get(str(wish.get("stop")))
        if process is not None and "returncode" not in process:
            process["rests"] = True
            self._procmgr.terminate(process["pid"])
        name = str(wish.get("start"))
        command = self._commands.get(str(wish.get("as") or name))
        if command is not None and (name not in self._processes or self._is_at_rest(name)):
            self._processes.pop(name, None)
            self.add_process(name, command, env=os.environ | wish.get("env", {}))
            self._launch(name)

    def _is_at_rest(self, name: str) -> bool:
        """It was stopped on purpose, and has ended."""
        return self._processes[name].keys() >= {"rests", "returncode"}

    def _launch(self, name: str) -> None:
        process = self._processes[name]
        process["process"] = multiprocessing.Process(
            name=name, target=process["obj"].run, args=(self.events, True)
        )
        process["process"].start()

    def _start_killed(self) -> None:
        for name, process in self._processes.items():
            if process.get("returncode") != -signal.SIGKILL or "rests" in process:
                continue
            if time.monotonic() - process.get("killed", -KILLED_AGAIN_S) < KILLED_AGAIN_S:
                continue
            self._system_print(f"{name} was killed; it is started again\n")
            process["killed"] = time.monotonic()
            del process["returncode"], process["pid"]
            self._launch(name)

    def _any_stopped(self) -> bool:
        if not self._terminating:
            self._start_killed()
        if any("returncode" in process and "rests" not in process for process in self._processes.values()):
            return True
        if not self._terminating:
            self.returncode = None  # honcho takes the first end of all for the reason of the whole
        return False

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
        # After the forks: they copy no threads.
        threading.Thread(target=listen, args=(self.wish,), daemon=True).start()


def listen(wish: Callable[[str], None]) -> None:
    """Hand on each line; stop at the end of input. Never sys.stdin: its lock would be held when the interpreter ends."""
    rest = b""
    while read := os.read(sys.stdin.fileno(), 65_536):
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            wish(line.decode(errors="replace"))
    os.kill(os.getpid(), signal.SIGTERM)


def main(run_folder: str, procfile: str) -> int:
    """Run the Procfile's processes until one of them, or the stack, ends."""
    supervisor = Supervisor(Path(run_folder))
    supervisor.run_procfile(parse_procfile(Path(procfile).read_text()).processes)
    return int(supervisor.returncode or 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
