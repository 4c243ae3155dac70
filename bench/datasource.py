"""How fast and in how much memory a data file is processed, beside pandas and beside polars' bare parse.

    script/bench datasource [--json FILE] [--megabytes 1000] [--repeat 2]

Generates one file of 15-minute values (1 GB by default) in a temporary directory and gives it to three contestants, each
in a process of its own: ours; pandas doing the same steps, vectorised; polars parsing all columns and nothing else (dates
left as text, the cheaper way). Times exclude imports; the best of the repeats counts, for all alike. Memory is the
peak resident set (VmHWM) of the process. Then ours alone on the first 10^5, 10^6 and 10^7 rows.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.figures import Figure, at_least, at_most, show, under, write

ROOT = Path(__file__).resolve().parent.parent
NUMBERS = ["precipitation_mm", "temp_max_c", "temp_min_c", "solar_radiation_w_m2", "snow_water_equiv_mm",
           "vapor_pressure_pa", "day_length_s", "discharge_cfs"]  # fmt: skip
SIZES = (10**5, 10**6, 10**7)
CHUNK_ROWS = 500_000


def generate(target: Path, megabytes: int) -> dict[int, int]:
    """Writes the file; gives the number of bytes at which each of SIZES rows ends, and under 0 the rows in all."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(1)
    start = np.datetime64("1750-01-01T00:00:00", "ms")
    ends: dict[int, int] = {}
    rows = 0
    with target.open("wb") as file:
        while file.tell() < megabytes * 1_000_000 or rows < SIZES[-1]:
            count = next((size - rows for size in SIZES if rows < size < rows + CHUNK_ROWS), CHUNK_ROWS)
            index = np.arange(rows, rows + count)
            day = index / 96
            warmth = 10 - 12 * np.cos(2 * np.pi * day / 365.25) + random.normal(0, 2, count)
            discharge = np.exp(random.normal(4, 0.3, count))
            discharge[random.random(count) < 0.001] = -999.0
            frame = pl.DataFrame(
                {
                    "date": start + index * np.timedelta64(900_000, "ms"),
                    "precipitation_mm": np.where(random.random(count) < 0.1, random.exponential(2, count), 0),
                    "temp_max_c": warmth + 4,
                    "temp_min_c": warmth - 4,
                    "solar_radiation_w_m2": 200 + random.normal(0, 30, count),
                    "snow_water_equiv_mm": np.maximum(0, 20 - warmth),
                    "vapor_pressure_pa": 800 + random.normal(0, 50, count),
                    "day_length_s": 43200 + 10000 * np.sin(day / 58),
                    "discharge_cfs": discharge,
                    "quality": np.where(random.random(count) < 0.1, "A:e", "A"),
                }
            )
            frame.write_csv(
                file, include_header=rows == 0, datetime_format="%Y-%m-%d %H:%M:%S", float_precision=2
            )
            rows += count
            if rows in SIZES:
                ends[rows] = file.tell()
    return ends | {0: rows}


def run_ours(source: Path, folder: Path) -> int:
    from data_tools.engine.process import process_file

    result = process_file(
        source,
        folder / "ours.parquet",
        original_name=source.name,
        report=lambda stage, percent: None,
        should_stop=lambda: False,
    )
    return result.rows


def run_bare(source: Path, folder: Path) -> int:
    import polars as pl

    return pl.read_csv(source).height


