"""`script/demo`: all of HydroML on this machine, on 127.0.0.1, until Ctrl-C."""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from honcho.environ import parse as parse_env

from stack.application import Application, Logins, application, environment, prepare, wait_until_ready
from stack.drilling import drillable
from stack.errors import StackError
from stack.folder import ROOT, Folder, hold
from stack.interrupts import stop_on_signals
from stack.ports import HOST, parse_port, require_free
from stack.services import started_services

DEFAULT_PORT = "8000"
DEFAULT_MONITOR_PORT = "8001"


def main(arguments: list[str]) -> int:
    """The exit code: 0 when stopped by the user or checked well, 1 with a sentence otherwise."""
    options = parse(arguments)
    stop_on_signals()
    try:
        if options.check:
            from stack.walk import check, check_at  # its imports would slow down every start

            return check_at(options.at, options.monitor_at) if options.at else check(inherited())
        return run(Folder(options.data.resolve()), inherited(), show_output=options.logs)
    except StackError as error:
        print(f"script/demo: {error}", file=sys.stderr)
        return 1


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="start with throw-away data, use it as a browser would, stop"
    )
    parser.add_argument("--at", metavar="ADDRESS", help="with --check: use what runs there, start nothing")
    parser.add_argument(
        "--monitor-at",
        metavar="ADDRESS",
        default=f"http://{HOST}:{DEFAULT_MONITOR_PORT}",
        help="with --at: where its monitor is (%(default)s)",
    )
    parser.add_argument(
        "--data", type=Path, default=ROOT / "var", metavar="FOLDER", help="where data is kept (var/)"
    )
    parser.add_argument(
        "--logs", action="store_true", help="show the processes' logs here, not in FOLDER/log/demo.log"
    )
    return parser.parse_args(arguments)


def inherited() -> dict[str, str]:
    """The environment, on top of a .env file."""
    file = ROOT / ".env"
    return {**(parse_env(file.read_text()) if file.exists() else {}), **os.environ}


def run(folder: Folder, given: Mapping[str, str], *, show_output: bool) -> int:
    """Start, say where it is, wait for the end, stop."""
    port = parse_port(given.get("PORT") or DEFAULT_PORT, variable="PORT")
    monitor_port = parse_port(given.get("MONITOR_PORT") or DEFAULT_MONITOR_PORT, variable="MONITOR_PORT")
    steps = Steps()
    ready = False
    try:
        with hold(
            folder, f"at http://{HOST}:{port}/. Stop that one (Ctrl-C there, or kill its pid), or use it."
        ):
            require_free(port, variable="PORT", command="script/demo")
            require_free(monitor_port, variable="MONITOR_PORT", command="script/demo")
            with started_services(folder, throwaway=False, given=services_in(given)) as services:
                steps.done("PostgreSQL and Valkey")
                env = environment(folder, services.addresses, given, port, monitor_port)
                logins = prepare(env)
                steps.done("databases and demo world")
                with (
                    application(folder, env, show_output=show_output) as running,
                    drillable(folder, env, services, running),
                ):
                    wait_until_ready(running, env, steps.done)
                    ready = True
                    print(welcome(running, logins, folder, steps.seconds), flush=True)
                    code = running.supervisor.wait()
                    raise StackError(
                        f"A process ended by itself (code {code}):\n{running.supervisor.log_tail()}"
                    )
    except SystemExit:
        print("Stopped." if ready else "Stopped before it was ready.", flush=True)
        if ready:
            return 0
        raise


def services_in(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}


class Steps:
    """Prints what is done, with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def done(self, what: str) -> None:
        print(f"  {self.seconds:5.1f} s  {what}", flush=True)


def welcome(running: Application, logins: Logins, folder: Folder, seconds: float) -> str:
    lines = [
        "",
        f"HydroML is ready after {seconds:.0f} s:  {running.address}",
        *(f"  {line.strip()}" for line in logins.application.strip().splitlines()),
        "",
        f"Break it on purpose:       {running.address}test-sentry-error/",
        "All of it, and followed:   .venv/bin/python manage.py firedrill",
        f"See what its monitor says: {running.monitor_address}",
        *(f"  {line.strip()}" for line in logins.monitor.strip().splitlines()),
        "",
    ]
    if running.supervisor.log:
        lines.append(f"Logs: {running.supervisor.log}")
    lines.append(f"Data: {folder.path} (kept for the next start). Ctrl-C stops everything.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
