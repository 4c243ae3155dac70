"""Reads an uploaded Parquet file as the CSV reader reads a text table: a plan from the first rows, then frames."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from data_tools.engine import row_errors
from data_tools.engine.dates import DATE_NAMES, DateColumns, find_date_columns
from data_tools.engine.limits import Limits
from data_tools.engine.lines import LineNumbers
from data_tools.engine.plan import Plan, find_step, plan_columns
from data_tools.engine.typing_cells import WordTally, typed_dates, typed_numbers
from data_tools.errors import UnreadableFileError

_SAMPLE_ROWS = 10_000
_READ_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except _READ_ERRORS as error:
        raise UnreadableFileError(
            "corrupt_parquet",
            f"The Parquet file is damaged or uses a feature that is not supported: {str(error).splitlines()[0][:200]}.",
            way_out="Write the file again, or upload the table as CSV.",
        ) from error


def plan_parquet(path: Path, limits: Limits) -> Plan:
    """The plan for a Parquet file. Raises UnreadableFileError when it is damaged, nested or has no dates."""
    with _reading():
        table = pl.scan_parquet(path, glob=False)
        schema = table.collect_schema()
        rows = int(table.select(pl.len()).collect().item())
        _check_schema(schema, rows, limits)
        head = table.head(_SAMPLE_ROWS).collect()
    names = schema.names()
    cells = [[str(v).strip() if v is not None else "" for v in head[name]] for name in names]
    dates = _typed_dates(schema) or find_date_columns(names, cells)
    if dates is None:
        listed = ", ".join(f"'{name}'" for name in names[:8])
        raise UnreadableFileError(
            "no_date_column",
            f"No column holds dates; the columns are {listed}.",
            way_out="Add a column of type date or timestamp, or of text such as 2000-01-31.",
        )
    stamps = (
        head[names[dates.columns[0]]]
        if dates.kind == "typed"
        else dates.parse([_text(head[names[i]]) for i in dates.columns])
    )
    step = find_step([int(v) for v in stamps.cast(pl.Datetime("ms")).drop_nulls().dt.timestamp("ms")])
    return Plan(columns=plan_columns(names, None, cells, dates, step), dates=dates, step=step)


def _check_schema(schema: pl.Schema, rows: int, limits: Limits) -> None:
    nested = next((name for name, dtype in schema.items() if dtype.is_nested() or dtype == pl.Object), None)
    if nested is not None:
        raise UnreadableFileError(
            "nested_columns",
            f"Column '{nested}' is nested ({schema[nested]}); only plain columns of dates, numbers and text are read.",
            way_out="Unnest the column or leave it out.",
            column=nested,
        )
    if len(schema) > limits.columns:
        raise UnreadableFileError(
            "too_many_columns",
            f"The file has {len(schema):,} columns; at most {limits.columns:,} are read.",
            way_out="Leave out the columns that are not needed.",
        )
    if rows < 2:
        raise UnreadableFileError(
            "too_few_rows" if rows else "header_only",
            f"The file has {rows} rows of data; a time series needs two at least.",
            way_out="Upload the whole series.",
        )
    if rows > limits.rows:
        raise UnreadableFileError(
            "too_many_rows",
            f"The file has {rows:,} rows; at most {limits.rows:,} are read.",
            way_out="Split it by years.",
        )


def _typed_dates(schema: pl.Schema) -> DateColumns | None:
    typed = [
        i for i, dtype in enumerate(schema.dtypes()) if dtype == pl.Date or isinstance(dtype, pl.Datetime)
    ]
    if not typed:
        return None
    names = schema.names()
    index = min(typed, key=lambda i: (names[i].lower() not in DATE_NAMES, i))
    return DateColumns("typed", (index,), names[index], whole_days=schema.dtypes()[index] == pl.Date)


def _text(series: pl.Series) -> pl.Series:
    return series.cast(pl.String)


class ParquetReader:
    """Frames of `date` and the planned columns; rows are numbered from 1."""

    compression = "parquet"

    def __init__(self, path: Path, plan: Plan, limits: Limits) -> None:
        self._path, self._plan, self._limits = path, plan, limits
        self.lines = LineNumbers(1, limits.blank_or_comment_lines)
        self.words = WordTally()
        self.bytes_read = path.stat().st_size
        with _reading():
            self._names = pl.scan_parquet(path, glob=False).collect_schema().names()
            self._rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())

    @property
    def fraction_read(self) -> float:
        return self.lines.count / max(self._rows, 1)

    def close(self) -> None:
        """Nothing stays open between batches."""

    def frames(self) -> Iterator[pl.DataFrame]:
        with _reading():
            batches = pl.scan_parquet(self._path, glob=False).collect_batches(
                chunk_size=self._limits.rows_at_once(len(self._names)), maintain_order=True, lazy=True
            )
            for batch in batches:
                if batch.height:
                    yield self._frame(batch)

    def _frame(self, batch: pl.DataFrame) -> pl.DataFrame:
        first = self.lines.count
        lines = range(first + 1, first + 1 + batch.height)
        used = set(self._plan.dates.columns)
        kind = self._plan.dates.kind
        raw = pl.DataFrame(
            [
                (_naive(batch.to_series(i)) if kind == "typed" else _text(batch.to_series(i))).alias(str(i))
                for i in sorted(used)
            ]
        )
        dates = typed_dates(raw, lines, self._plan, self._limits)
        columns = []
        for column in self._plan.columns:
            cells = batch[self._names[column.index]]
            if column.kind == "text":
                columns.append(_text(cells).alias(column.name))
            elif cells.dtype.is_numeric() or cells.dtype in (pl.Boolean, pl.Null):
                columns.append(cells.cast(pl.Float64).alias(column.name))
            elif cells.dtype == pl.String:
                numbers, _ = typed_numbers(cells, column, ".", self._plan, lines, first, self.words)
                columns.append(numbers.alias(column.name))
            else:
                raise row_errors.text_in_number(1, column.original_name, f"values of type {cells.dtype}")
        self.lines.extend(lines)
        return pl.DataFrame([dates.alias("date"), *columns])


def _naive(series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.Datetime):
        if series.dtype.time_zone is not None:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return series.cast(pl.Datetime("ms"))
    return series