def run_pandas(source: Path, folder: Path) -> int:
    """The same steps as ours, the way one writes them in pandas: whole columns, no Python loops over rows."""
    import pandas as pd
    import polars as pl

    frame = pd.read_csv(source)
    dates = pd.to_datetime(frame["date"], format="%Y-%m-%d %H:%M:%S")
    frame["date"] = dates
    numbers = frame[NUMBERS].replace([-99.9, -999.0, -9999.0, 9999.0, 99999.0], float("nan"))
    numbers["discharge_cfs"] *= 0.028316846592
    found: dict[str, Any] = {}
    found["unsorted"] = not dates.is_monotonic_increasing
    found["duplicates"] = dates[dates.duplicated()].index[:50]
    steps = dates.diff()
    found["gaps"] = dates[steps > steps.mode()[0]]
    found["inverted"] = frame.index[numbers["temp_min_c"] > numbers["temp_max_c"]][:50]
    for name in ("precipitation_mm", "discharge_cfs"):
        found[name, "negative"] = frame.index[numbers[name] < 0][:50]
    for name in NUMBERS:
        found[name] = _pandas_column(
            numbers[name], is_discharge=name == "discharge_cfs", is_degrees=name.startswith("temp")
        )
    found["profile"] = numbers.describe()
    found["sparkline"] = numbers.groupby(frame.index * 60 // len(frame)).mean()
    # pandas has no Parquet writer of its own: its arrays go to the writer that we use.
    columns = {"date": dates.to_numpy()} | {name: numbers[name].to_numpy() for name in NUMBERS}
    table = pl.DataFrame(columns).with_columns(
        pl.Series("quality", frame["quality"].tolist(), dtype=pl.String)
    )
    table.write_parquet(folder / "pandas.parquet", compression="lz4", row_group_size=131_072)
    return len(frame)


def _pandas_column(values: Any, *, is_discharge: bool, is_degrees: bool) -> dict[str, Any]:
    import numpy as np

    rise = values.diff()
    fall = values.diff(-1)
    leaps = np.minimum(rise, fall)
    reference = leaps.nlargest(500).iloc[-1]
    found: dict[str, Any] = {"spikes": leaps.index[leaps > 12 * reference]}
    runs = (rise != 0).cumsum()
    lengths = runs.value_counts(sort=False)
    found["constant"] = lengths[lengths > 480].index
    missing = values.isna()
    found["missing"] = (missing != missing.shift()).cumsum()[missing].value_counts(sort=False).nlargest(10)
    if is_discharge:
        ratio = values / values.shift()
        found["mixup"] = ratio.index[(ratio > 13) | (ratio < 1 / 13)]
    if is_degrees:
        found["mixup"] = rise.index[rise.abs() > 15]
    return found


CONTESTANTS: dict[str, Callable[[Path, Path], int]] = {
    "ours": run_ours,
    "pandas": run_pandas,
    "bare": run_bare,
}


def contestant(name: str, source: Path, folder: Path) -> None:
    """Runs in the child process; prints one JSON line."""
    import polars  # noqa: F401 - imported before the clock starts, for all alike

    if name == "pandas":
        import pandas  # noqa: F401
    else:
        from data_tools.engine import process  # noqa: F401
    started, cpu = time.perf_counter(), time.process_time()
    rows = CONTESTANTS[name](source, folder)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    status = Path("/proc/self/status").read_text()
    peak_kb = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    print(
        json.dumps({"rows": rows, "seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": peak_kb / 1000})
    )


def measure(names: Sequence[str], source: Path, repeat: int) -> dict[str, dict[str, float]]:
    """Of each contestant its best figures but the highest memory; they take turns, so that load hits all alike."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(repeat):
        for name in names:
            with tempfile.TemporaryDirectory(dir=source.parent) as folder:
                command = [
                    sys.executable,
                    "-m",
                    "bench.datasource",
                    "--contestant",
                    name,
                    "--source",
                    str(source),
                    "--folder",
                    folder,
                ]
                done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            runs[name].append(json.loads(done.stdout))
    return {
        name: {
            "rows": found[0]["rows"],
            "seconds": min(run["seconds"] for run in found),
            "cpu_seconds": min(run["cpu_seconds"] for run in found),
            "peak_mb": max(run["peak_mb"] for run in found),
        }
        for name, found in runs.items()
    }


def linear(folder: Path, source: Path, ends: dict[int, int], repeat: int) -> dict[int, float]:
    seconds = {}
    for size in SIZES:
        part = folder / f"{size}.csv"
        with source.open("rb") as whole, part.open("wb") as file:
            left = ends[size]
            while left:
                left -= file.write(whole.read(min(left, 1 << 24)))
        seconds[size] = measure(["ours"], part, repeat)["ours"]["seconds"]
        part.unlink()
    return seconds


def figures(results: dict[str, dict[str, float]], megabytes: float, growth: dict[int, float]) -> list[Figure]:
    ours, pandas, bare = results["ours"], results["pandas"], results["bare"]
    found = [Figure("file size", megabytes, "MB")]
    for name, label in (
        ("ours", "our processing"),
        ("pandas", "pandas, same steps"),
        ("bare", "polars, parse only"),
    ):
        result = results[name]
        found += [
            Figure(f"{label}: rows per second", result["rows"] / result["seconds"], "1/s"),
            Figure(f"{label}: time", result["seconds"], "s"),
            Figure(f"{label}: processor time", result["cpu_seconds"], "s"),
        ]
        if name != "ours":
            found.append(Figure(f"{label}: peak memory", result["peak_mb"], "MB"))
    found += [
        at_least("our speed against pandas", pandas["seconds"] / ours["seconds"], "×", 5),
        at_most("our time against the bare parse", ours["seconds"] / bare["seconds"], "×", 2.5),
        Figure("processor time, pandas / ours", pandas["cpu_seconds"] / ours["cpu_seconds"], "×"),
        Figure("processor time, ours / bare parse", ours["cpu_seconds"] / bare["cpu_seconds"], "×"),
        under("our processing: peak memory", ours["peak_mb"], "MB", 700),
    ]
    for size, seconds in growth.items():
        found.append(Figure(f"our processing of 10^{round(math.log10(size))} rows", seconds, "s"))
    exponent = math.log10(growth[SIZES[-1]] / growth[SIZES[0]]) / math.log10(SIZES[-1] / SIZES[0])
    found.append(at_most("exponent of time over rows, 10^5 to 10^7", exponent, "", 1.05))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        contestant(options.contestant, options.source, options.folder)
        return
    folder = Path(tempfile.mkdtemp(prefix="hydroml-bench-"))
    try:
        source = folder / "table.csv"
        ends = generate(source, options.megabytes)
        megabytes = source.stat().st_size / 1e6
        print(f"{ends[0]:,} rows, {megabytes:,.0f} MB, {os.cpu_count()} cores", flush=True)
        results = measure(("bare", "ours", "pandas"), source, options.repeat)
        found = figures(results, megabytes, linear(folder, source, ends, options.repeat))
    finally:
        shutil.rmtree(folder)
    show(found)
    if options.json:
        write(found, options.json)


if __name__ == "__main__":
    main()
