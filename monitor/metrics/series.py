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
    instead: dict[SeriesName, SeriesName] = {}
    for name, key in wanted.items():
        if key not in known:
            made = name if _has_room(name) else (*name[:6], OTHER)
            if made[1] and not _has_name(made):
                made = (made[0], "<other>", *made[2:6], OTHER)
            instead[name] = made
            known |= _make(made)
    return {name: known[_key(instead.get(name, name))] for name in wanted}


def _has_room(name: SeriesName) -> bool:
    project_id, metric, _, _, environment, release, _ = name
    all_of_it, here = database().execute(_OF_METRIC, (environment, release, project_id, metric)).fetchone()
    return bool(here < MAX_SERIES and all_of_it < MAX_OF_NAME)


def _has_name(name: SeriesName) -> bool:
    """Whether the metric is known, or may become so."""
    if database().execute(_OF_METRIC, ("", "", name[0], name[1])).fetchone()[0]:
        return True
    return bool(database().execute(_NAMES, (name[0],)).fetchone()[0] < MAX_NAMES)


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
