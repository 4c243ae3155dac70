"""What every drill has at hand: the front door, the monitor, the strategy, who can stop things, and how long to wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Protocol

from core.firedrill.control import Control
from core.firedrill.front_door import FrontDoor
from core.firedrill.lines import Line
from core.firedrill.monitor_api import MonitorApi
from core.firedrill.target import Target
from core.firedrill.watching import Watch
from strategy.model.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until an event is stored, until an alert fires, until somebody is told, until a late second would show."""

    stored_s: float = 30.0
    alerted_s: float = 20.0
    told_s: float = 30.0
    settle_s: float = 2.0
    check_in_s: float = 100.0
    missed_s: float = 200.0

    def times(self, factor: float) -> Patience:
        """For a machine that is slower, or a drill that need not wait so long. What is late is not waited for less."""
        longer = {f.name: getattr(self, f.name) * factor for f in fields(self) if f.name != "settle_s"}
        return replace(self, **longer)


@dataclass
class Scene:
    """`run` stands in every request id of this drill, which began at `began_at`. `say` shows what it is waiting for."""

    run: str
    began_at: float
    target: Target
    strategy: Strategy
    door: FrontDoor
    api: MonitorApi
    watch: Watch
    control: Control
    patience: Patience
    say: Callable[[str], None]
    only_once: list[Once] = field(default_factory=list)
    """What must not have come twice, looked at again when all is over."""

    def visitor(self) -> FrontDoor:
        """Somebody with cookies of their own."""
        return FrontDoor(self.target.application, f"{self.run}-p", is_person=True)


@dataclass(frozen=True, slots=True)
class Once:
    """One request, and how many events it may have caused at most."""

    drill: str
    request_id: str
    events: int


class Drill(Protocol):
    """One kind of failure. `begin` causes it; `follow` says what came of it.

    `wave`: those of one wave are begun together. `at_the_end`: is followed when all others are over.
    `needs`: what must be stopped for it.
    """

    name: str
    does: str
    wave: int
    at_the_end: bool
    needs: tuple[str, ...]

    def begin(self, scene: Scene) -> None: ...
    def follow(self, scene: Scene) -> Iterator[Line]: ...
    def mend(self, scene: Scene) -> None:
        """Called whatever happened: what was stopped is started again."""
