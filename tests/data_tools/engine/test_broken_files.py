"""Every broken file gives a message that names the place and the way out, quickly, and leaves nothing behind."""

import gzip
import io
import json
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from data_tools.engine.limits import Limits
from data_tools.errors import UnreadableFileError
from tests.data_tools.engine.files import HEADER, daily_rows, of_kind, process, process_bytes, table

ROWS = daily_rows(40)
WITH_SIGN = "date,discharge [m³/s],tmax_c"


def replaced(line: int, row: str, rows: list[str] = ROWS) -> bytes:
    """The valid table with the given line of the file (header is line 1) replaced."""
    changed = list(rows)
    changed[line - 2] = row
    return table(changed)


def xlsx() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def broken_parquet() -> bytes:
    whole = parquet(pl.DataFrame({"date": ["2000-01-01", "2000-01-02"] * 500, "q": [1.0, 2.0] * 500}))
    return whole[: len(whole) // 2]


# name: (content, code, line, parts of the message)
BROKEN: dict[str, tuple[Callable[[], bytes], str, int | None, tuple[str, ...]]] = {
    "empty": (lambda: b"", "empty_file", None, ("empty",)),
    "only blanks": (lambda: b" \n\n\t\n", "empty_file", None, ("blanks",)),
    "header only": (lambda: table([]), "header_only", 1, ("no rows of data",)),
    "only one row": (lambda: table(ROWS[:1]), "too_few_rows", 2, ("only 1 row", "line 2")),
    "binary": (lambda: random.Random(1).randbytes(20_000), "binary", None, ("control codes", "CSV")),
    "image": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(500), "binary", None, ("PNG",)),
    "xlsx named csv": (xlsx, "spreadsheet", None, ("Excel", "Export")),
    "web page": (
        lambda: b"<!DOCTYPE html><html><body>503</body></html>",
        "html",
        1,
        ("web page", "download"),
    ),
    "json": (lambda: json.dumps([{"date": "2000-01-01", "q": 1.5}]).encode(), "json", 1, ("JSON",)),
    "bytes of another encoding": (
        lambda: table(ROWS, WITH_SIGN).replace(ROWS[20].encode(), ROWS[20].encode() + b"\xb0"),
        "wrong_encoding",
        22,
        ("Line 22", "0xB0", "UTF-8"),
    ),
    "mixed date formats": (
        lambda: replaced(25, "24.01.2000,10.0,15.0"),
        "mixed_dates",
        25,
        ("Line 25", "24.01.2000", "dd.mm.yyyy", "yyyy-mm-dd", "'date'"),
    ),
    "a day that does not exist": (
        lambda: replaced(12, "2001-02-30,10.0,15.0"),
        "impossible_date",
        12,
        ("2001-02-30", "Line 12", "calendar"),
    ),
    "a word for a date": (
        lambda: replaced(12, "soon,10.0,15.0"),
        "unparsable_date",
        12,
        ("'soon'", "Line 12"),
    ),
    "a row of totals": (
        lambda: table([*ROWS, ",400.0,600.0"]),
        "missing_date",
        42,
        ("Line 42", "no date", "totals"),
    ),
    "date out of range": (
        lambda: replaced(9, "9999-12-31,10.0,15.0"),
        "date_out_of_range",
        9,
        ("9999-12-31", "1700 to 2200"),
    ),
    "too many cells": (
        lambda: replaced(30, ROWS[28] + ",7"),
        "ragged_rows",
        30,
        ("Line 30", "4 values", "3 columns"),
    ),
    "too few cells": (lambda: replaced(31, "2000-01-30,10.0"), "ragged_rows", 31, ("Line 31", "2 values")),
    "too many and too few": (
        lambda: replaced(30, ROWS[28] + ",7").replace(ROWS[35].encode(), b"2000-02-05,10.0"),
        "ragged_rows",
        30,
        ("4 values",),
    ),
    "more columns than names": (
        lambda: table(ROWS, "date,discharge_m3s"),
        "ragged_rows",
        2,
        ("names 2 columns", "3 values"),
    ),
    "ten thousand columns": (
        lambda: (
            "date,"
            + ",".join(f"c{i}" for i in range(9_999))
            + "\n"
            + ("2000-01-01" + ",1" * 9_999 + "\n") * 3
        ).encode(),
        "too_many_columns",
        1,
        ("10,000 columns", "1,000"),
    ),
    "formula": (
        lambda: replaced(7, '2000-01-06,"=HYPERLINK(""http://evil.example"")",15.0'),
        "formula",
        7,
        ("=HYPERLINK", "discharge_m3s", "values"),
    ),
    "at sign": (lambda: replaced(7, "2000-01-06,@SUM(A1:A9),15.0"), "formula", 7, ("@SUM",)),
    "formula in a remark": (
        lambda: table(
            [f"{row},{'=1+1' if i == 4 else 'ok'}" for i, row in enumerate(ROWS)], HEADER + ",remark"
        ),
        "formula",
        6,
        ("'remark'",),
    ),
    "text in a number": (
        lambda: replaced(33, "2000-02-01,ten,15.0"),
        "text_in_number",
        33,
        ("Line 33", "'ten'", "'discharge_m3s'"),
    ),
    "NUL byte": (lambda: replaced(18, "2000-01-17,1\x000.0,15.0"), "nul_byte", 18, ("Line 18", "NUL")),
    "unclosed quotation mark in the header": (
        lambda: table(ROWS).replace(HEADER.encode(), b'date,"discharge_m3s,tmax_c', 1),
        "unclosed_quote",
        1,
        ("line 1", "Close or remove"),
    ),
    "only one row, without a line break at its end": (
        lambda: table(ROWS[:1]).rstrip(b"\n"),
        "too_few_rows",
        2,
        ("only 1 row", "line 2"),
    ),
    "unclosed quotation mark": (
        lambda: replaced(5, '2000-01-04,"10.0,15.0'),
        "unclosed_quote",
        5,
        ("line 5",),
    ),
    "no dates": (
        lambda: ("station,q\n" + "".join(f"A{i},{i}.5\n" for i in range(20))).encode(),
        "no_date_column",
        2,
        ("'station'", "'q'", "year, month"),
    ),
    "one name twice": (lambda: table(ROWS, "date,q,q"), "duplicate_column", 1, ("same name 'q'",)),
    "nothing but missing values": (
        lambda: table([f"{row.split(',')[0]},-999,NA" for row in ROWS]),
        "no_numbers",
        None,
        ("missing",),
    ),
    "one column": (lambda: b"q\n" + b"1.5\n" * 50, "no_table", 1, ("separated",)),
    "truncated gzip": (
        lambda: gzip.compress(table(daily_rows(3000)))[:-4000],
        "truncated_gzip",
        None,
        ("ends too early",),
    ),
    "damaged gzip": (
        lambda: (
            (
                data := bytearray(gzip.compress(table(daily_rows(3000)))),
                data.__setitem__(slice(99, 140), bytes(41)),
            )
            and bytes(data)
        ),
        "broken_gzip",
        None,
        ("damaged",),
    ),
    "corrupt parquet": (broken_parquet, "corrupt_parquet", None, ("damaged",)),
    "parquet with nested columns": (
        lambda: parquet(pl.DataFrame({"date": ["2000-01-01", "2000-01-02"], "q": [[1.0], [2.0]]})),
        "nested_columns",
        None,
        ("'q'", "nested"),
    ),
    "parquet without dates": (
        lambda: parquet(pl.DataFrame({"q": [1.5, 2.5]})),
        "no_date_column",
        None,
        ("'q'",),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_with_its_place_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    content, code, line, parts = BROKEN[name]
    with pytest.raises(UnreadableFileError) as caught:
        process_bytes(tmp_path, content())
    error = caught.value
    assert (error.code, error.row) == (code, line)
    for part in parts:
        assert part in str(error)
    assert error.way_out in str(error)
    assert_nothing_left(tmp_path)


def assert_nothing_left(folder: Path) -> None:
    left = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.name for path in left] == ["upload"]
    assert [path.name for path in (folder / "out").iterdir()] == [] if (folder / "out").exists() else True


def test_the_first_of_two_errors_is_told_whatever_the_chunks(tmp_path: Path) -> None:
    content = replaced(30, ROWS[28] + ",7").replace(ROWS[10].encode(), b"2000-01-11,ten,15.0")
    told = set()
    for size in (64, 500, 1 << 20):
        with pytest.raises(UnreadableFileError) as caught:
            process_bytes(tmp_path, content, limits=Limits(chunk_bytes=size))
        told.add(str(caught.value))
    assert len(told) == 1
    assert "Line 12" in told.pop()


def test_text_far_down_a_long_file_is_named_with_its_line(tmp_path: Path) -> None:
    rows = [f"2000-01-01 {i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02},{i % 7}.5" for i in range(86_400)]
    days = [row.replace("2000-01-01", f"2000-01-{day:02}") for day in range(1, 10) for row in rows]
    days[699_998] = days[699_998].rsplit(",", 1)[0] + ",ice jam"
    with pytest.raises(UnreadableFileError) as caught:
        process_bytes(tmp_path, table(days, "time,stage_m"))
    assert (caught.value.code, caught.value.row, caught.value.value) == ("text_in_number", 700_000, "ice jam")
    assert "Line 700,000" in str(caught.value)
    assert_nothing_left(tmp_path)


def test_a_line_without_end_is_refused_without_holding_it(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    with source.open("wb") as file:
        file.write(table(daily_rows(10_000)))
        file.seek(400 << 20)
        file.write(b"7")
    tracemalloc.start()
    with pytest.raises(UnreadableFileError) as caught:
        process(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (caught.value.code, caught.value.row) == ("line_too_long", 10_002)
    assert peak < 40 << 20
    assert_nothing_left(tmp_path)


def test_a_long_line_of_text_is_refused_at_the_limit(tmp_path: Path) -> None:
    content = table(ROWS) + b"7" * 3_000_000
    with pytest.raises(UnreadableFileError) as caught:
        process_bytes(tmp_path, content)
    assert (caught.value.code, caught.value.row) == ("line_too_long", 42)
    with pytest.raises(UnreadableFileError, match="Line 42 is longer"):
        process_bytes(tmp_path, content + b"\n" + ROWS[0].encode() + b"\n")


@pytest.mark.parametrize(
    "limits",
    [Limits(decompression_ratio=20, ratio_checked_from_bytes=1 << 20), Limits(decompressed_bytes=4 << 20)],
    ids=["ratio", "size"],
)
def test_a_gzip_bomb_is_stopped_by_ratio_and_by_size(limits: Limits, tmp_path: Path) -> None:
    bomb = gzip.compress(table(ROWS) + (ROWS[-1] + "\n").encode() * 400_000)
    tracemalloc.start()
    with pytest.raises(UnreadableFileError) as caught:
        process_bytes(tmp_path, bomb, limits=limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "gzip_bomb"
    assert "unpacked" in caught.value.way_out
    assert peak < 40 << 20
    assert_nothing_left(tmp_path)


def test_a_column_without_any_value_is_a_finding_and_no_error(tmp_path: Path) -> None:
    result, _ = process_bytes(tmp_path, table([f"{row}," for row in ROWS], HEADER + ",precipitation_mm"))
    (finding,) = of_kind(result, "all_missing")
    assert finding.column == "precipitation_mm"
    assert "'precipitation_mm' has no value in any of the 40 rows" in finding.message
