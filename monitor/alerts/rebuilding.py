"""The engine as it stood when this was last written: its windows from a snapshot and the journal, its episodes from theirs.

A snapshot fits the rules that it was made with. When these have changed, or how the engine keeps its windows, the windows
are made of the journal alone, which reaches as far back as any of them. What the new rules conclude is told then.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from time import time

import orjson
from django.db.models import Max

from monitor.alerts import journal
from monitor.alerts.engine import Engine, Transition
from monitor.alerts.engine_conditions import held_s
from monitor.alerts.engine_measured import matters_s
from monitor.alerts.entries import EVENT, Entry
from monitor.alerts.measurements import KINDS, PROBE
from monitor.alerts.models import EngineSnapshot, EngineState, Episode
from monitor.projects.models import Project
from strategy.model.strategy import Strategy

logger = logging.getLogger(__name__)
FORMAT = 1
"""To be raised whenever the state of a condition or an entry changes its form or its meaning."""
SET_BACK_S = 60.0
"""A clock that has been set back by less catches up by itself."""
_MAX_SNAPSHOT_BYTES = 32 * 1024 * 1024
_ROW = 1


@dataclass(slots=True)
class Rebuilt:
    """`pending` is read and not judged yet; `transitions` follow from rules that have changed; `orphans` are open
    episodes that no rule looks at any more."""

    engine: Engine
    state: EngineState
    pending: list[Entry] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    orphans: list[Episode] = field(default_factory=list)
    snapshot_position: int = 0


def rebuild(strategy: Strategy, now: float) -> Rebuilt:
    """In no transaction, so that the digest goes on meanwhile; whoever writes next sees whether another was quicker."""
    state = _state(now)
    if state.clock > now + SET_BACK_S:
        logger.warning(
            "The clock was %.0f s ahead. The alert rules go by what it says now.", state.clock - now
        )
        state.clock = now
        state.started = min(state.started, now)
    projects = list(Project.objects.values_list("pk", flat=True))
    built = Rebuilt(_engine(strategy, projects, state), state)
    snapshot = _fitting_snapshot(strategy, state)
    if snapshot is not None and not _restored(built.engine, snapshot):
        snapshot = None
        built.engine = _engine(strategy, projects, state)
    built.snapshot_position = snapshot.position if snapshot else 0
    _learn(strategy, built, snapshot)
    built.engine.tick(state.clock)
    _adopt(strategy, built)
    built.transitions = built.engine.settle()
    return built


def save_snapshot(strategy: Strategy, engine: Engine, state: EngineState) -> None:
    """One that is too large is not worth its place: the journal does as well."""
    packed = zlib.compress(orjson.dumps(engine.state()), 1)
    if len(packed) > _MAX_SNAPSHOT_BYTES:
        EngineSnapshot.objects.all().delete()
        return
    EngineSnapshot.objects.update_or_create(
        pk=_ROW,
        defaults={"fits": _fits(strategy), "position": state.position, "clock": state.clock, "state": packed},
    )


def _engine(strategy: Strategy, projects: list[int], state: EngineState) -> Engine:
    engine = Engine(strategy, projects=projects)
    engine.start(state.started, learning=True)
    return engine


def _state(now: float) -> EngineState:
    """The row, made where there is none: then all that is in the journal is news."""
    found = EngineState.objects.filter(pk=_ROW).first()
    if found is None:
        first = next(iter(journal.after(0, 1)), None)
        since = min(now, first.first_received) if first else now
        found, _ = EngineState.objects.get_or_create(
            pk=_ROW, defaults={"position": 0, "clock": since, "started": since}
        )
    return found


def _fitting_snapshot(strategy: Strategy, state: EngineState) -> EngineSnapshot | None:
    return EngineSnapshot.objects.filter(
        pk=_ROW, fits=_fits(strategy), position__lte=state.position, clock__lte=state.clock
    ).first()


def _fits(strategy: Strategy) -> str:
    parts = (FORMAT, strategy.alerts, strategy.slos, strategy.features, strategy.environments)
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _restored(engine: Engine, snapshot: EngineSnapshot) -> bool:
    try:
        engine.restore(orjson.loads(zlib.decompress(bytes(snapshot.state))))
    except (KeyError, TypeError, ValueError, zlib.error):
        logger.exception("The snapshot of the alert rules is of no use; the journal is read instead.")
        return False
    return True


def _learn(strategy: Strategy, built: Rebuilt, snapshot: EngineSnapshot | None) -> None:
    """Give the engine what it has judged before and cannot know from the snapshot."""
    state = built.state
    # Sums, figures and streaks depend on the order of receipt only within a kind.
    for kind in (EVENT, *KINDS):
        since = state.clock - matters_s(strategy, kind)
        rows = (
            journal.up_to(state.position, kind, since)
            if snapshot is None
            else journal.up_to(state.position, kind, snapshot.clock, after_row=snapshot.position)
        )
        for row in rows:
            for entry in row.entries:
                is_known = snapshot is not None and row.id <= snapshot.position
                if is_known and (kind == PROBE or entry.received <= snapshot.clock):  # type: ignore[union-attr]
                    continue
                if kind == PROBE or entry.received <= state.clock:
                    built.engine.take(entry, now=min(entry.received, state.clock))
                else:
                    built.pending.append(entry)


def _adopt(strategy: Strategy, built: Rebuilt) -> None:
    for episode in Episode.objects.filter(ended_at__isnull=True).order_by("began_at"):
        place = (episode.project_id, episode.environment)
        if not built.engine.adopt(episode.rule, place, episode.key, None):
            built.orphans.append(episode)
    for rule, project_id, environment, key, ended in _ended(strategy, built.state.clock):
        built.engine.adopt(rule, (project_id, environment), key, ended)


def _ended(strategy: Strategy, clock: float) -> Iterator[tuple[str, int, str, str, float]]:
    """Episodes whose end still matters: for their own cooldown, or for a rule that yields to theirs."""
    longest = max((max(rule.cooldown_s, held_s(rule)) for rule in strategy.alerts), default=0)
    found = Episode.objects.filter(ended_at__gt=clock - longest).values_list(
        "rule", "project", "environment", "key"
    )
    for rule, project_id, environment, key, ended in found.annotate(last=Max("ended_at")):
        yield rule, project_id, environment, key, ended.timestamp() if hasattr(ended, "timestamp") else ended


def clock_of_engine() -> float:
    """How far the rules are held against what came, in seconds since 1970; now where they never were."""
    state = EngineState.objects.filter(pk=_ROW).first()
    return state.clock if state is not None else time()
