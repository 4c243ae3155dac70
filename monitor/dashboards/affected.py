"""Whom errors met: each user once for each hour, exact however many errors they met, and whatever of it is sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.dashboards.look import Look
from monitor.dashboards.models import AffectedUser
from monitor.digest.facts import Fact
from monitor.digest.sql import as_json, database
from monitor.retention.pace import Pace
from monitor.site.strategy_file import current_strategy

_LEVELS = frozenset({"error", "fatal"})
_HOUR_S = 3600
_RUN_S = 0.5
_ADD = (
    "INSERT INTO dashboards_affecteduser (project_id, hour, environment, user) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (project_id, hour, environment, user) DO NOTHING"
)
_FORGET = (
    "DELETE FROM dashboards_affecteduser WHERE id IN"
    " (SELECT id FROM dashboards_affecteduser WHERE hour < ? LIMIT ?)"
)
_WHICH = (
    " FROM dashboards_affecteduser WHERE project_id IN (SELECT value FROM json_each(?))"
    " AND hour >= ? AND hour <= ? AND (? = '' OR environment = ?)"
)


def keep_affected(facts: Sequence[Fact]) -> None:
    """A subscriber of facts."""
    rows = {
        (fact.project_id, int(fact.time // _HOUR_S), fact.environment, fact.user)
        for fact in facts
        if fact.user is not None and fact.level in _LEVELS
    }
    database().executemany(_ADD, sorted(rows))


@dataclass(frozen=True, slots=True)
class Affected:
    """`number` counts each user once; `by_step` once in each step, so that its sum may be more."""

    number: int
    by_step: list[int]


def users_affected(look: Look) -> Affected:
    """By the hours in which the time has a part."""
    return look.once("affected users", lambda: _affected(look))


def _affected(look: Look) -> Affected:
    values = (
        as_json(look.ids),
        int(look.since // _HOUR_S),
        int(look.until // _HOUR_S),
        look.environment,
        look.environment,
    )
    number = database().execute(f"SELECT count(DISTINCT user){_WHICH}", values).fetchone()[0]
    by_step = [0] * len(look.starts)
    rows = database().execute(
        f"SELECT hour * 3600 / ?, count(DISTINCT user){_WHICH} GROUP BY 1", (look.step, *values)
    )
    for slot, users in rows:
        by_step[look.place_of(slot * look.step)] += users
    return Affected(number, by_step)


def forget_person(user: bytes) -> int:
    """How many rows were removed."""
    removed, _ = AffectedUser.objects.filter(user=user).delete()
    return removed


def forget_old(now: float) -> None:
    """The clock job: hours older than events are kept."""
    before = int((now - current_strategy().retention.events_s) // _HOUR_S)
    Pace(_RUN_S).delete(_FORGET, before)
