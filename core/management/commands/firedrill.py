"""`manage.py firedrill`: does what fails, fail as it should, and does everybody hear of it who should?"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.firedrill.choosing import all_drills, chosen
from core.firedrill.control import ControlError, control_of
from core.firedrill.front_door import FrontDoor
from core.firedrill.gate import answers, is_set_up
from core.firedrill.lines import Line, figures
from core.firedrill.monitor_api import MonitorApi, MonitorError
from core.firedrill.own_process import can_hold_here, hold_here
from core.firedrill.report import STANDARD_OUTPUT, has_passed, report, write_report
from core.firedrill.running import hold, new_run
from core.firedrill.scene import Drill, Patience, Scene
from core.firedrill.table import Table
from core.firedrill.target import KEYS, Target, TargetError, find_target, sentry_target
from core.firedrill.watching import Watch
from core.sentry.setup import current_setup
from strategy import StrategyError, load_strategy

_OPTIONS = ("application", "monitor", "organization", "project", "token_file", "control")
_EXPECTED = (LookupError, TargetError, StrategyError, ControlError, MonitorError, httpx.HTTPError)
SENTRY_WITHIN_S, GATE_WITHIN_S = 120.0, 60.0


class Command(BaseCommand):
    help = (
        "Cause each kind of failure in a running system, follow it to whoever is told, and say what is wrong."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        for name in _OPTIONS:
            parser.add_argument(f"--{name.replace('_', '-')}", help=f"else {KEYS[name]}, else the demo's")
        parser.add_argument(
            "--only", action="append", default=[], metavar="NAMES", help="of drills: task*,flood"
        )
        parser.add_argument("--list", action="store_true", help="name the drills and what they do")
        parser.add_argument(
            "--json", type=Path, metavar="FILE", help="write what was found there; - for standard output"
        )
        parser.add_argument(
            "--patience", type=float, default=1.0, metavar="TIMES", help="wait so many times as long (1)"
        )
        parser.add_argument(
            "--against",
            choices=["monitor", "sentry"],
            default="monitor",
            help="sentry: what a DSN and a token allow",
        )
        parser.add_argument(
            "--gate",
            action="store_true",
            help="before a release goes out: staging's answers, and what leaves it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["list"]:
                self._list(options["only"])
                return
            lines = self._hold(options)
        except _EXPECTED as error:
            raise CommandError(str(error)) from error
        if not has_passed(lines):
            sys.exit(1)

    def _list(self, patterns: list[str]) -> None:
        for drill in chosen(all_drills(), _split(patterns)):
            self.stdout.write(f"{drill.name:<16} {drill.does}")

    def _hold(self, options: dict[str, Any]) -> list[Line]:
        # With the report there, standard output is for machines, and people read the other.
        is_piped = options["json"] == STANDARD_OUTPUT
        table, run = Table(sys.stderr if is_piped else sys.stdout), new_run()
        began, began_at = time.monotonic(), time.time()
        target = _target(options)
        where = " → ".join(filter(None, (target.application, target.monitor)))
        lines: list[Line] = []
        # Closed also when it is interrupted: what was stopped is started again.
        with closing(self._lines(options, target, table, run, began_at, where)) as found:
            for line in found:
                lines.append(line)
                table.line(line)
        seconds = time.monotonic() - began
        table.end(lines, figures(lines), seconds)
        if options["json"] is not None:
            content = report(lines, run=run, where=where, began_at=began_at, seconds=seconds)
            write_report(options["json"], content)
        return lines

    def _lines(
        self, options: dict[str, Any], target: Target, table: Table, run: str, began_at: float, where: str
    ) -> Generator[Line, None, None]:
        if options["gate"] or options["against"] == "sentry":
            table.head(where, 1)
            yield from _here(options, target, table, run)
            return
        drills: list[Drill] = chosen(all_drills(), _split(options["only"]))
        table.head(where, len(drills))
        api = MonitorApi(target)
        with Watch(api) as watch:
            door, strategy = FrontDoor(target.application, run), load_strategy()
            try:
                door.ask("/livez")
            except httpx.HTTPError as error:
                raise TargetError(
                    f"The application at {target.application} does not answer: {error}."
                ) from error
            scene = Scene(
                run,
                began_at,
                target,
                strategy,
                door,
                api,
                watch,
                control_of(target),
                Patience().times(options["patience"]),
                table.say,
            )
            yield from hold(scene, drills, table.drill)


def _split(patterns: list[str]) -> list[str]:
    return [name for names in patterns for name in names.split(",") if name]


def _target(options: dict[str, Any]) -> Target:
    given = {name: options[name] for name in _OPTIONS}
    if options["against"] == "sentry":
        setup = current_setup()
        target = sentry_target(given, setup.environment.dsn if setup else "")
        if options["gate"] and not target.application:
            raise TargetError(f"Set {KEYS['application']}: the gate asks the running staging, too.")
        return target
    return find_target(given, Path(settings.BASE_DIR) / "var" / "firedrill.json")


def _here(options: dict[str, Any], target: Target, table: Table, run: str) -> Iterator[Line]:
    """In this process. Raises TargetError when it would send nothing."""
    if why := can_hold_here():
        raise TargetError(f"This process would send nothing: {why}.")
    part = ""
    for line in _lines_here(options, target, table, run):
        if line.drill != part:
            part = line.drill
            table.part(part)
        yield line


def _lines_here(options: dict[str, Any], target: Target, table: Table, run: str) -> Iterator[Line]:
    if options["gate"]:
        yield from is_set_up(load_strategy())
        yield from answers(FrontDoor(target.application, run), debug=settings.DEBUG)
    within_s = SENTRY_WITHIN_S if options["against"] == "sentry" else GATE_WITHIN_S
    yield from hold_here(MonitorApi(target), within_s=within_s, say=table.say)
