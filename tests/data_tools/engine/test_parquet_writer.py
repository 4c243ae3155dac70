"""Frames become one file, drawn where the caller stands; neither a failing maker nor a failing disk leaves a thread."""

import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from data_tools.engine.limits import Limits
from data_tools.engine.parquet_writer import write_parquet
from tests.data_tools.engine.files import daily_rows, process, table

SCHEMA = pl.Schema({"row": pl.Int64()})


def frames(count: int) -> Iterator[pl.DataFrame]:
    for number in range(count):
        yield pl.DataFrame({"row": range(number * 10, number * 10 + 10)})


def writers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("parquet-writer")]


def test_the_frames_stand_in_the_file_in_their_order(tmp_path: Path) -> None:
    write_parquet(frames(50), SCHEMA, tmp_path / "table.parquet", row_group_rows=20)
    assert pl.read_parquet(tmp_path / "table.parquet")["row"].to_list() == list(range(500))
    assert writers() == []


def test_no_frame_makes_a_table_without_rows(tmp_path: Path) -> None:
    write_parquet(frames(0), SCHEMA, tmp_path / "table.parquet", row_group_rows=20)
    assert pl.read_parquet(tmp_path / "table.parquet").schema == SCHEMA


def test_an_exception_of_the_frames_comes_out_as_it_is(tmp_path: Path) -> None:
    own = LookupError("no more of them")

    def broken() -> Iterator[pl.DataFrame]:
        yield from frames(30)
        raise own

    with pytest.raises(LookupError) as caught:
        write_parquet(broken(), SCHEMA, tmp_path / "table.parquet", row_group_rows=20)
    assert caught.value is own
    assert writers() == []


def test_a_file_that_cannot_be_written_ends_the_drawing(tmp_path: Path) -> None:
    drawn = []

    def endless() -> Iterator[pl.DataFrame]:
        while True:
            drawn.append(1)
            yield pl.DataFrame({"row": [1]})

    with pytest.raises(OSError, match="irectory"):
        write_parquet(endless(), SCHEMA, tmp_path, row_group_rows=20)
    assert drawn
    assert writers() == []


def test_a_frame_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = iter([pl.DataFrame({"row": ["text"]})] * 30)
    with pytest.raises(pl.exceptions.PolarsError):
        write_parquet(other, SCHEMA, tmp_path / "table.parquet", row_group_rows=20)
    assert writers() == []


def test_failing_again_and_again_never_waits_for_ever(tmp_path: Path) -> None:
    """One of polars' threads may still be taking frames when the writing has failed: their end reaches all who take."""

    def fail_often() -> None:
        for _ in range(500):
            other = iter([pl.DataFrame({"row": ["text"]})] * 30)
            with pytest.raises(pl.exceptions.PolarsError):
                write_parquet(other, SCHEMA, tmp_path / "table.parquet", row_group_rows=20)

    # Were it to hang, it would hold neither this test nor the end of the process: a daemon.
    failing = threading.Thread(target=fail_often, daemon=True)
    failing.start()
    failing.join(60)
    assert not failing.is_alive()


@pytest.mark.parametrize("turned_round", [False, True], ids=["in order", "to be sorted"])
def test_progress_and_cancelling_are_asked_for_in_the_callers_thread(
    turned_round: bool, tmp_path: Path
) -> None:
    """They use a connection to the database, which belongs to its thread and is closed by it alone."""
    threads: set[int] = set()

    def told(*_: object) -> bool:
        threads.add(threading.get_ident())
        return False

    source = tmp_path / "upload"
    rows = daily_rows(500)
    source.write_bytes(table(rows[::-1] if turned_round else rows))
    process(source, limits=Limits(chunk_bytes=1_000, block_rows=20), report=told, should_stop=told)
    assert threads == {threading.get_ident()}
