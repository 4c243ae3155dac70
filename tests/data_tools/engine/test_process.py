"""The whole way of a file: values, findings, progress, cancelling, and the same result for any size of batch."""

import gzip
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data_tools.engine.limits import Limits
from data_tools.engine.result import ProcessingResult
from data_tools.errors import ProcessingCancelledError
from tests.data_tools.engine.files import daily_rows, of_kind, process, process_bytes, table

TINY = Limits(chunk_bytes=200, block_rows=7)


def flawed_table() -> bytes:
    """Three years with a flaw of each kind, at known lines."""
    random = np.random.default_rng(5)
    days = np.arange("2000-01-01", "2003-01-01", dtype="datetime64[D]").astype(str)
    count = len(days)
    q = np.round(np.exp(2 + random.normal(0, 0.2, count)), 3)
    low = np.round(10 + 8 * np.sin(np.arange(count) / 58) + random.normal(0, 1, count), 2)
    high = low + 6
    rain = np.round(np.where(random.random(count) < 0.3, random.exponential(4, count), 0), 1)
    q[100:130] = q[100]
    q[200:260] = np.round(q[200:260] * 35.3146667, 2)
    q[400] = 5_000.0
    q[500] = -3.0
    low[300] = 40.0
    high[600:640] = np.round(high[600:640] * 1.8 + 32, 2)
    rain[700] = -1.0
    cells = [
        [day, f"{a}", f"{b}", f"{c}", f"{d}"]
        for day, a, b, c, d in zip(days, rain, high, low, q, strict=True)
    ]
    for row in range(800, 840):
        cells[row][4] = ""
    cells[850][4] = "-999"
    cells[851][4] = "NA"
    del cells[900:931]
    lines = [",".join(row) for row in cells]
    return table(lines, "date,rain_mm,tmax_c,tmin_c,q_m3s")


def comparable(result: ProcessingResult) -> dict[str, object]:
    return replace(result, duration_s=0.0).to_dict()


def test_each_flaw_is_found_at_its_lines(tmp_path: Path) -> None:
    result, _ = process_bytes(tmp_path, flawed_table())
    by_kind = {finding.kind: finding for finding in result.findings}
    assert by_kind["constant_run"].rows[0] == 102
    assert by_kind["constant_run"].count == 30
    assert by_kind["negative_discharge"].rows == (502,)
    assert by_kind["negative_precipitation"].rows == (702,)
    assert by_kind["temperature_inverted"].rows[0] == 302
    assert by_kind["gap"].message.startswith("No rows for 31 days from 2002-06-19 to 2002-07-19: line 901 ")
    assert by_kind["spike"].rows == (402,)
    assert [(f.column, f.rows[0], f.count) for f in of_kind(result, "unit_suspect")] == [
        ("temperature_max_c", 602, 40),
        ("discharge_m3s", 202, 60),
    ]
    missing = [f for f in of_kind(result, "missing_values") if f.count == 40]
    assert [(f.start, f.end, f.rows[0]) for f in missing] == [("2002-03-11", "2002-04-19", 802)]
    assert sorted((f.rows, f.count) for f in of_kind(result, "missing_code")) == [((852,), 1), ((853,), 1)]


@pytest.mark.parametrize("limits", [TINY, Limits(chunk_bytes=4_001, block_rows=64)], ids=["tiny", "small"])
def test_the_size_of_batches_changes_nothing(limits: Limits, tmp_path: Path) -> None:
    whole, written = process_bytes(tmp_path, flawed_table())
    reference = pl.read_parquet(written)
    parts, written = process_bytes(tmp_path, flawed_table(), limits=limits)
    assert pl.read_parquet(written).equals(reference)
    assert parts.findings == whole.findings
    for a, b in zip(whole.columns, parts.columns, strict=True):
        assert replace(a, mean=None, std=None, sparkline=()) == replace(b, mean=None, std=None, sparkline=())
        if a.kind == "number":
            # Sums of floats in another order: equal but for the last digits.
            lines = [[value for value in profile.sparkline if value is not None] for profile in (a, b)]
            assert [a.mean, a.std, *lines[0]] == pytest.approx([b.mean, b.std, *lines[1]], rel=1e-5)


def test_figures_do_not_depend_on_how_the_bytes_arrive_and_go_through_json(tmp_path: Path) -> None:
    whole, _ = process_bytes(tmp_path, flawed_table())
    parts, _ = process_bytes(tmp_path, flawed_table(), limits=Limits(chunk_bytes=333))
    assert comparable(parts) == comparable(whole)
    assert ProcessingResult.from_dict(whole.to_dict()) == whole


