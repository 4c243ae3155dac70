"""What a failed batch says: is something in it at fault, or is it the database, the disk, the machine?"""

import sqlite3
from enum import Enum

from django.db import DatabaseError


class Fault(Enum):
    RECORD = "record"
    """Something in the batch: it is halved until that stands alone."""
    PLACE = "place"
    """Locked, full, read-only, away: the same batch again, later."""
    FILE = "file"
    """The database file is damaged: nobody should go on writing to it."""


_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PLACE = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_SCHEMA,
    }
)  # fmt: skip
_NOT_PREPARED = ("no such table", "no such column")


def fault_of(error: BaseException) -> Fault:
    """By SQLite's own code, which Django's error has as its cause."""
    if isinstance(error, OSError | MemoryError):
        return Fault.PLACE
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    if not isinstance(cause, sqlite3.Error):
        return Fault.RECORD
    # The low byte; the rest says more closely which.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return Fault.FILE
    if code in _PLACE or str(cause).startswith(_NOT_PREPARED) or "has no column named" in str(cause):
        return Fault.PLACE
    return Fault.RECORD
