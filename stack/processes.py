"""Child processes that never outlive their purpose: each is recorded, ended with its whole group, and found again
by the next start when this one was killed."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from stack.errors import StackError

# psutil rounds a process's start to the clock tick; a process that took over the pid started seconds later.
SAME_START_S = 0.5


def record(run: Path, name: str, pid: int) -> None:
    """Note a started process, so that a later start can tell it from a stranger with the same pid."""
    with contextlib.suppress(psutil.NoSuchProcess):
        entry = {"pid": pid, "started": psutil.Process(pid).create_time()}
        partial = run / f".{name}.{pid}"
        partial.write_text(json.dumps(entry))
        partial.replace(run / f"{name}.json")


def forget(run: Path, name: str) -> None:
    (run / f"{name}.json").unlink(missing_ok=True)


def end_leftovers(run: Path) -> list[str]:
    """End what a killed earlier run left; returns the names of what was still alive."""
    ended = []
    for file in sorted(run.glob("*.json")):
        with contextlib.suppress(
            ValueError, KeyError, TypeError
        ):  # a record cut short by the kill names nobody
            entry = json.loads(file.read_text())
            if members := list(group_of(int(entry["pid"]), float(entry["started"]))):
                end(members)
                ended.append(file.stem)
        file.unlink(missing_ok=True)
    return ended


def group_of(leader: int, started: float) -> Iterator[psutil.Process]:
    """The recorded leader and its process group, unless the pid belongs to somebody else by now."""
    with contextlib.suppress(psutil.Error):
        if abs(psutil.Process(leader).create_time() - started) > SAME_START_S:
            return
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            belongs = process.pid == leader or os.getpgid(process.pid) == leader
            if belongs and process.create_time() >= started - SAME_START_S:
                yield process


def end(processes: Sequence[psutil.Process], patience_s: float = 5) -> None:
    """Ask, wait, then kill. SIGINT is PostgreSQL's quick clean shutdown; everything else of ours takes SIGTERM."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=patience_s)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=patience_s)


class Child:
    """A process in a session of its own: Ctrl-C at the terminal reaches the stack alone, which stops it in order."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        run: Path,
        log: Path | None,
        env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        self.name, self._run, self.log = name, run, log
        output = log.open("wb") if log else None
        try:
            self._popen = subprocess.Popen(
                command,
                env=env,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                **{"stdin": subprocess.DEVNULL, **options},
            )
        except OSError as error:
            raise StackError(f"{name} cannot be started: {command[0]}: {error.strerror}.") from error
        finally:
            if output:
                output.close()
        record(run, name, self.pid)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def stdin(self) -> Any:
        return self._popen.stdin

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._popen.poll()

    def wait(self) -> int:
        return self._popen.wait()

    def log_tail(self, lines: int = 20) -> str:
        """The end of its log, for the message about its failure. Long lines are cut: the whole is in the log."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(line[:300] for line in self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, first: signal.Signals = signal.SIGTERM, patience_s: float = 20) -> None:
        """Ask the leader, wait, then kill whatever is left of its group."""
        if self.poll() is None:
            self._popen.send_signal(first)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(patience_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        if self._popen.stdin is not None:
            self._popen.stdin.close()
        forget(self._run, self.name)


def wait_until(ready: Any, child: Child, *, timeout_s: float, what: str) -> None:
    """Poll `ready` until it holds. Raises StackError when the child ends or the time is over."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if (code := child.poll()) is not None:
            raise StackError(
                f"{what} ended with code {code} while starting. Its last words:\n{child.log_tail()}"
            )
        if time.monotonic() > deadline:
            raise StackError(f"{what} was not ready after {timeout_s:.0f} s. Its log: {child.log}")
        time.sleep(0.05)
