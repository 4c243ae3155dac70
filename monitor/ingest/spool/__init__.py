"""What was accepted and is not yet digested, on disk: segments of records, which survive kill -9 of either side.

Writing: `SpoolWriter.append`. Reading: `SpoolReader.claim`, `done`, `set_aside`. See docs/monitor/receiving.md.
"""

from monitor.ingest.spool.aside import AsideRecord, AsideShelf
from monitor.ingest.spool.capacity import SpoolDepth, spool_depth
from monitor.ingest.spool.errors import SpoolError, SpoolFullError, SpoolUnavailableError
from monitor.ingest.spool.reader import Batch, Damage, SpoolReader
from monitor.ingest.spool.record import Record, RecordMeta
from monitor.ingest.spool.writer import SpoolWriter

__all__ = [
    "AsideRecord",
    "AsideShelf",
    "Batch",
    "Damage",
    "Record",
    "RecordMeta",
    "SpoolDepth",
    "SpoolError",
    "SpoolFullError",
    "SpoolReader",
    "SpoolUnavailableError",
    "SpoolWriter",
    "spool_depth",
]
