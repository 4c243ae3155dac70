"""The way of an uploaded file into Parquet: sniff, read, convert, check, profile, write; all of it or nothing."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from data_tools.engine import conversions
from data_tools.engine.analysis import Analysis
from data_tools.engine.byte_stream import check_not_foreign, is_parquet
from data_tools.engine.checks.dates import order_findings
from data_tools.engine.checks.series import Place, Tally
from data_tools.engine.csv_reader import CsvReader, check_rows
from data_tools.engine.limits import DEFAULT_LIMITS, Limits
from data_tools.engine.lines import SortedLines
from data_tools.engine.ordering import put_in_order
from data_tools.engine.parquet_reader import ParquetReader, plan_parquet
from data_tools.engine.parquet_writer import write_parquet
from data_tools.engine.plan import Plan, ReplanError
from data_tools.engine.result import Finding, ProcessingResult
from data_tools.engine.sniffing import sniff
from data_tools.errors import ProcessingCancelledError, UnreadableFileError

Report = Callable[[str, int], None]
_MOST_PLANS = 12


def process_file(
    source: Path,
    destination: Path,
    *,
    original_name: str,
    report: Report,
    should_stop: Callable[[], bool],
    limits: Limits = DEFAULT_LIMITS,
) -> ProcessingResult:
    """Writes `source` (CSV, CSV.gz, TSV or Parquet, known by content) as Parquet in SI units at `destination`.

    `report(stage, percent)` follows the bytes read. Raises UnreadableFileError when the file cannot be read and
    ProcessingCancelledError when `should_stop` says so; `destination` is then untouched and nothing else is left.
    """
    started = time.monotonic()
    report("sniffing", 0)
    if source.stat().st_size == 0:
        check_not_foreign(b"")
    plan = plan_parquet(source, limits) if is_parquet(source) else sniff(source, limits)
    destination.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=destination.parent, prefix=".reading-") as folder:
        run = _read(source, Path(folder), plan, limits, report, should_stop)
        report("finishing", 95)
        result = run.result(original_name, time.monotonic() - started)
        run.written.replace(destination)
    report("finishing", 100)
    return result


def _read(
    source: Path, workspace: Path, plan: Plan, limits: Limits, report: Report, should_stop: Callable[[], bool]
) -> "_Run":
    for attempt in range(_MOST_PLANS + len(plan.columns)):
        try:
            run = _Run(source, workspace / f"{attempt}.parquet", plan, limits, report, should_stop)
            run.execute(workspace)
            return run
        except ReplanError as amended:
            plan = amended.plan
    raise UnreadableFileError(
        "unclear_table",
        "The columns change their kind again and again.",
        way_out="Give each column one kind of value.",
    )


class _Run:
    """One reading of the whole file with one plan."""

    def __init__(
        self,
        source: Path,
        target: Path,
        plan: Plan,
        limits: Limits,
        report: Report,
        should_stop: Callable[[], bool],
    ) -> None:
        self._source, self._plan, self._limits = source, plan, limits
        self._report, self._should_stop = report, should_stop
        self._reader = (CsvReader if plan.dialect is not None else ParquetReader)(source, plan, limits)
        self._at_once = limits.rows_at_once(len(plan.columns))
        self._reading = Analysis(plan)
        self._series = self._reading
        self._lines: Callable[[int], int] = self._reader.lines.line
        self._dropped = Tally()
        self.written = target

    def execute(self, workspace: Path) -> None:
        schema = pl.Schema({"date": self._plan.dates.dtype})
        for column in self._plan.columns:
            schema[column.name] = pl.Float64() if column.kind == "number" else pl.String()
        try:
            write_parquet(self._frames(), schema, self.written, row_group_rows=self._at_once)
        finally:
            self._reader.close()
        check_rows(self._reading.rows, self._limits)
        self._check_codes()
        if not self._reading.dates.in_order:
            self._put_in_order(workspace)
        self._check_some_values()

    def _frames(self) -> Iterator[pl.DataFrame]:
        for frame in in_blocks(self._reader.frames(), self._at_once):
            self._poll()
            yield self._reading.see(frame)
            if self._reading.rows > self._limits.rows:
                check_rows(self._reading.rows, self._limits)
            self._report("reading", min(90, int(90 * self._reader.fraction_read)))

    def _poll(self) -> None:
        if self._should_stop():
            raise ProcessingCancelledError("The processing was cancelled; nothing of the file was kept.")

    def _check_codes(self) -> None:
        plan = self._plan
        for name, column in self._reading.numbers.items():
            code = column.codes.suspected_code
            if code is not None:
                plan = plan.with_column(name, codes=column.column.codes | {code})
        if plan is not self._plan:
            raise ReplanError(plan)

    def _put_in_order(self, workspace: Path) -> None:
        """Sorts what was written and checks the series once more, now that neighbours are neighbours in time."""
        self._report("sorting", 90)
        self.written, order, self._dropped = put_in_order(self.written, workspace, self._at_once, self._poll)
        self._series = Analysis(conversions.already_converted(self._plan))
        self._lines = SortedLines(self._reader.lines, order).line
        batches = pl.scan_parquet(self.written).collect_batches(
            chunk_size=self._at_once, maintain_order=True, lazy=True
        )
        for frame in in_blocks(iter(batches), self._at_once):
            self._poll()
            self._series.see(frame)
        check_rows(self._series.rows, self._limits)

    def _check_some_values(self) -> None:
        if not any(column.profile.count for column in self._series.numbers.values()):
            raise UnreadableFileError(
                "no_numbers",
                "No column of the file holds a single number; every value is missing.",
                way_out="Upload a file with at least one column of measured values.",
            )

    def _findings(self) -> list[Finding]:
        in_file = self._reading.where(self._reader.lines.line)
        in_order = self._series.where(self._lines)
        first = self._reading.dates.first or Place(0, 0)
        findings = order_findings(self._reading.dates, self._dropped, in_file)
        findings += self._series.series_findings(in_order)
        findings += self._reading.code_findings(in_file)
        findings += conversions.word_findings(self._reader.words, self._plan, in_file)
        findings += conversions.conversion_findings(self._plan, in_file.line(first.row))
        rank = {"error": 0, "warning": 1, "info": 2}
        return sorted(findings, key=lambda finding: rank[finding.severity])

    def result(self, original_name: str, duration_s: float) -> ProcessingResult:
        plan, dates = self._plan, self._series.dates
        where = self._series.where(self._lines)
        findings = tuple(self._findings())
        regular = dates.is_regular
        return ProcessingResult(
            rows=self._series.rows,
            columns=tuple(conversions.with_units(self._series.profiles(), plan)),
            findings=findings,
            first_date=where.iso(dates.first.time_ms) if dates.first else None,
            last_date=where.iso(dates.last.time_ms) if dates.last else None,
            time_step=plan.step.name if regular else "irregular",
            time_step_s=plan.step.seconds if regular else None,
            date_column=plan.dates.name,
            reading=self._reading_facts(original_name),
            bytes_read=self._reader.bytes_read,
            duration_s=round(duration_s, 3),
        )

    def _reading_facts(self, original_name: str) -> dict[str, object]:
        dialect, encoding = self._plan.dialect, self._plan.encoding
        facts: dict[str, object] = {
            "original_name": original_name,
            "format": "text" if dialect else "parquet",
            "compression": self._reader.compression if dialect else "none",
            "date_format": self._plan.dates.label,
        }
        if dialect is not None and encoding is not None:
            facts |= {
                "delimiter": dialect.delimiter,
                "encoding": encoding.label,
                "decimal": dialect.decimal,
                "header_row": dialect.header_line,
                "first_data_row": dialect.data_line,
            }
        return facts


def in_blocks(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of exactly `rows` rows (fewer in the last), so that no figure depends on how they came."""
    held: list[pl.DataFrame] = []
    count = 0
    for frame in frames:
        held.append(frame)
        count += frame.height
        while count >= rows:
            joined = pl.concat(held) if len(held) > 1 else held[0]
            yield joined[:rows].rechunk()
            held = [joined[rows:]]
            count -= rows
    if count:
        yield pl.concat(held, rechunk=True)
