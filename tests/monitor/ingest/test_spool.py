import os
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.ingest.spool import AsideShelf, RecordMeta, SpoolReader, SpoolWriter, spool_depth
from monitor.ingest.spool.segment import list_segments, segments_directory

MIB = 1024 * 1024


def write(spool, *bodies, close=True, **options):
    writer = SpoolWriter(spool, min_free_bytes=0, **options)
    for number, body in enumerate(bodies):
        writer.append(RecordMeta(1, 1700000000.0 + number, event_id=f"{number:032x}"), body)
    if close:
        writer.close()
    return writer


@pytest.fixture
def read():
    """Makes readers, and closes them at the end."""
    with ExitStack() as stack:
        yield lambda spool, **options: stack.enter_context(SpoolReader(spool, **options))


def bodies_of(batch):
    return [record.body for record in batch.records]


def segment_paths(spool):
    return [segments_directory(spool) / name for name in list_segments(spool)]


def test_what_is_written_is_read_in_order_and_gone_when_done(tmp_path, read):
    write(tmp_path, b"one", b"", b"three")
    reader = read(tmp_path)

    batch = reader.claim()

    assert bodies_of(batch) == [b"one", b"", b"three"]
    assert batch.records[0].meta.received_at == 1700000000.0
    assert len({record.id for record in batch.records}) == 3
    assert reader.done(batch) == list(batch.positions)
    assert reader.claim() is None
    assert spool_depth(tmp_path).segments == 0


def test_a_segment_that_is_being_written_is_not_claimed(tmp_path, read):
    writer = write(tmp_path, b"one", close=False)
    reader = read(tmp_path)

    assert reader.claim() is None
    writer.rotate()
    assert bodies_of(reader.claim()) == [b"one"]


def test_batches_are_bounded_and_go_on_within_a_segment(tmp_path, read):
    write(tmp_path, *[b"x" * 100] * 10)
    reader = read(tmp_path)
    sizes = []

    while (batch := reader.claim(max_records=4, max_bytes=250)) is not None:
        sizes.append(len(batch.records))
        reader.done(batch)

    assert sizes == [3, 3, 3, 1]
    assert list_segments(tmp_path) == []


def test_two_readers_never_have_the_same_records(tmp_path, read):
    for name in (b"a", b"b", b"c"):
        write(tmp_path, name)
    first, second = read(tmp_path), read(tmp_path)

    one = first.claim(max_records=1)
    two = second.claim()

    assert sorted(bodies_of(one) + bodies_of(two)) == [b"a", b"b", b"c"]
    assert read(tmp_path).claim() is None


def test_what_a_dead_reader_had_claimed_comes_again(tmp_path, read):
    write(tmp_path, b"one", b"two")
    dead = read(tmp_path)
    dead.done(dead.claim(max_records=1))
    assert bodies_of(dead.claim()) == [b"two"]
    dead.close()

    assert bodies_of(read(tmp_path).claim()) == [b"one", b"two"]


def test_positions_kept_by_the_reader_make_delivery_exactly_once(tmp_path, read):
    write(tmp_path, b"one", b"two", b"three")
    positions: dict[str, int] = {}
    killed = read(tmp_path, position_of=positions.get)
    batch = killed.claim(max_records=2)
    positions.update(batch.positions)
    killed.close()
    after = read(tmp_path, position_of=positions.get)

    rest = after.claim()

    assert bodies_of(rest) == [b"three"]
    positions.update(rest.positions)
    after.close()
    assert read(tmp_path, position_of=positions.get).claim() is None
    assert list_segments(tmp_path) == []


def test_a_batch_that_is_released_is_given_again(tmp_path, read):
    write(tmp_path, b"one", b"two")
    reader = read(tmp_path)
    reader.done(reader.claim(max_records=1))

    reader.release(reader.claim())

    assert bodies_of(reader.claim()) == [b"two"]


def test_a_batch_must_be_done_before_the_next(tmp_path, read):
    write(tmp_path, b"one", b"two")
    reader = read(tmp_path)
    reader.claim(max_records=1)

    with pytest.raises(RuntimeError):
        reader.claim()


