"""Where the payloads of events are: in a few files for each day, so that a day is forgotten by unlinking them.

    places = payload_store().append(payloads, received=now)      # in the transaction that stores the events
    payload_store().read(place.block, place.slot)                # anywhere

A block's row is committed after its bytes are written. What a killed process had written and not committed is behind
the last block that anybody knows of; whoever opens the file next cuts it off.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from monitor.digest.models import PayloadBlock
from monitor.digest.payload_blocks import DamagedBlockError, grouped, pack, unpack
from monitor.digest.payload_files import PayloadFiles

_REMEMBERED = 8
_REMEMBERED_BYTES = 2 * 1024 * 1024


class PayloadLostError(Exception):
    """The row is there and its payload is not: its file is gone or damaged, or it was erased."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a payload is: the key of a PayloadBlock, and the how manieth in it."""

    block: int
    slot: int


class PayloadStore:
    """One for each process and directory (`payload_store`). Threads may share it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._files = PayloadFiles(directory)
        self._lock = threading.Lock()
        self._recent: OrderedDict[tuple[str, int, int], list[bytes]] = OrderedDict()

    def append(self, payloads: Sequence[bytes], *, received: float) -> list[Place]:
        """Put those beside each other that are alike. `received`, in seconds since 1970, decides the day's file.

        In a transaction; raises OSError.
        """
        day = datetime.fromtimestamp(received, UTC).strftime("%Y-%m-%d")
        places = []
        with self._lock:
            for group in grouped(payloads):
                data = pack(group)
                name, offset = self._files.append(day, data)
                block = PayloadBlock.objects.create(
                    file=name, offset=offset, length=len(data), payloads=len(group)
                )
                places += [Place(block.pk, slot) for slot in range(len(group))]
        return places

    def read(self, block: int, slot: int) -> bytes:
        """Raises PayloadLostError."""
        found = PayloadBlock.objects.filter(pk=block).values_list("file", "offset", "length").first()
        if found is None:
            raise PayloadLostError(f"There is no block {block}: retention has removed it.")
        payloads = self._payloads(found)
        if slot >= len(payloads) or not payloads[slot]:
            raise PayloadLostError("The payload was erased.")
        return payloads[slot]

    def sync(self) -> None:
        """What was appended is on the disk when this returns. Raises OSError."""
        with self._lock:
            self._files.sync()

    def give_up(self) -> None:
        """The transaction failed: what was appended is cut off by the next `append`."""
        with self._lock:
            self._files.close()

    close = give_up

    def _payloads(self, place: tuple[str, int, int]) -> list[bytes]:
        with self._lock:
            if place in self._recent:
                self._recent.move_to_end(place)
                return self._recent[place]
        payloads = self._load(*place)
        if sum(map(len, payloads)) <= _REMEMBERED_BYTES:
            with self._lock:
                self._recent[place] = payloads
                while len(self._recent) > _REMEMBERED:
                    self._recent.popitem(last=False)
        return payloads

    def _load(self, name: str, offset: int, length: int) -> list[bytes]:
        try:
            descriptor = os.open(self.directory / name, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return unpack(os.pread(descriptor, length, offset))
            finally:
                os.close(descriptor)
        except FileNotFoundError as error:
            raise PayloadLostError(f"The payload's file {name} is gone.") from error
        except DamagedBlockError as error:
            raise PayloadLostError(f"The payload's file {name} is damaged at {offset}.") from error


@lru_cache(maxsize=4)
def _store_at(directory: Path) -> PayloadStore:
    return PayloadStore(directory)


def payload_store() -> PayloadStore:
    """The process's store in settings.PAYLOAD_DIRECTORY."""
    return _store_at(Path(settings.PAYLOAD_DIRECTORY))
