"""Which series a figure belongs to, and the bound on how many there are."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import orjson

from monitor.digest.sql import database, rows_in
from monitor.metrics.reading import Figure, Labels

MAX_SERIES = 1000
"""Sets of labels of one metric, in one environment and release."""
MAX_OF_NAME = 20_000
"""Of one metric in all environments and releases."""
MAX_NAMES = 1000
"""Metrics of one project."""
OTHER_NAME = "<other>"
OTHER: Labels = (("<other>", "<other>"),)
"""The labels of what found no room. It still counts: only what it was is lost."""

SeriesName = tuple[int, str, str, str, str, str, Labels]
"""Project, name, kind, unit, environment, release, labels."""

_INSERT = (
    "INSERT INTO metrics_metricseries (project_id, name, kind, unit, environment, release, labels, key)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
)
_OF_METRIC = (
    "SELECT count(*), coalesce(sum(environment = ? AND release = ?), 0) FROM metrics_metricseries"
    " WHERE project_id = ? AND name = ?"
)
_NAMES = "SELECT count(DISTINCT name) FROM metrics_metricseries WHERE project_id = ?"


def name_of(project_id: int, figure: Figure) -> SeriesName:
    return (
        project_id,
        figure.name,
        figure.kind,
        figure.unit,
        figure.environment,
        figure.release,
        figure.labels,
    )


def ids_of(names: Iterable[SeriesName]) -> dict[SeriesName, int]:
    """The key of each series, made where it is new. One that finds no room shares that of OTHER.

    In the transaction that stores the points.
    """
    wanted = {name: _key(name) for name in names}
    known = _known(set(wanted.values()))
    room = Room()
    instead: dict[SeriesName, SeriesName] = {}
    for name, key in wanted.items():
        if key not in known:
            made = room.place_for(name)
            instead[name] = made
            if _key(made) not in known:
                known |= _make(made)
    return {name: known[_key(instead.get(name, name))] for name in wanted}


class Room:
    """How much of it is left, asked once for a batch: a flood of labels must not cost a count each."""

    def __init__(self) -> None:
        self._of_metric: dict[tuple[int, str], int] = {}
        self._here: dict[tuple[int, str, str, str], int] = {}
        self._names: dict[int, int] = {}

    def place_for(self, name: SeriesName) -> SeriesName:
        """The series itself, or what stands for it. What is given counts as taken."""
        project_id, metric, kind, unit, environment, release, _ = name
        self._ask(name)
        of_metric, here = (project_id, metric), (project_id, metric, environment, release)
        if not self._of_metric[of_metric]:
            if self._names[project_id] >= MAX_NAMES:
                return (project_id, OTHER_NAME, kind, unit, environment, release, OTHER)
            self._names[project_id] += 1
        if self._here[here] >= MAX_SERIES or self._of_metric[of_metric] >= MAX_OF_NAME:
            return (*name[:6], OTHER)
        self._here[here] += 1
        self._of_metric[of_metric] += 1
        return name

    def _ask(self, name: SeriesName) -> None:
        project_id, metric, _, _, environment, release, _ = name
        if project_id not in self._names:
            self._names[project_id] = database().execute(_NAMES, (project_id,)).fetchone()[0]
        if (project_id, metric, environment, release) not in self._here:
            all_of_it, here = (
                database().execute(_OF_METRIC, (environment, release, project_id, metric)).fetchone()
            )
            # What this batch has taken in other releases is in the tables already.
            self._of_metric[project_id, metric] = all_of_it
            self._here[project_id, metric, environment, release] = here


def _make(name: SeriesName) -> dict[bytes, int]:
    key = _key(name)
    labels = orjson.dumps(dict(name[6])).decode()
    database().execute(_INSERT, (*name[:6], labels, key))
    return _known({key})


def _known(keys: set[bytes]) -> dict[bytes, int]:
    statement = "SELECT key, id FROM metrics_metricseries WHERE key IN ({})"
    return dict(rows_in(statement, sorted(keys)))


def _key(name: SeriesName) -> bytes:
    return blake2b(orjson.dumps(name), digest_size=16).digest()
