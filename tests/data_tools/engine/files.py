"""Files for the engine's tests: a small valid table, and ways to process one."""

from collections.abc import Callable
from pathlib import Path

from data_tools.engine.limits import DEFAULT_LIMITS, Limits
from data_tools.engine.process import process_file
from data_tools.engine.result import Finding, ProcessingResult


def daily_rows(count: int, *, first_day: int = 1) -> list[str]:
    """Lines 'date,discharge_m3s,tmax_c' for consecutive days of 2000 and after."""
    import datetime

    start = datetime.date(2000, 1, 1)
    return [
        f"{start + datetime.timedelta(days=day)},{10 + (day * 7919) % 97 / 10:.1f},{15 + (day * 104729) % 83 / 10:.1f}"
        for day in range(first_day - 1, first_day - 1 + count)
    ]


HEADER = "date,discharge_m3s,tmax_c"


def table(rows: list[str], header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def process(
    source: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    report: Callable[[str, int], None] = lambda stage, percent: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[ProcessingResult, Path]:
    destination = source.parent / "out" / "table.parquet"
    result = process_file(
        source, destination, original_name=source.name, report=report, should_stop=should_stop, limits=limits
    )
    return result, destination


def process_bytes(
    folder: Path, content: bytes, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[ProcessingResult, Path]:
    source = folder / "upload"
    source.write_bytes(content)
    return process(source, limits=limits)


def of_kind(result: ProcessingResult, kind: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.kind == kind]