def test_a_torn_tail_is_left_out_and_all_before_it_is_read(tmp_path, read):
    write(tmp_path, b"one", b"two", b"three" * 100)
    (path,) = segment_paths(tmp_path)
    os.truncate(path, path.stat().st_size - 7)
    reader = read(tmp_path)

    batch = reader.claim()

    assert bodies_of(batch) == [b"one", b"two"]
    assert [damage.kept_as for damage in batch.damages] == [None]
    reader.done(batch)
    assert list_segments(tmp_path) == []


def test_a_damaged_record_in_the_middle_is_kept_aside_and_the_rest_is_read(tmp_path, read):
    write(tmp_path, b"one", b"two" * 1000, b"three")
    (path,) = segment_paths(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    reader = read(tmp_path)

    batch = reader.claim()

    assert bodies_of(batch) == [b"one", b"three"]
    (aside,) = reader.aside.records()
    assert batch.damages[0].kept_as == aside.name
    assert "damaged bytes" in aside.reason
    assert (aside.record, aside.size) == (None, batch.damages[0].size)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=20))
def test_no_damage_stops_the_reader_or_gives_a_wrong_record(tmp_path_factory, read, position, junk):
    spool = tmp_path_factory.mktemp("spool")
    written = [bytes([65 + number]) * (number * 40) for number in range(6)]
    write(spool, *written)
    (path,) = segment_paths(spool)
    data = bytearray(path.read_bytes())
    position %= len(data)
    data[position : position + len(junk)] = junk
    path.write_bytes(data)
    reader = read(spool)

    found = []
    while (batch := reader.claim(max_records=2)) is not None:
        found += bodies_of(batch)
        reader.done(batch)

    assert len(found) >= 4
    assert all(body in written for body in found)
    assert list_segments(spool) == []


def test_segments_are_closed_at_their_size(tmp_path):
    write(tmp_path, *[b"x" * 600] * 5, segment_bytes=1000, close=False)

    assert len(list_segments(tmp_path)) == 3


def test_a_record_set_aside_is_listed_with_its_reason_retried_and_discarded(tmp_path, read):
    write(tmp_path, b"poison")
    reader = read(tmp_path)
    batch = reader.claim()
    name = reader.set_aside(batch.records[0], "ValueError: cannot be grouped")
    reader.done(batch)
    shelf = AsideShelf(tmp_path)
    (aside,) = shelf.records()

    assert (aside.name, aside.reason) == (name, "ValueError: cannot be grouped")
    assert aside.record.body == b"poison"
    shelf.retry(name)
    assert shelf.records() == []
    again = reader.claim()
    assert again.records[0].meta == batch.records[0].meta
    assert again.records[0].id != batch.records[0].id
    with pytest.raises(KeyError):
        shelf.retry(name)


def test_poison_without_end_floods_no_disk(tmp_path, monkeypatch, read):
    monkeypatch.setattr("monitor.ingest.spool.aside._KEPT_MAX", 3)
    write(tmp_path, *[b"poison"] * 5)
    reader = read(tmp_path)

    for number, record in enumerate(reader.claim().records):
        reader.set_aside(record, f"reason {number}")

    assert [one.reason for one in reader.aside.records()] == ["reason 2", "reason 3", "reason 4"]
    assert reader.aside.evicted == 2


def test_the_spool_is_readable_by_its_owner_only(tmp_path):
    write(tmp_path / "spool", b"one")
    (path,) = segment_paths(tmp_path / "spool")

    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_what_a_killed_writer_had_begun_to_make_is_swept_after_an_hour(tmp_path, read):
    write(tmp_path, b"one")
    begun = segments_directory(tmp_path) / ".new-1-2-3.segment"
    begun.touch()
    read(tmp_path)
    assert begun.exists()
    os.utime(begun, (0, 0))

    assert bodies_of(read(tmp_path).claim()) == [b"one"]
    assert not begun.exists()