def test_the_profile_is_that_of_the_values(tmp_path: Path) -> None:
    result, written = process_bytes(tmp_path, flawed_table(), limits=Limits(block_rows=50))
    frame = pl.read_parquet(written)
    for profile in result.columns[1:]:
        values = frame[profile.name].drop_nulls().to_numpy()
        assert profile.count == len(values)
        assert profile.missing == frame[profile.name].null_count()
        expected = [
            values.min(),
            *np.quantile(values, [0.25, 0.5, 0.75]),
            values.max(),
            values.mean(),
            values.std(ddof=1),
        ]
        figures = [
            profile.minimum,
            profile.q25,
            profile.median,
            profile.q75,
            profile.maximum,
            profile.mean,
            profile.std,
        ]
        assert figures == pytest.approx(expected)
        assert len(profile.sparkline) == 60


def test_rows_out_of_order_and_repeated_dates_are_put_right_and_told(tmp_path: Path) -> None:
    rows = daily_rows(400)
    moved = [*rows[:50], rows[60], *rows[50:60], *rows[61:], "2000-02-01,999.5,1.0"]
    result, written = process_bytes(tmp_path, table(moved))
    expected, reference = process_bytes(tmp_path, table(rows))
    assert pl.read_parquet(written).equals(pl.read_parquet(reference))
    (unsorted,) = of_kind(result, "unsorted")
    assert unsorted.rows == (53, 402)
    (repeated,) = of_kind(result, "duplicate_dates")
    assert repeated.rows == (402,)
    assert "line 402" in repeated.message
    assert result.columns == expected.columns


def test_lines_are_those_of_the_file_in_a_table_turned_round(tmp_path: Path) -> None:
    rows = daily_rows(300)
    rows[120] = rows[120].split(",")[0] + ",-5.0,10.0"
    result, _ = process_bytes(tmp_path, table(rows[::-1]), limits=TINY)
    (negative,) = of_kind(result, "negative_discharge")
    assert negative.rows == (300 - 120 + 1,)


def test_blank_lines_and_comments_keep_the_line_numbers_true(tmp_path: Path) -> None:
    rows = daily_rows(60)
    rows[40] = rows[40].split(",")[0] + ",-5.0,10.0"
    rows.insert(10, "")
    rows.insert(20, "# the gauge was moved, see the log")
    rows.insert(30, ",,")
    content = b"# a preamble\n# of two lines\n" + table(rows)
    for limits in (Limits(), TINY):
        result, _ = process_bytes(tmp_path, content, limits=limits)
        assert result.rows == 60
        assert of_kind(result, "negative_discharge")[0].rows == (40 + 1 + 1 + 2 + 3,)


def test_a_high_code_that_repeats_far_above_all_values_is_missing(tmp_path: Path) -> None:
    rows = daily_rows(200)
    for at in (20, 90):
        rows[at] = rows[at].split(",")[0] + ",9999,15.0"
    result, written = process_bytes(tmp_path, table(rows))
    (code,) = of_kind(result, "missing_code")
    assert code.rows == (22, 92)
    assert pl.read_parquet(written)["discharge_m3s"].null_count() == 2


def test_a_peak_of_9999_is_kept_where_the_river_is_large(tmp_path: Path) -> None:
    rows = [f"{row.split(',')[0]},{9000 + i * 7 % 1000},15" for i, row in enumerate(daily_rows(200))]
    rows[7] = rows[7].split(",")[0] + ",9999,15"
    result, _ = process_bytes(tmp_path, table(rows))
    assert of_kind(result, "missing_code") == []


def test_progress_follows_the_bytes_and_ends_at_a_hundred(tmp_path: Path) -> None:
    source = tmp_path / "upload.csv.gz"
    source.write_bytes(gzip.compress(table(daily_rows(5_000))))
    told: list[tuple[str, int]] = []
    process(source, limits=Limits(chunk_bytes=4_000, block_rows=100), report=lambda *step: told.append(step))
    percents = [percent for _, percent in told]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    assert len(set(percents)) > 10


