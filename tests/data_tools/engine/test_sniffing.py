"""What is recognised in the layout of a file, and that nothing but a clear refusal comes of any bytes."""

import datetime
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_tools.engine.limits import Limits
from data_tools.engine.sniffing import sniff
from data_tools.errors import UnreadableFileError
from tests.data_tools.engine.files import daily_rows, of_kind, process_bytes, table

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, content: bytes, limits: Limits | None = None) -> pl.DataFrame:
    return pl.read_parquet(process_bytes(folder, content, limits=limits or Limits())[1])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["2000-01-31", "2000-02-01", "2000-02-02"], "yyyy-mm-dd"),
        (["31.1.2000", "1.2.2000", "2.2.2000"], "dd.mm.yyyy"),
        (["31/01/2000", "01/02/2000", "02/02/2000"], "dd/mm/yyyy"),
        (["01/31/2000", "02/01/2000", "02/02/2000"], "mm/dd/yyyy"),
        (["20000131", "20000201", "20000202"], "yyyymmdd"),
        (["31-Jan-2000", "01-Feb-2000", "02-Feb-2000"], "dd-Mon-yyyy"),
        (["2000-01-31 00:00", "2000-02-01 00:00", "2000-02-02 00:00"], "yyyy-mm-dd hh:mm"),
        (["2000-01-31T00:00:00Z", "2000-02-01T00:00:00Z", "2000-02-02T00:00:00Z"], "yyyy-mm-ddThh:mm:ssZ"),
    ],
)
def test_dates_are_read_in_every_usual_format(written: list[str], expected: str, tmp_path: Path) -> None:
    result, parquet = process_bytes(
        tmp_path, table([f"{day},{i}.5" for i, day in enumerate(written)], "date,q_m3s")
    )
    assert result.reading["date_format"] == expected
    assert pl.read_parquet(parquet)["date"].to_list() == [
        datetime.date(2000, 1, 31),
        datetime.date(2000, 2, 1),
        datetime.date(2000, 2, 2),
    ]
    assert result.time_step == "daily"


def test_day_or_month_first_is_settled_by_a_date_far_down(tmp_path: Path) -> None:
    # Twelve ambiguous months fill the sample; the thirteenth day comes after it.
    days = [
        f"{month:02}/{day:02}/{year}"
        for year in range(1900, 1990)
        for month in range(1, 13)
        for day in range(1, 13)
    ]
    rows = [f"{day},1.5" for day in days] + ["01/13/1990,2.5"]
    frame = read(tmp_path, table(rows, "date,q_m3s"))
    assert frame["date"][0] == datetime.date(1900, 1, 1)
    assert frame["date"][-1] == datetime.date(1990, 1, 13)
    monthly = [f"01/{month:02}/{year},{month}.5" for year in range(2000, 2004) for month in range(1, 13)]
    result, _ = process_bytes(tmp_path, table(monthly, "date,q_m3s"))
    assert (result.time_step, result.reading["date_format"]) == ("monthly", "dd/mm/yyyy")


def test_year_month_and_day_in_columns_of_their_own(tmp_path: Path) -> None:
    rows = [f"2000,{i // 28 + 1},{i % 28 + 1},12,{i}.5" for i in range(56)]
    result, parquet = process_bytes(tmp_path, table(rows, "Year,Mnth,Day,Hr,prcp(mm/day)"))
    frame = pl.read_parquet(parquet)
    assert frame["date"].dtype == pl.Date
    assert frame["date"][28] == datetime.date(2000, 2, 1)
    assert result.date_column == "Year, Mnth, Day"


def test_a_date_and_a_clock_column_make_hourly_time_stamps(tmp_path: Path) -> None:
    rows = [f"2000-01-0{i // 24 + 1},{i % 24}:00,{i}" for i in range(48)]
    result, parquet = process_bytes(tmp_path, table(rows, "date,time,stage_cm"))
    frame = pl.read_parquet(parquet)
    assert (result.time_step, result.time_step_s) == ("hourly", 3600)
    assert frame["date"][25] == datetime.datetime(2000, 1, 2, 1)
    assert frame["water_level_m"][25] == pytest.approx(0.25)


def test_a_german_file_with_preamble_and_unit_row(tmp_path: Path) -> None:
    lines = ["Pegel Köln", "Quelle: WSV", "Datum;Abfluss;Niederschlag;Bemerkung", ";m³/s;mm;"]
    lines += [f"{day:02}.01.2000;1.234,5;{day},25;geprüft" for day in range(1, 29)]
    for encoding in ("cp1252", "utf-8-sig", "utf-16", "utf-16-be"):
        result, parquet = process_bytes(
            tmp_path, "\r\n".join([*lines, ""]).encode(encoding), limits=Limits(chunk_bytes=101)
        )
        frame = pl.read_parquet(parquet)
        assert frame.columns == ["date", "discharge_m3s", "precipitation_mm", "bemerkung"]
        assert frame.row(2) == (datetime.date(2000, 1, 3), 1234.5, 3.25, "geprüft")
        assert result.reading["header_row"] == 3
        assert (result.reading["delimiter"], result.reading["decimal"]) == (";", ",")


