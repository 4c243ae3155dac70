"""SQL of the digest, past Django's cursors: a batch is thousands of rows, and statements are few and always the same.

Use it in a transaction of Django's: it is the same connection. Placeholders are SQLite's `?`.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from django.db import connection

Row = tuple[Any, ...]
_CHUNK = 512


def database() -> sqlite3.Connection:
    """SQLite's own connection of this thread. Its errors become Django's within `connection.wrap_database_errors`."""
    connection.ensure_connection()
    found: sqlite3.Connection = connection.connection
    return found


def state_of_database() -> tuple[sqlite3.Connection, int, int]:
    """Not the same as before when anybody has written something meanwhile, in this connection or in another one."""
    asked = database()
    (version,) = asked.execute("PRAGMA data_version").fetchone()
    return asked, version, asked.total_changes


def rows_in(statement: str, values: Sequence[Any], *first: Any) -> Iterator[Row]:
    """Rows of `statement` with its `{}` filled by question marks for `values`, however many; `first` come before.

    The number of marks is a power of two, the last value filling up, so that few statements have to be compiled.
    """
    for start in range(0, len(values), _CHUNK):
        chunk = list(values[start : start + _CHUNK])
        marks = 1 << (len(chunk) - 1).bit_length()
        chunk += chunk[-1:] * (marks - len(chunk))
        # No value is put into the text, only marks.
        yield from database().execute(statement.format(",".join("?" * marks)), (*first, *chunk))


def as_json(values: Iterable[Any]) -> str:
    """For `json_each(?)`: a table of any length as one parameter."""
    return orjson.dumps(values if isinstance(values, list) else list(values)).decode()
