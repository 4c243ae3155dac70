"""How far the spool is read: kept in the transaction that stores the records, so that none counts twice."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from django.db import connection, transaction

from monitor.digest.models import SpoolPosition
from monitor.digest.sql import database
from monitor.ingest.spool.segment import list_segments

_KEEP = (
    'INSERT INTO digest_spoolposition (segment, "offset") VALUES (?, ?)'
    ' ON CONFLICT (segment) DO UPDATE SET "offset" = excluded."offset"'
)


def position_of(segment: str) -> int | None:
    return SpoolPosition.objects.filter(pk=segment).values_list("offset", flat=True).first()


def keep(positions: Mapping[str, int]) -> None:
    database().executemany(_KEEP, list(positions.items()))


def forget(segments: Iterable[str]) -> None:
    database().executemany("DELETE FROM digest_spoolposition WHERE segment = ?", [(one,) for one in segments])


def forget_gone(spool: Path) -> None:
    """Rows of segments that are not there any more; of some nobody hears, as when a worker was killed."""
    # In this order: a segment that is missing now, and had a row before, never comes back.
    known = list(SpoolPosition.objects.values_list("segment", flat=True))
    there = set(list_segments(spool)) if known else set()
    gone = [segment for segment in known if segment not in there]
    if gone:
        with transaction.atomic(), connection.wrap_database_errors:
            forget(gone)
