"""All that waits in a spool, digested at once: for tests, benchmarks and commands. The worker has a loop of its own."""

from pathlib import Path

from monitor.digest import positions
from monitor.digest.batches import BatchDigester
from monitor.digest.rooms import COLLECTORS
from monitor.ingest.spool import SpoolReader


def digest_spool(spool: Path) -> int:
    """The number of records. Raises what the first failed batch raises, unless it is a record's fault."""
    digested = 0
    with SpoolReader(spool, position_of=positions.position_of) as reader:
        digester = BatchDigester(reader, COLLECTORS)
        while batch := reader.claim():
            digester.digest(batch)
            digested += len(batch.records)
    return digested
