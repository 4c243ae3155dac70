"""How much of what is taken: Relay's documented limits. https://develop.sentry.dev/sdk/data-model/envelopes/#size-limits

A limit is on the size of one item, on how many of its group an envelope may hold, and on the group together.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.protocol.errors import ProtocolError, Reason

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class ItemLimit:
    item_bytes: int
    count: int
    total_bytes: int


def _group_limits() -> dict[str, ItemLimit]:
    return {
        "event": ItemLimit(MIB, 1, MIB),
        "form_data": ItemLimit(MIB, 1, MIB),
        "security": ItemLimit(MIB, 100, MIB),
        "attachment": ItemLimit(100 * MIB, 30, 100 * MIB),
        "user_report": ItemLimit(100 * KIB, 30, MIB),
        "session": ItemLimit(10 * MIB, 100, 10 * MIB),
        "client_report": ItemLimit(100 * KIB, 100, 100 * KIB),
        "check_in": ItemLimit(100 * KIB, 1, 100 * KIB),
        "profile": ItemLimit(50 * MIB, 1, 50 * MIB),
        "replay": ItemLimit(10 * MIB, 1, 10 * MIB),
        "metric": ItemLimit(MIB, 1, MIB),
        "container": ItemLimit(12 * MIB, 1, 12 * MIB),
        "span": ItemLimit(10 * MIB, 25, 12 * MIB),
        "unknown": ItemLimit(100 * MIB, 100, 100 * MIB),
    }


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes. `request` is as sent, compressed; `envelope` after decompression."""

    request: int = 20 * MIB
    envelope: int = 100 * MIB
    event: int = MIB
    minidump: int = 32 * MIB
    """Less than Relay's 100 MB: the form is taken apart in memory."""
    header_line: int = 256 * KIB
    groups: Mapping[str, ItemLimit] = field(default_factory=_group_limits)


DEFAULT_LIMITS = Limits()


class ItemAccount:
    """What one envelope has used of its limits so far."""

    def __init__(self, limits: Limits) -> None:
        self._groups = limits.groups
        self._counts: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def begin(self, item_type: str, group: str) -> None:
        """One more item of its group. Raises ProtocolError (too_large)."""
        self._counts[group] += 1
        if self._counts[group] > self._groups[group].count:
            raise too_large(item_type, f"more than {self._groups[group].count} of them")

    def check(self, item_type: str, group: str, size: int) -> None:
        """Whether the item begun last may be `size` bytes long, or that far. Raises ProtocolError (too_large)."""
        limit = self._groups[group]
        if size > limit.item_bytes:
            raise too_large(item_type, f"more than {limit.item_bytes:,} bytes in one")
        if self._bytes[group] + size > limit.total_bytes:
            raise too_large(item_type, f"more than {limit.total_bytes:,} bytes in all")

    def end(self, group: str, size: int) -> None:
        self._bytes[group] += size


def too_large(item_type: str, what: str) -> ProtocolError:
    return ProtocolError(
        Reason.TOO_LARGE,
        f"Envelope exceeded size limits for type '{item_type[:40]}': {what}"
        " (https://develop.sentry.dev/sdk/data-model/envelopes/#size-limits).",
    )