def test_a_file_of_the_geological_survey(tmp_path: Path) -> None:
    head = "# U.S. Geological Survey\n#\nagency_cd\tsite_no\tdatetime\t01_00060_00003\t01_00060_00003_cd\n"
    body = "5s\t15s\t20d\t14n\t10s\n" + "".join(
        f"USGS\t01022500\t2000-01-{day:02}\t{'Ice' if day == 9 else day * 10}\tA\n" for day in range(1, 29)
    )
    result, parquet = process_bytes(tmp_path, (head + body).encode())
    frame = pl.read_parquet(parquet)
    assert frame["discharge_m3s"][0] == pytest.approx(10 * 0.028316846592)
    (ice,) = of_kind(result, "missing_code")
    assert (ice.rows, ice.count) == ((13,), 1)
    assert [column.role for column in result.columns] == ["date", "flag", "other", "discharge", "flag"]


def test_a_file_without_header_and_with_old_line_ends(tmp_path: Path) -> None:
    frame = read(tmp_path, b"2000-01-01\t1.5\t2\r2000-01-02\t2.5\t3\r2000-01-03\t3.5\t4\r")
    assert frame.columns == ["date", "column_2", "column_3"]
    assert frame["column_2"].to_list() == [1.5, 2.5, 3.5]


def test_two_rows_are_a_series_with_or_without_a_line_break_at_the_end(tmp_path: Path) -> None:
    for end in ("", "\n"):
        result, _ = process_bytes(tmp_path, f"date,q\n2000-01-01,1\n2000-01-02,3{end}".encode())
        assert result.rows == 2


def test_thousands_separators_and_quoted_delimiters(tmp_path: Path) -> None:
    rows = [f'2000-01-{day:02},"1,{day:03}.5","gauge, left bank"' for day in range(1, 20)]
    frame = read(tmp_path, table(rows, "date,q_m3s,remark"))
    assert frame.row(4) == (datetime.date(2000, 1, 5), 1005.5, "gauge, left bank")


def test_a_column_empty_at_first_may_turn_out_to_be_text(tmp_path: Path) -> None:
    rows = [f"{row},{'moved' if i == 29_990 else ''}" for i, row in enumerate(daily_rows(30_000))]
    frame = read(tmp_path, table(rows, "date,q_m3s,tmax_c,notes"))
    assert frame["notes"].drop_nulls().to_list() == ["moved"]


# Within what is no missing-value code.
NUMBERS = st.one_of(st.none(), st.floats(-98, 900).map(lambda value: round(value, 3)))


@QUICK
@given(
    columns=st.lists(st.lists(NUMBERS, min_size=12, max_size=12), min_size=1, max_size=4),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    comma=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    day_first=st.booleans(),
    quoted=st.booleans(),
    chunk=st.integers(60, 4_000),
)
def test_what_is_written_in_any_dialect_is_read_back_equal(
    tmp_path: Path, columns: list[list[float | None]], delimiter: str, comma: bool, encoding: str, newline: str,
    day_first: bool, quoted: bool, chunk: int,
) -> None:  # fmt: skip
    comma = comma and delimiter != ","
    # Each column has one value with decimals, as real ones do: a file of whole numbers says nothing of its mark.
    columns = [[-0.125, *column, 7.25] for column in columns]
    dates = [datetime.date(2000, 1, 20) + datetime.timedelta(days=day) for day in range(14)]

    def cell(value: float | None) -> str:
        text = "" if value is None else f"{value:.3f}"
        text = text.replace(".", ",") if comma else text
        return f'"{text}"' if quoted and text else text

    lines = [delimiter.join(["Datum", *(f"größe{i}" for i in range(len(columns)))])]
    for row, day in enumerate(dates):
        date = day.strftime("%d.%m.%Y" if day_first else "%Y-%m-%d")
        lines.append(delimiter.join([date, *(cell(column[row]) for column in columns)]))
    content = newline.join([*lines, ""]).encode(encoding)
    frame = read(tmp_path, content, Limits(chunk_bytes=chunk, block_rows=5))
    assert frame["date"].to_list() == dates
    for index, column in enumerate(columns):
        assert frame.to_series(index + 1).to_list() == column


FRAGMENTS = st.sampled_from(
    [b"date", b"2000-01-01", b"31.12.1999", b",", b";", b"\t", b"\n", b"\r\n", b'"', b"1.5", b"1,5", b"-999", b"=", b"#",
     b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", "°".encode(), b"PAR1", b"\x1f\x8b", b"{", b"<html>", b"NaN", b"1e999"]
)  # fmt: skip


@QUICK
@given(st.one_of(st.binary(max_size=400), st.lists(FRAGMENTS, max_size=60).map(b"".join)))
def test_any_bytes_give_a_result_or_a_clear_refusal(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "upload"
    source.write_bytes(content)
    with suppress(UnreadableFileError):
        assert sniff(source).columns
    with suppress(UnreadableFileError):
        assert process_bytes(tmp_path, content)[0].rows >= 2