def test_cancelling_stops_at_the_next_batch_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(table(daily_rows(1_000)))
    polls = iter([False, False, True])
    with pytest.raises(ProcessingCancelledError):
        process(source, limits=Limits(chunk_bytes=1_000, block_rows=20), should_stop=lambda: next(polls))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failed_reading_keeps_the_earlier_result(tmp_path: Path) -> None:
    _, written = process_bytes(tmp_path, table(daily_rows(30)))
    before = written.read_bytes()
    with pytest.raises(Exception, match="Line 3"):
        process_bytes(tmp_path, table(daily_rows(30)).replace(b"2000-01-02", b"2000-01-99"))
    assert written.read_bytes() == before


def test_parquet_is_read_like_text(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "time": pl.datetime_range(
                pl.datetime(2000, 1, 1), pl.datetime(2000, 3, 1), "1h", time_zone="UTC", eager=True
            ),
        }
    ).with_columns(pl.int_range(pl.len()).cast(pl.Int32).alias("Q [l/s]"), pl.lit("ok").alias("note"))
    source = tmp_path / "upload"
    frame.write_parquet(source)
    result, written = process(source, limits=Limits(block_rows=100))
    out = pl.read_parquet(written)
    assert result.time_step == "hourly"
    assert out.columns == ["date", "discharge_m3s", "note"]
    assert out["discharge_m3s"].to_list() == pytest.approx([i / 1000 for i in range(frame.height)])


@pytest.mark.shared
def test_a_real_catchment_has_its_missing_year_told_and_its_discharge_in_si(
    shared_data: Path, tmp_path: Path
) -> None:
    source = tmp_path / "upload"
    source.write_bytes((shared_data / "camels_01022500.csv").read_bytes())
    result, written = process(source)
    assert (result.rows, result.time_step, result.first_date, result.last_date) == (
        1461,
        "daily",
        "2000-01-01",
        "2003-12-31",
    )
    warnings = [finding for finding in result.findings if finding.severity != "info"]
    (missing,) = warnings
    assert missing.kind == "missing_values"
    assert (missing.start, missing.end, missing.count, missing.rows[0]) == (
        "2003-01-01",
        "2003-12-31",
        365,
        1098,
    )
    assert (
        "discharge_cfs is missing for 365 days from 2003-01-01 (line 1,098) to 2003-12-31 (line 1,462)"
        in missing.message
    )
    (converted,) = of_kind(result, "converted")
    assert "from cubic feet per second (cfs) to m³/s (× 0.028316846592)" in converted.message
    first = pl.read_parquet(written)["discharge_m3s"][0]
    assert math.isclose(first, 255.0 * 0.028316846592, rel_tol=1e-15)


@pytest.mark.shared
def test_a_clean_real_catchment_raises_no_false_alarm(shared_data: Path, tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes((shared_data / "camels_02064000.csv").read_bytes())
    result, _ = process(source)
    # Snow is zero throughout in this file, which is worth knowing and no fault.
    assert [(finding.kind, finding.severity) for finding in result.findings] == [
        ("constant_column", "info"),
        ("converted", "info"),
    ]


def test_a_wide_table_is_held_in_shorter_blocks_and_reads_the_same(tmp_path: Path) -> None:
    assert Limits().rows_at_once(10) == Limits().block_rows
    assert Limits().rows_at_once(1_000) * 1_000 <= 1 << 21
    rows = [
        ",".join([row.split(",")[0], *(f"{day}.{column}" for column in range(300))])
        for day, row in enumerate(daily_rows(50))
    ]
    result, written = process_bytes(tmp_path, table(rows, ",".join(["date", *(f"c{i}" for i in range(300))])))
    assert pl.read_parquet(written)["c299"][49] == 49.299
    assert result.columns[300].maximum == 49.299


def test_a_series_that_leaps_at_every_row_ends_quickly_and_has_no_stretch_of_another_unit(
    tmp_path: Path,
) -> None:
    rows = [f"{row.split(',')[0]},{1000 if day % 2 else 25}" for day, row in enumerate(daily_rows(12_000))]
    result, _ = process_bytes(tmp_path, table(rows, "date,q_m3s"), limits=Limits(block_rows=1_000))
    assert of_kind(result, "unit_suspect") == []


def test_one_row_is_told_as_one(tmp_path: Path) -> None:
    rows = daily_rows(30)
    rows[10], rows[11] = rows[11], rows[10]
    rows.append(rows[-1])
    result, _ = process_bytes(tmp_path, table(rows))
    told = {finding.kind: finding.message for finding in result.findings}
    assert "1 row is earlier than the row above" in told["unsorted"]
    assert told["duplicate_dates"].startswith("1 row with a date that an earlier row has")
