"""Payload files: what is appended can be read, and nothing that a kill or an erasure leaves behind can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from monitor.digest.models import Erasure, PayloadBlock
from monitor.digest.payload_blocks import BLOCK_BYTES, DamagedBlockError, grouped, pack, unpack
from monitor.digest.payloads import PayloadLostError, PayloadStore, Place, overwrite_erased

pytestmark = pytest.mark.django_db
NOON = 1_795_348_800.0
NAME = "2026-11-22.1.0"


@pytest.fixture
def store(tmp_path: Path) -> PayloadStore:
    return PayloadStore(tmp_path / "payloads")


def append(store: PayloadStore, *payloads: bytes, project_id: int = 1, received: float = NOON) -> list[Place]:
    with transaction.atomic():
        return store.append(payloads, received=received, project_id=project_id)


def read(store: PayloadStore, place: Place) -> bytes:
    return store.read(place.block, place.slot)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_block_gives_back_what_was_packed(payloads: list[bytes]) -> None:
    assert unpack(pack(payloads)) == payloads


@given(st.binary(max_size=200))
def test_other_bytes_are_no_block(data: bytes) -> None:
    with pytest.raises(DamagedBlockError):
        unpack(data)


@given(st.lists(st.integers(0, 3 * BLOCK_BYTES), max_size=30))
def test_groups_keep_the_order_and_the_bound(sizes: list[int]) -> None:
    payloads = [bytes(size) for size in sizes]
    groups = [list(group) for group in grouped(payloads)]
    assert [payload for group in groups for payload in group] == payloads
    assert all(len(group) == 1 or sum(map(len, group)) <= BLOCK_BYTES for group in groups)


def test_what_is_appended_can_be_read(store: PayloadStore) -> None:
    first = append(store, b"one", b"two")
    second = append(store, b"three")
    assert [read(store, place) for place in first + second] == [b"one", b"two", b"three"]
    assert set(PayloadBlock.objects.values_list("file", flat=True)) == {NAME}


def test_each_project_and_each_day_has_files_of_its_own(store: PayloadStore) -> None:
    append(store, b"one")
    append(store, b"two", project_id=2)
    append(store, b"three", received=NOON + 86400)
    names = set(PayloadBlock.objects.values_list("file", flat=True))
    assert names == {NAME, "2026-11-22.2.0", "2026-11-23.1.0"}


def test_a_file_that_is_large_enough_is_followed_by_another(tmp_path: Path) -> None:
    store = PayloadStore(tmp_path, file_bytes=100)
    places = [append(store, os.urandom(60))[0] for _ in range(4)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, "2026-11-22.1.1"]
    assert all(read(store, place) for place in places)


def test_two_writers_have_a_file_each(store: PayloadStore) -> None:
    other = PayloadStore(store.directory)
    mine, theirs = append(store, b"mine"), append(other, b"theirs")
    assert read(other, mine[0]) == b"mine"
    assert read(store, theirs[0]) == b"theirs"
    assert sorted(path.name for path in store.directory.iterdir()) == [NAME, "2026-11-22.1.1"]


def test_what_a_killed_writer_had_not_committed_is_cut_off(store: PayloadStore) -> None:
    (kept,) = append(store, b"kept")
    end = (store.directory / NAME).stat().st_size
    store.close()
    with (store.directory / NAME).open("ab") as file:
        file.write(b"half of a block")
    (following,) = append(store, b"following")
    assert PayloadBlock.objects.get(pk=following.block).offset == end
    assert read(store, kept) == b"kept"
    assert read(store, following) == b"following"


def test_a_transaction_that_failed_leaves_nothing_behind_the_next_append(store: PayloadStore) -> None:
    (kept,) = append(store, b"kept")
    with transaction.atomic():
        store.append([os.urandom(5000)], received=NOON, project_id=1)
        transaction.set_rollback(True)
    store.close()
    append(store, b"following")
    assert (store.directory / NAME).stat().st_size < 1000
    assert read(store, kept) == b"kept"


def test_a_payload_whose_file_is_gone_is_lost_and_said_to_be(store: PayloadStore) -> None:
    (place,) = append(store, b"one")
    (store.directory / NAME).unlink()
    with pytest.raises(PayloadLostError, match="gone"):
        read(store, place)


def test_a_payload_whose_bytes_have_rotted_is_lost_and_its_neighbours_are_not(store: PayloadStore) -> None:
    (first,), (second,) = append(store, b"first" * 50), append(store, b"second" * 50)
    with (store.directory / NAME).open("r+b") as file:
        file.seek(12)
        file.write(b"rot")
    with pytest.raises(PayloadLostError, match="damaged at 0"):
        read(store, first)
    assert read(store, second) == b"second" * 50


def test_the_file_is_made_anew_when_somebody_has_removed_it(store: PayloadStore) -> None:
    append(store, b"one")
    (store.directory / NAME).unlink()
    PayloadBlock.objects.all().delete()
    (place,) = append(store, b"two")
    assert read(store, place) == b"two"


@pytest.mark.django_db(transaction=True)
class TestErasing:
    def test_an_erased_payload_is_gone_from_the_disk_and_its_neighbours_stay(
        self, store: PayloadStore
    ) -> None:
        secret = os.urandom(400)
        places = append(store, b"before" * 20, secret, b"after" * 20)
        assert secret in (store.directory / NAME).read_bytes()  # what is random is stored as it is
        store.erase([places[1]])
        assert all(secret not in path.read_bytes() for path in store.directory.iterdir())
        assert read(store, places[0]) == b"before" * 20
        assert read(store, places[2]) == b"after" * 20
        with pytest.raises(PayloadLostError, match="erased"):
            read(store, places[1])
        assert not Erasure.objects.exists()

    def test_a_reader_that_remembers_the_block_does_not_give_the_payload(self, store: PayloadStore) -> None:
        (place,) = append(store, b"secret")
        reader = PayloadStore(store.directory)
        assert read(reader, place) == b"secret"
        store.erase([place])
        with pytest.raises(PayloadLostError):
            read(reader, place)

    def test_while_another_has_the_file_open(self, store: PayloadStore) -> None:
        (place, other) = append(store, os.urandom(100), b"other")
        eraser = PayloadStore(store.directory)
        eraser.erase([place])
        (later,) = append(store, b"later")
        assert read(store, other) == b"other"
        assert read(eraser, later) == b"later"
        with pytest.raises(PayloadLostError):
            read(store, place)

    def test_what_a_kill_interrupted_is_overwritten_by_the_clock(self, store: PayloadStore) -> None:
        secret = os.urandom(400)
        (place,) = append(store, secret)
        block = PayloadBlock.objects.get(pk=place.block)
        Erasure.objects.create(file=block.file, offset=block.offset, length=block.length)
        overwrite_erased(store.directory)
        assert secret not in (store.directory / NAME).read_bytes()
        assert not Erasure.objects.exists()

    def test_of_a_file_that_retention_has_removed_nothing_is_left_to_do(self, store: PayloadStore) -> None:
        Erasure.objects.create(file="2026-01-01.1.0", offset=0, length=10)
        overwrite_erased(store.directory)
        assert not Erasure.objects.exists()
