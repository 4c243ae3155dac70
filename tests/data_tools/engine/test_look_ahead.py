"""A step done ahead gives what a loop gives: the order, the failures, and the same file whatever is done ahead."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_tools.engine.limits import Limits
from data_tools.engine.look_ahead import look_ahead
from data_tools.errors import ProcessingCancelledError, UnreadableFileError
from tests.data_tools.engine.files import HEADER, daily_rows, process, process_bytes, table

PATIENCE_S = 60


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.mark.parametrize("most", [0, 1, 2, 7])
def test_results_come_in_the_order_of_the_items(most: int, executor: ThreadPoolExecutor) -> None:
    assert list(look_ahead(range(50), lambda n: n * n, executor, most=most)) == [n * n for n in range(50)]


@pytest.mark.parametrize("most", [1, 2, 7])
def test_no_more_items_are_drawn_than_may_be_begun(most: int, executor: ThreadPoolExecutor) -> None:
    drawn = 0

    def items() -> Iterator[int]:
        nonlocal drawn
        for n in range(40):
            drawn += 1
            yield n

    for given_before, _ in enumerate(look_ahead(items(), abs, executor, most=most)):
        assert drawn <= given_before + 1 + most


def test_the_next_is_worked_on_while_the_last_is_used(executor: ThreadPoolExecutor) -> None:
    begun = [threading.Event() for _ in range(3)]
    threads: set[int] = set()

    def step(n: int) -> int:
        threads.add(threading.get_ident())
        begun[n].set()
        return n

    results = look_ahead(range(3), step, executor, most=2)
    assert next(results) == 0
    assert begun[1].wait(PATIENCE_S)
    assert list(results) == [1, 2]
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("most", [0, 1, 2, 7])
def test_a_failure_comes_in_its_turn_and_the_first_one_counts(
    most: int, executor: ThreadPoolExecutor
) -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise OSError("the sixth item")

    def step(n: int) -> int:
        if n == 4:
            raise ValueError("the fifth step")
        return n

    results = look_ahead(items(), step, executor, most=most)
    assert list(islice(results, 4)) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="the fifth step"):
        next(results)
    others = look_ahead(items(), abs, executor, most=most)
    assert list(islice(others, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(OSError, match="the sixth item"):
        next(others)


def outcome(content: bytes, limits: Limits) -> dict[str, object]:
    """All that comes of a file: the result and the table, or the refusal with its place."""
    with TemporaryDirectory() as folder:
        try:
            result, written = process_bytes(Path(folder), content, limits=limits)
        except UnreadableFileError as error:
            return {"code": error.code, **error.details}
        values = pl.read_parquet(written)
        # Bit for bit: a NaN equals itself, 0.0 is not -0.0.
        numbers = values.select(pl.selectors.float().reinterpret(signed=True)).to_dict(as_series=False)
        others = values.select(~pl.selectors.float()).to_dict(as_series=False)
        return replace(result, duration_s=0.0).to_dict() | {"numbers": numbers, "others": others}


ODD_ROWS = st.sampled_from(
    [
        "",
        "# a remark",
        ",,",
        "2002-01-01,NA,5.0",
        '2002-01-02,"1,234.5",5.0',
        "2002-01-03, 7.5 ,5.0",
        "2002-01-04,-999,5.0",
        "2002-01-05,five,5.0",
        "2002-01-06,5.0",
        "2002-01-07,5.0,5.0,5.0",
        "2002-02-30,5.0,5.0",
        '2002-01-08,"5.0,5.0',
        "2002-01-09,5.0,\0",
        "1999-01-01,1e3,5.0",
        "2002-01-10,=A1,5.0",
        "2002-01-11,5.0,°",
    ]
)


@given(
    odd=st.dictionaries(st.integers(0, 119), ODD_ROWS, max_size=4),
    chunk_bytes=st.integers(40, 1_200),
    ahead=st.integers(1, 4),
    encoding=st.sampled_from(["utf-8", "cp1252"]),
)
@settings(max_examples=25, deadline=None)
def test_a_file_comes_out_the_same_whatever_is_parsed_ahead(
    odd: dict[int, str], chunk_bytes: int, ahead: int, encoding: str
) -> None:
    rows = daily_rows(120)
    for at in sorted(odd):
        rows.insert(at, odd[at])
    content = "\n".join([HEADER, *rows, ""]).encode(encoding)
    one_by_one = outcome(content, Limits(chunk_bytes=chunk_bytes, block_rows=32, chunks_ahead=0))
    assert outcome(content, Limits(chunk_bytes=chunk_bytes, block_rows=32, chunks_ahead=ahead)) == one_by_one


def test_an_error_in_a_chunk_read_ahead_does_not_hide_the_first(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        process_bytes(tmp_path, broken_beyond_the_sample(), limits=Limits(chunk_bytes=10_000))
    assert (caught.value.code, caught.value.row) == ("text_in_number", 58_002)


def broken_beyond_the_sample() -> bytes:
    """Text among numbers in line 58,002 and, in the next chunk of 10,000 bytes, a NUL byte."""
    rows = daily_rows(60_000)
    rows[58_000] = rows[58_000].replace(",", ",ten", 1)
    rows[58_500] += "\0"
    return table(rows)


def test_no_thread_stays_after_a_file_is_done_refused_or_cancelled(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(table(daily_rows(1_000)))
    small = Limits(chunk_bytes=1_000, block_rows=20)
    process(source, limits=small)
    assert readers() == []
    polls = iter([False, False, True])
    with pytest.raises(ProcessingCancelledError):
        process(source, limits=small, should_stop=lambda: next(polls))
    assert readers() == []
    with pytest.raises(UnreadableFileError):
        process_bytes(tmp_path, broken_beyond_the_sample(), limits=Limits(chunk_bytes=10_000))
    assert readers() == []


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("csv-reader")]
