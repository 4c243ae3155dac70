"""Facts and measurements as short lists of plain JSON, in the order of `_FACT` and `_MEASUREMENT`. Pure.

The journal keeps them (journal.py) and snapshots of the engine have a few; a rehearsal's stream has objects with names
instead (streams.py), for people to read and write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, replace
from typing import Any

from monitor.alerts.measurements import Measurement
from monitor.digest.facts import Fact

EVENT = "event"
Entry = Fact | Measurement


def encode(entry: Entry) -> list[Any]:
    """Plain JSON; `decode` gives back an equal one."""
    if isinstance(entry, Measurement):
        return list(astuple(entry))
    return [
        EVENT,
        entry.time,
        entry.received,
        entry.project_id,
        entry.issue_id,
        entry.uid.hex(),
        entry.is_new + 2 * entry.regressed,
        entry.category,
        entry.severity,
        entry.level,
        entry.release,
        entry.environment,
        entry.user.hex() if entry.user is not None else None,
        entry.handled,
        entry.transaction,
        entry.tags,
        entry.times,
    ]


def decode(raw: list[Any]) -> Entry:
    """Raises ValueError or TypeError for what `encode` did not make."""
    if raw[0] == EVENT:
        _, time, received, project, issue, uid, flags, *words, user, handled, transaction, tags, times = raw
        category, severity, level, release, environment = words
        return Fact(
            time=time,
            received=received,
            project_id=project,
            issue_id=issue,
            uid=bytes.fromhex(uid),
            is_new=bool(flags & 1),
            regressed=bool(flags & 2),
            category=category,
            severity=severity,
            level=level,
            release=release,
            environment=environment,
            user=bytes.fromhex(user) if user is not None else None,
            handled=handled,
            transaction=transaction,
            tags=tags,
            times=times,
        )
    kind, time, received, environment, project, release, name, value, total, bad, errored, pairs, *rest = raw
    route, user, client = rest
    return Measurement(
        kind=kind,
        time=time,
        received=received,
        environment=environment,
        project_id=project,
        release=release,
        name=name,
        value=value,
        total=total,
        bad=bad,
        errored=errored,
        durations=tuple((seconds, number) for seconds, number in pairs),
        route=route,
        user=user,
        client=client,
    )


def together(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The same with those made one that no rule can tell apart: alike, of the same second, received in the same one.

    A flood of one issue is a fact for each second, whatever its size. Of the ids the last one stays.
    """
    alike: dict[tuple[Any, ...], list[Fact]] = {}
    for fact in facts:
        key = (
            int(fact.time),
            int(fact.received),
            fact.project_id,
            fact.issue_id,
            fact.is_new,
            fact.regressed,
            fact.severity,
            fact.level,
            fact.release,
            fact.environment,
            fact.user,
            fact.handled,
            fact.transaction,
            # Facts that were made from one event in a flood share their tags; to compare them all would cost more.
            id(fact.tags),
        )
        alike.setdefault(key, []).append(fact)
    for some in alike.values():
        yield some[-1] if len(some) == 1 else replace(some[-1], times=sum(one.times for one in some))
