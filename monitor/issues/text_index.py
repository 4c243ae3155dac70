"""The index by which words are found in titles, values and culprits, anywhere in them: SQLite's FTS5 by trigrams.

It holds no text of its own, only where each three characters occur, and is kept by triggers, so that whoever writes
issues need not know of it. It is no migration's: Django makes a table anew when a later migration changes a column, and
the triggers would go with the old one, in silence. So it is looked after when migrations have run.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models import Q
from django.db.models.expressions import RawSQL

TABLE = "issues_text"
SHORTEST = 3
"""Characters of a word that the index can find; shorter ones are looked for row by row."""

_TEXT = (
    "{row}.title || char(10) || {row}.culprit"
    " || CASE WHEN instr({row}.title, {row}.value) THEN '' ELSE char(10) || {row}.value END"
    " || CASE WHEN instr({row}.title, {row}.type) THEN '' ELSE char(10) || {row}.type END"
)
_OLD, _NEW = _TEXT.format(row="old"), _TEXT.format(row="new")
_FORGET = f"INSERT INTO {TABLE}({TABLE}, rowid, text) VALUES ('delete', old.id, {_OLD});"  # noqa: S608
_LEARN = f"INSERT INTO {TABLE}(rowid, text) VALUES (new.id, {_NEW});"  # noqa: S608
_CREATE = f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5(text, content='', columnsize=0, tokenize='trigram')"
_TRIGGERS = {
    f"{TABLE}_added": f"AFTER INSERT ON issues_issue BEGIN {_LEARN} END",
    f"{TABLE}_removed": f"AFTER DELETE ON issues_issue BEGIN {_FORGET} END",
    f"{TABLE}_changed": (
        "AFTER UPDATE OF title, culprit, value, type ON issues_issue"
        " WHEN old.title IS NOT new.title OR old.culprit IS NOT new.culprit"
        f" OR old.value IS NOT new.value OR old.type IS NOT new.type BEGIN {_FORGET} {_LEARN} END"
    ),
}


def ensure(using: str = "default", **_: Any) -> None:
    """After `migrate`: the table and its triggers are there, and know every issue."""
    with connections[using].cursor() as cursor:
        if "issues_issue" not in connections[using].introspection.table_names(cursor):
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE %s", [f"{TABLE}%"])
        known = {name for (name,) in cursor.fetchall()}
        if {TABLE, *_TRIGGERS} <= known:
            return
        cursor.execute(_CREATE)
        for name, body in _TRIGGERS.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(f"CREATE TRIGGER {name} {body}")
    rebuild(using)


def rebuild(using: str = "default") -> None:
    """Read all issues again; 100,000 take some ten seconds."""
    with connections[using].cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE}({TABLE}) VALUES ('delete-all')")  # noqa: S608
        cursor.execute(
            f"INSERT INTO {TABLE}(rowid, text) SELECT id, {_TEXT.format(row='i')} FROM issues_issue i"  # noqa: S608
        )


def indexed(needles: list[str]) -> Q:
    """Issues whose texts contain each of these, of SHORTEST characters or more; capital or small letters alike."""
    expression = " ".join('"' + needle.replace('"', '""') + '"' for needle in needles)
    return Q(pk__in=RawSQL(f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s", (expression,)))  # noqa: S608, S611
