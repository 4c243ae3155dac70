"""Takes check-ins out of what was received."""

from __future__ import annotations

from time import time
from typing import ClassVar

from monitor.crons.intake import take_in
from monitor.crons.reports import Report, report_of
from monitor.crons.watching import watch
from monitor.digest.collecting import Origin
from monitor.protocol import Item
from monitor.protocol.json_payload import load_object


class CheckInCollector:
    """Keeps a batch's check-ins in the order received, which is the order in which they are stored."""

    item_types: ClassVar[frozenset[str]] = frozenset({"check_in"})

    def __init__(self) -> None:
        self._reports: list[Report] = []

    def take(self, item: Item, origin: Origin) -> None:
        """Raises ValueError for what is no check-in."""
        payload = load_object(item.payload)
        self._reports.append(report_of(payload, project_id=origin.project_id, received=origin.received))

    def store(self) -> None:
        if not self._reports:
            return
        self._reports.sort(key=lambda report: report.received)
        # Whether what should have come before them could have come.
        watch(time())
        for report in self._reports:
            take_in(report)

    def stored(self) -> None:
        """Observers have been told in the transaction."""
