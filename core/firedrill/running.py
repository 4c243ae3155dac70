"""Holds the drills: those of a wave are begun together and followed one by one; what was stopped is started again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import httpx

from core.firedrill.control import ControlError
from core.firedrill.following import counted
from core.firedrill.lines import Line, Verdict, judged, left_out
from core.firedrill.monitor_api import MonitorError
from core.firedrill.scene import Drill, Scene

FAILS_IN = (httpx.HTTPError, MonitorError, ControlError, LookupError, ValueError)
"""What a drill may meet in a system that is not as it should be: a line, not the end of the others."""

Announce = Callable[[int, int, str, str], None]


def hold(scene: Scene, drills: Sequence[Drill], announce: Announce) -> Iterator[Line]:
    """Each line as soon as it is known."""
    order = sorted(drills, key=lambda drill: drill.wave)
    number = 0
    begun: list[Drill] = []
    later: list[tuple[int, Drill]] = []
    try:
        for _, together in groupby(order, key=lambda drill: drill.wave):
            wave = list(together)
            problems = {}
            for drill in wave:
                begun.append(drill)
                problems[drill.name] = _begin(scene, drill)
            for drill in wave:
                number += 1
                if drill.at_the_end and problems[drill.name] is None:
                    later.append((number, drill))
                    continue
                announce(number, len(order), drill.name, drill.does)
                yield from _follow(scene, drill, problems[drill.name])
        for place, drill in later:
            announce(place, len(order), drill.name, drill.does)
            yield from _follow(scene, drill, None)
        yield from _nothing_came_twice(scene)
    finally:
        for drill in begun:
            drill.mend(scene)


def _begin(scene: Scene, drill: Drill) -> Line | None:
    """A line when it cannot be begun."""
    missing = [name for name in drill.needs if not scene.control.can_stop(name)]
    if missing:
        why = f"{', '.join(missing)} cannot be stopped from here"
        return left_out(drill.name, "cause", drill.does, why)
    scene.say(f"{drill.name}: {drill.does}")
    try:
        drill.begin(scene)
    except FAILS_IN as error:
        return _broke_off(drill, "cause", error)
    return None


def _follow(scene: Scene, drill: Drill, problem: Line | None) -> Iterator[Line]:
    if problem is not None:
        yield problem
        return
    try:
        yield from drill.follow(scene)
    except FAILS_IN as error:
        yield _broke_off(drill, "follow", error)
    finally:
        drill.mend(scene)


def _broke_off(drill: Drill, check: str, error: Exception) -> Line:
    return Line(drill.name, check, drill.does, f"{type(error).__name__}: {error}", Verdict.WRONG)


def _nothing_came_twice(scene: Scene) -> Iterator[Line]:
    """A second event may come late, out of another process's spool."""
    for once in scene.only_once:
        found = len(scene.watch.of_request(once.request_id))
        if found > once.events:
            yield judged(once.drill, "exactly", f"{counted(once.events)}, also later", counted(found), False)


def new_run() -> str:
    """Stands in request ids: short, and another one each time."""
    return f"{int(time.time()) % 1_000_000_000:x}"
