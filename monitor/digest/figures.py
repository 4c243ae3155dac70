"""Totals of the worker, for the system page; written in the transaction of the batch that they count."""

from collections.abc import Mapping

from monitor.digest.models import Figure
from monitor.digest.sql import database

_ADD = (
    "INSERT INTO digest_figure (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
)
_SET = (
    "INSERT INTO digest_figure (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def add(figures: Mapping[str, float]) -> None:
    database().executemany(_ADD, [(name, value) for name, value in figures.items() if value])


def put(figures: Mapping[str, float]) -> None:
    database().executemany(_SET, list(figures.items()))


def read() -> dict[str, float]:
    return dict(Figure.objects.values_list("name", "value"))
