"""One envelope in the spool. Its file name says all that ordering, counting and dropping need to know.

    0.0000000012.1763700000123.41822.9ec79c33ec9942ab8353589fcb2e04dc.error=1.envelope
    │ sequence   captured, ms  bytes event id (or -)                  quantity by category
    priority

So a directory listing is enough to find the next one, the oldest, the largest class or an event id,
and an envelope can be dropped and counted without being opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

SUFFIX = ".envelope"


class Priority(IntEnum):
    """Sent from low to high, dropped from high to low."""

    ERRORS = 0
    """errors, feedback, check-ins: nobody can make them again"""
    COUNTS = 1
    """sessions, metrics, client reports: small, and rates are built on them"""
    SAMPLES = 2
    """transactions, profiles, spans, logs: many, and already a sample"""


@dataclass(slots=True, eq=False)
class Entry:
    """`directory` is None for an envelope that the disk refused and that is kept in memory (`data`)."""

    priority: Priority
    sequence: int
    captured_ms: int
    size: int
    event_id: str
    quantities: Mapping[str, int]
    directory: Path | None = None
    data: bytes | None = None
    failures: int = 0
    not_before: float = 0.0
    in_flight: bool = field(default=False, repr=False)

    @property
    def name(self) -> str:
        quantities = "+".join(f"{category}={quantity}" for category, quantity in self.quantities.items())
        return (
            f"{self.priority.value}.{self.sequence:010d}.{self.captured_ms:013d}.{self.size}"
            f".{self.event_id or '-'}.{quantities}{SUFFIX}"
        )

    @property
    def path(self) -> Path | None:
        return self.directory / self.name if self.directory else None

    @property
    def is_report(self) -> bool:
        """A client report tells what was lost: it is tiny, and never itself given up for space."""
        return self.quantities.keys() == {"internal"}

    @property
    def categories(self) -> set[str]:
        """What a rate limit can name: the spans within a transaction are counted, but go with it."""
        categories = set(self.quantities)
        return categories - {"span"} if "transaction" in categories else categories

    def read(self) -> bytes:
        """The envelope as it was captured. Raises OSError."""
        if self.data is not None:
            return self.data
        return Path(self.directory or "", self.name).read_bytes()


def parse_entry(path: Path) -> Entry | None:
    """The entry that a file's name describes; None for any other file."""
    try:
        priority, sequence, captured_ms, size, event_id, quantities, suffix = path.name.split(".")
        if "." + suffix != SUFFIX:
            return None
        return Entry(
            priority=Priority(int(priority)),
            sequence=int(sequence),
            captured_ms=int(captured_ms),
            size=int(size),
            event_id="" if event_id == "-" else event_id,
            quantities={
                category: int(quantity)
                for category, quantity in (pair.split("=") for pair in quantities.split("+") if pair)
            },
            directory=path.parent,
        )
    except ValueError:
        return None
