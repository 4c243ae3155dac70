"""Adds what was counted to the tables: one statement for each table and batch, exact whatever comes twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from monitor.digest.sql import Row, database
from monitor.releases.models import Release, SessionState
from monitor.releases.observers import SessionChange
from monitor.releases.sessions import DAY_S, HOUR_S, Outcome, SessionSum, SessionUpdate

_CHUNK = 500
_COLUMNS = ("sessions", "errored", "crashed", "abnormal", "events")
_COLUMN_OF = {Outcome.ERRORED: "errored", Outcome.CRASHED: "crashed", Outcome.ABNORMAL: "abnormal"}


class Sighting(NamedTuple):
    """That a release was heard of; `at` is seconds since 1970."""

    project_id: int
    version: str
    at: float


class Place(NamedTuple):
    """Where something counts."""

    release_id: int
    project_id: int
    environment: str
    hour: int


class Visit(NamedTuple):
    """That a user had a session on a day."""

    release_id: int
    project_id: int
    environment: str
    day: int
    user: bytes


@dataclass(slots=True)
class Counts:
    """What a batch adds to hours and users."""

    hours: defaultdict[Place, Counter[str]]
    visits: dict[Visit, bool]
    changes: list[SessionChange]
    """What observers are told; `received` is put in by whoever knows it."""

    @classmethod
    def none(cls) -> Counts:
        return cls(defaultdict(Counter), {}, [])

    def add_sessions(self, place: Place, outcome: Outcome, number: int = 1) -> None:
        self.hours[place]["sessions"] += number
        if outcome in _COLUMN_OF:
            self.hours[place][_COLUMN_OF[outcome]] += number

    def worsen(self, place: Place, before: Outcome, after: Outcome) -> None:
        """A session that counted as `before` counts as `after` from now on."""
        if before in _COLUMN_OF:
            self.hours[place][_COLUMN_OF[before]] -= 1
        self.hours[place][_COLUMN_OF[after]] += 1

    def add_visit(self, place: Place, started: float, user: bytes, *, crashed: bool) -> None:
        visit = Visit(place.release_id, place.project_id, place.environment, int(started // DAY_S), user)
        self.visits[visit] = self.visits.get(visit, False) or crashed


def see_releases(sightings: Iterable[Sighting]) -> dict[str, int]:
    """Make the releases that are new, and keep when each project heard of them; gives ids by version.

    To be called in the transaction of what was heard; two statements when nothing is new.
    """
    spans: dict[tuple[str, int], tuple[float, float]] = {}
    for project_id, version, at in sightings:
        first, last = spans.get((version, project_id), (at, at))
        spans[version, project_id] = (min(first, at), max(last, at))
    if not spans:
        return {}
    ids = _ids_of({version for version, _ in spans})
    missing = {version for version, _ in spans} - ids.keys()
    if missing:
        firsts = {
            version: min(first for (of, _), (first, _) in spans.items() if of == version)
            for version in missing
        }
        Release.objects.bulk_create(
            [Release(version=version, created_at=at) for version, at in firsts.items()], ignore_conflicts=True
        )
        ids |= _ids_of(missing)
    rows = [(ids[version], project, first, last) for (version, project), (first, last) in spans.items()]
    database().executemany(_SEE, rows)
    return ids


def _ids_of(versions: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    ordered = sorted(versions)
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        found.update(Release.objects.filter(version__in=chunk).values_list("version", "id"))
    return found


def count_updates(
    updates: Mapping[tuple[int, bytes], SessionUpdate],
    ids: Mapping[str, int],
    counts: Counts,
    user_hash: Callable[[str], bytes],
) -> None:
    """Put each session where it belongs, once. `updates` is by project and session id."""
    known = _states_of(updates)
    made, worsened = [], []
    for (project_id, sid), update in updates.items():
        state = known.get((project_id, sid))
        if state is None:
            state = SessionState(
                project_id=project_id,
                sid=sid,
                release_id=ids[update.release],
                environment=update.environment,
                started=datetime.fromtimestamp(update.started, UTC),
                outcome=update.outcome,
            )
            made.append(state)
            counts.add_sessions(_place_of(state), update.outcome)
            counts.changes.append(change_of(project_id, update, update.outcome))
        elif update.outcome > state.outcome:
            counts.changes.append(change_of(project_id, update, update.outcome, before=state.outcome))
            counts.worsen(_place_of(state), Outcome(state.outcome), update.outcome)
            state.outcome = update.outcome
            worsened.append(state)
        if update.user is not None:
            crashed = state.outcome == Outcome.CRASHED
            started = state.started.timestamp()
            counts.add_visit(_place_of(state), started, user_hash(update.user), crashed=crashed)
    SessionState.objects.bulk_create(made, batch_size=_CHUNK)
    SessionState.objects.bulk_update(worsened, ["outcome"], batch_size=_CHUNK)


def change_of(
    project_id: int,
    one: SessionUpdate | SessionSum,
    outcome: int,
    number: int = 1,
    *,
    before: int | None = None,
) -> SessionChange:
    """What observers are told of so many sessions; `before`: as what they were counted until now."""
    errored = outcome >= Outcome.ERRORED and (before is None or before < Outcome.ERRORED)
    return SessionChange(
        project_id=project_id,
        environment=one.environment,
        release=one.release,
        started=one.started,
        received=0.0,
        sessions=number if before is None else 0,
        errored=number if errored else 0,
        crashed=number if outcome == Outcome.CRASHED else 0,
    )


def _place_of(state: SessionState) -> Place:
    return place_of(state.release_id, state.project_id, state.environment, state.started.timestamp())


def place_of(release_id: int, project_id: int, environment: str, started: float) -> Place:
    """Where a session counts that started at `started`, in seconds since 1970."""
    return Place(release_id, project_id, environment, int(started // HOUR_S))


def _states_of(updates: Mapping[tuple[int, bytes], SessionUpdate]) -> dict[tuple[int, bytes], SessionState]:
    sids = sorted({sid for _, sid in updates})
    found: dict[tuple[int, bytes], SessionState] = {}
    projects = {project_id for project_id, _ in updates}
    for start in range(0, len(sids), _CHUNK):
        chunk = sids[start : start + _CHUNK]
        for state in SessionState.objects.filter(project_id__in=projects, sid__in=chunk):
            found[state.project_id, bytes(state.sid)] = state
    return found


def store_counts(counts: Counts) -> None:
    """Add to hours and users."""
    # A session that became worse takes from one column: a row that is inserted may have nothing below zero.
    grown: list[Row] = []
    lessened: list[Row] = []
    for place, added in counts.hours.items():
        numbers = [added[name] for name in _COLUMNS]
        (lessened if min(numbers) < 0 else grown).append((*numbers, *place))
    visits: list[Row] = [(*visit, crashed) for visit, crashed in counts.visits.items()]
    for statement, rows in ((_ADD_HOUR, grown), (_CHANGE_HOUR, lessened), (_ADD_VISIT, visits)):
        if rows:
            database().executemany(statement, rows)


_SEE = (
    "INSERT INTO releases_releaseproject (release_id, project_id, first_seen, last_seen) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (release_id, project_id) DO UPDATE SET"
    " first_seen = MIN(COALESCE(first_seen, excluded.first_seen), excluded.first_seen),"
    " last_seen = MAX(COALESCE(last_seen, 0), excluded.last_seen)"
)
_ADD_HOUR = (
    f"INSERT INTO releases_releasehour ({', '.join(_COLUMNS)}, release_id, project_id, environment, hour)"  # noqa: S608
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (release_id, hour, project_id, environment)"
    f" DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in _COLUMNS)}"
)
_CHANGE_HOUR = (
    f"UPDATE releases_releasehour SET {', '.join(f'{name} = {name} + ?' for name in _COLUMNS)}"  # noqa: S608
    " WHERE release_id = ? AND project_id = ? AND environment = ? AND hour = ?"
)
_ADD_VISIT = (
    "INSERT INTO releases_releaseuser (release_id, project_id, environment, day, user, crashed)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (release_id, day, user, project_id, environment)"
    " DO UPDATE SET crashed = MAX(crashed, excluded.crashed)"
)
