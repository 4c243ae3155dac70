"""Where the payloads of events are: in a few files for each day and project, so that they are forgotten by unlinking.

    places = payload_store().append(payloads, received=now, project_id=1)   # in the transaction that stores the events
    payload_store().read(place.block, place.slot)                           # anywhere

A block's row is committed after its bytes are written. What a killed process had written and not committed is behind
the last block that anybody knows of; whoever opens the file next cuts it off.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from monitor.digest.models import Erasure, PayloadBlock
from monitor.digest.payload_blocks import DamagedBlockError, grouped, pack, unpack
from monitor.digest.payload_files import FILE_BYTES, PayloadFiles
from monitor.site.strategy_file import current_strategy

_REMEMBERED = 8
_REMEMBERED_BYTES = 2 * 1024 * 1024
_SMALLEST_FILE = 1024 * 1024


class PayloadLostError(Exception):
    """The row is there and its payload is not: its file is gone or damaged, or it was erased."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a payload is: the key of a PayloadBlock, and the how manieth in it."""

    block: int
    slot: int


class PayloadStore:
    """One for each process and directory (`payload_store`). Threads may share it."""

    def __init__(self, directory: Path, *, file_bytes: int = FILE_BYTES) -> None:
        self.directory = directory
        self.file_bytes = file_bytes
        """Past this a day and project get another file."""
        self._files = PayloadFiles(directory)
        self._lock = threading.Lock()
        self._recent: OrderedDict[tuple[str, int, int], list[bytes]] = OrderedDict()

    def append(self, payloads: Sequence[bytes], *, received: float, project_id: int) -> list[Place]:
        """Put those beside each other that are alike. The day of `received`, in seconds since 1970, decides the file.

        In a transaction; raises OSError.
        """
        day = datetime.fromtimestamp(received, UTC).strftime("%Y-%m-%d")
        places = []
        with self._lock:
            for group in grouped(payloads):
                block = self._add_block(f"{day}.{project_id}", group)
                places += [Place(block, slot) for slot in range(len(group))]
        return places

    def erase(self, places: Iterable[Place]) -> None:
        """Take payloads out of their blocks, and overwrite what the disk has of them. Not in a transaction.

        Reading them raises PayloadLostError from now on. Raises OSError; what was begun, the clock job ends.
        """
        by_block: dict[int, set[int]] = {}
        for place in places:
            by_block.setdefault(place.block, set()).add(place.slot)
        for block, slots in by_block.items():
            self._erase_in(block, slots)
        overwrite_erased(self.directory)
        self.close()

    def read(self, block: int, slot: int) -> bytes:
        """Raises PayloadLostError."""
        payloads = self._payloads(block)
        if slot >= len(payloads) or not payloads[slot]:
            raise PayloadLostError("The payload was erased.")
        return payloads[slot]

    def sync(self) -> None:
        """What was appended is on the disk when this returns. Raises OSError."""
        with self._lock:
            self._files.sync()

    def close(self) -> None:
        """Give up the files: also when a transaction has failed, whose payloads the next `append` then cuts off."""
        with self._lock:
            self._files.close()

    def _add_block(self, key: str, payloads: Sequence[bytes]) -> int:
        data = pack(payloads)
        name, offset = self._files.append(key, data, self.file_bytes)
        block = PayloadBlock(file=name, offset=offset, length=len(data), payloads=len(payloads))
        block.save(force_insert=True)
        return block.pk

    def _erase_in(self, block: int, slots: set[int]) -> None:
        """The others of the block move to a new place; the old one is noted, to be overwritten when that is certain."""
        with transaction.atomic(), self._lock:
            row = PayloadBlock.objects.filter(pk=block).first()
            if row is None:
                return
            payloads = self._load(row.file, row.offset, row.length)
            left = [b"" if slot in slots else payload for slot, payload in enumerate(payloads)]
            data = pack(left)
            Erasure.objects.create(file=row.file, offset=row.offset, length=row.length)
            row.file, row.offset = self._files.append(row.file.rpartition(".")[0], data, self.file_bytes)
            row.length = len(data)
            row.save()
            # Before the row is: the old bytes are overwritten right after it.
            self._files.sync()

    def _payloads(self, block: int) -> list[bytes]:
        place = _place_of(block)
        with self._lock:
            if place in self._recent:
                self._recent.move_to_end(place)
                return self._recent[place]
        try:
            payloads = self._load(*place)
        except PayloadLostError:
            if place == (place := _place_of(block)):
                raise
            # Erasing has moved it in between.
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


def _place_of(block: int) -> tuple[str, int, int]:
    found = PayloadBlock.objects.filter(pk=block).values_list("file", "offset", "length").first()
    if found is None:
        raise PayloadLostError(f"There is no block {block}: retention has removed it.")
    return found


def overwrite_erased(directory: Path) -> None:
    """With zeros, on the disk, wherever an erased payload was. What a kill has interrupted is done again."""
    for erasure in Erasure.objects.all():
        try:
            descriptor = os.open(directory / erasure.file, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            descriptor = -1
        if descriptor >= 0:
            try:
                # A file that was cut off before this place has nothing of it, and must not grow.
                size = min(erasure.length, os.fstat(descriptor).st_size - erasure.offset)
                os.pwrite(descriptor, bytes(max(size, 0)), erasure.offset)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        erasure.delete()


@lru_cache(maxsize=4)
def _store_at(directory: Path) -> PayloadStore:
    return PayloadStore(directory)


def payload_store() -> PayloadStore:
    """The process's store in settings.PAYLOAD_DIRECTORY. Its files are small enough for retention by size."""
    store = _store_at(Path(settings.PAYLOAD_DIRECTORY))
    store.file_bytes = max(_SMALLEST_FILE, min(FILE_BYTES, current_strategy().retention.max_bytes // 64))
    return store
