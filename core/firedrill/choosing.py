"""Which drills there are, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from django.utils.module_loading import import_string

from core.firedrill.drills.laboratory import laboratory_drills
from core.firedrill.drills.leaks import UnscrubbedClient
from core.firedrill.drills.outages import DatabaseAway, MonitorAway, RedisAway
from core.firedrill.drills.rehearsals import Rehearsals
from core.firedrill.drills.releases import BadRelease
from core.firedrill.drills.schedule import BeatStopped
from core.firedrill.drills.visitors import Feedback
from core.firedrill.scene import Drill
from core.firedrill.settings import firedrill_settings


def all_drills() -> list[Drill]:
    """In the order in which they are held; the project's own (FIREDRILL["DRILLS"]) among them."""
    own: list[Drill] = [import_string(name)() for name in firedrill_settings().drills]
    drills: list[Drill] = [
        *laboratory_drills(),
        Feedback(),
        UnscrubbedClient(),
        BeatStopped(),
        DatabaseAway(),
        RedisAway(),
        MonitorAway(),
        BadRelease(),
        Rehearsals(),
        *own,
    ]
    return sorted(drills, key=lambda drill: drill.wave)


def chosen(drills: Iterable[Drill], patterns: Iterable[str]) -> list[Drill]:
    """Those whose name fits a pattern (`task*`); all without any. Raises LookupError for one that fits none."""
    known, wanted = list(drills), list(patterns)
    for pattern in wanted:
        if not any(fnmatchcase(drill.name, pattern) for drill in known):
            names = ", ".join(drill.name for drill in known)
            raise LookupError(f"There is no drill {pattern!r}; there is {names}.")
    return [
        drill for drill in known if not wanted or any(fnmatchcase(drill.name, pattern) for pattern in wanted)
    ]
