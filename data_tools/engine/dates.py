"""Finds the column or columns that say when, in which format, and turns them into time stamps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

DATE_PARTS: tuple[tuple[str, str, str], ...] = (
    (r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d", "yyyy-mm-dd"),
    (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d", "yyyy/mm/dd"),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", "%Y.%m.%d", "yyyy.mm.dd"),
    (r"\d{8}", "%Y%m%d", "yyyymmdd"),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y", "dd.mm.yyyy"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y", "dd/mm/yyyy"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y", "mm/dd/yyyy"),
    (r"\d{1,2}-\d{1,2}-\d{4}", "%d-%m-%Y", "dd-mm-yyyy"),
    (r"\d{1,2}-\d{1,2}-\d{4}", "%m-%d-%Y", "mm-dd-yyyy"),
    (r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y", "dd-Mon-yyyy"),
    (r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y", "dd Mon yyyy"),
)
TIME_PARTS: tuple[tuple[str, str, str], ...] = (
    ("", "", ""),
    (r"{s}\d{{1,2}}:\d\d", "{s}%H:%M", "{s}hh:mm"),
    (r"{s}\d{{1,2}}:\d\d:\d\d", "{s}%H:%M:%S", "{s}hh:mm:ss"),
    (r"{s}\d{{1,2}}:\d\d:\d\d\.\d+", "{s}%H:%M:%S%.f", "{s}hh:mm:ss.fff"),
    (r"{s}\d{{1,2}}:\d\dZ", "{s}%H:%MZ", "{s}hh:mmZ"),
    (r"{s}\d{{1,2}}:\d\d:\d\d(?:\.\d+)?Z", "{s}%H:%M:%S%.fZ", "{s}hh:mm:ssZ"),
    (r"{s}\d{{1,2}}:\d\d:\d\d(?:\.\d+)?[+-]\d\d:?\d\d", "{s}%H:%M:%S%.f%z", "{s}hh:mm:ss±hh:mm"),
    (r"{s}\d{{1,2}}:\d\d [AaPp][Mm]", "{s}%I:%M %p", "{s}hh:mm AM/PM"),
)
DATE_NAMES = {
    "date",
    "datum",
    "datetime",
    "timestamp",
    "time",
    "zeit",
    "zeitpunkt",
    "tag",
    "fecha",
    "data",
    "dato",
}
YEAR_NAMES = {"year", "yr", "yyyy", "jahr", "annee", "ano"}
MONTH_NAMES = {"month", "mo", "mon", "mnth", "mm", "monat", "mois", "mes"}
DAY_NAMES = {"day", "dy", "dd", "dom", "tag", "jour", "dia"}
HOUR_NAMES = {"hour", "hr", "hh", "stunde", "heure", "hora"}
CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?")


@dataclass(frozen=True)
class DateFormat:
    """One way to write a date: a regular expression, its strptime form, and the name that users read."""

    pattern: str
    strptime: str
    label: str

    @property
    def has_time(self) -> bool:
        return "%H" in self.strptime or "%I" in self.strptime

    def matches(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None

    def parse(self, values: pl.Series) -> pl.Series:
        """Time stamps in milliseconds (Date when the format has no time of day); null where a value does not fit."""
        if not self.has_time:
            return values.str.to_date(self.strptime, strict=False, cache=False)
        stamps = values.str.to_datetime(self.strptime, strict=False, cache=False, time_unit="ms")
        if "%z" in self.strptime:
            stamps = stamps.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return stamps


def _formats() -> tuple[DateFormat, ...]:
    found = []
    for date_pattern, date_form, date_label in DATE_PARTS:
        for time_pattern, time_form, time_label in TIME_PARTS:
            for separator in (" ", "T") if time_form else ("",):
                if separator == "T" and not date_form.startswith("%Y"):
                    continue
                found.append(
                    DateFormat(
                        date_pattern + time_pattern.format(s=separator),
                        date_form + time_form.format(s=separator),
                        date_label + time_label.format(s=separator),
                    )
                )
    return tuple(found)


FORMATS = _formats()


@dataclass(frozen=True)
class DateColumns:
    """Where the time stamp stands. `alternatives` are other formats that the first rows allow (day or month first).

    `whole_days`: a format with time of day, but always midnight, is kept as plain dates.
    """

    kind: Literal["text", "parts", "typed"]
    columns: tuple[int, ...]
    name: str
    format: DateFormat | None = None
    alternatives: tuple[DateFormat, ...] = ()
    whole_days: bool = False

    @property
    def is_date(self) -> bool:
        if self.kind == "parts":
            return len(self.columns) == 3
        return self.whole_days or (self.format is not None and not self.format.has_time)

    @property
    def dtype(self) -> pl.DataType:
        return pl.Date() if self.is_date else pl.Datetime("ms")

    @property
    def label(self) -> str:
        if self.format is not None:
            return self.format.label
        return "year, month, day" if self.kind == "parts" else "typed"

    def text(self, columns: Sequence[pl.Series]) -> pl.Series:
        """What stands in the file, as one text per row."""
        if self.kind == "parts":
            return pl.select(pl.concat_str(list(columns), separator="-")).to_series()
        if len(columns) == 1:
            return columns[0]
        return pl.select(pl.concat_str(list(columns), separator=" ")).to_series()

    def parse(self, columns: Sequence[pl.Series]) -> pl.Series:
        """Dates or time stamps, null where the text is not one."""
        if self.kind == "parts":
            return self._from_parts(columns)
        if self.format is None:
            return columns[0]
        text = self.text(columns)
        stamps = self.format.parse(text)
        if stamps.null_count() > text.null_count():
            stamps = self.format.parse(text.str.strip_chars())
        return stamps

    def _from_parts(self, columns: Sequence[pl.Series]) -> pl.Series:
        numbers = [column.cast(pl.Float64, strict=False).cast(pl.Int32, strict=False) for column in columns]
        year, month, day = numbers[:3]
        # Only days that exist: polars raises for others.
        text = pl.select(
            pl.format("{}-{}-{}", year, month.cast(pl.String).str.zfill(2), day.cast(pl.String).str.zfill(2))
        ).to_series()
        dates = text.str.to_date("%Y-%m-%d", strict=False, cache=False)
        if len(numbers) == 3:
            return dates
        hour = numbers[3].cast(pl.Int64)
        hour = hour.set(~hour.is_between(0, 24), None)
        return dates.cast(pl.Datetime("ms")) + (hour * 3_600_000).cast(pl.Duration("ms"))


def other_format(value: str, known: DateFormat | None) -> DateFormat | None:
    """A format in which `value` is a real date, other than `known`."""
    for candidate in FORMATS:
        if candidate != known and candidate.matches(value) and _valid(candidate, pl.Series([value])) == 1.0:
            return candidate
    return None


def find_date_columns(names: Sequence[str], cells: Sequence[Sequence[str]]) -> DateColumns | None:
    """The date columns of a sample (`cells` by column, stripped), or None. Named ones win, then the leftmost."""
    lowered = [re.sub(r"[^a-z]", "", name.lower().split("(")[0].split("[")[0]) for name in names]
    ranked = sorted(range(len(names)), key=lambda index: (lowered[index] not in DATE_NAMES, index))
    for index in ranked:
        found = _text_column(index, names, cells)
        if found is not None:
            return found
    return _part_columns(names, lowered, cells)


def _text_column(index: int, names: Sequence[str], cells: Sequence[Sequence[str]]) -> DateColumns | None:
    values = [value for value in cells[index] if value]
    if not values:
        return None
    columns: tuple[int, ...] = (index,)
    if not any(":" in value for value in values):
        clock = _clock_column(index, cells)
        if clock is not None:
            columns = (index, clock)
            values = [f"{a} {b}" for a, b in zip(cells[index], cells[clock], strict=True) if a and b]
    shares = _shares(values)
    if not shares:
        return None
    best = max(share for _, share in shares)
    candidates = _steadiest_first([form for form, share in shares if share == best], values)
    found = DateColumns("text", columns, names[index], candidates[0], tuple(candidates[1:]))
    return replace(found, whole_days=candidates[0].has_time and _all_midnight(candidates[0], values))


def _clock_column(date_index: int, cells: Sequence[Sequence[str]]) -> int | None:
    for index in range(max(0, date_index - 1), min(len(cells), date_index + 3)):
        values = [value for value in cells[index] if value]
        if index != date_index and values and all(CLOCK.fullmatch(value) for value in values):
            return index
    return None


def _shares(values: Sequence[str]) -> list[tuple[DateFormat, float]]:
    """Formats that fit at least half of the values, and at least one of the first five, with their share."""
    series = pl.Series(values, dtype=pl.String)
    shares = []
    for candidate in FORMATS:
        if any(candidate.matches(value) for value in values[:5]):
            share = _valid(candidate, series)
            if share >= 0.5:
                shares.append((candidate, share))
    return shares


def _valid(candidate: DateFormat, values: pl.Series) -> float:
    stamps = candidate.parse(values)
    inside = stamps.dt.year().is_between(1000, 2999).sum() if len(values) else 0
    return float(inside) / max(len(values), 1)


def _steadiest_first(candidates: list[DateFormat], values: Sequence[str]) -> list[DateFormat]:
    """Day or month first where both are possible: the reading whose time steps vary least comes first."""
    if len(candidates) < 2:
        return candidates
    series = pl.Series(values, dtype=pl.String)

    def unsteadiness(candidate: DateFormat) -> int:
        days = (
            candidate.parse(series).cast(pl.Datetime("ms")).dt.timestamp("ms").diff().drop_nulls()
            // 86_400_000
        )
        # Months differ by 28 to 31 days: counted as one step.
        return int((days.clip(28, 31).filter(days.is_between(28, 31)).len() < len(days)) and days.n_unique())

    return sorted(candidates, key=unsteadiness)


def _all_midnight(form: DateFormat, values: Sequence[str]) -> bool:
    stamps = form.parse(pl.Series(values, dtype=pl.String)).drop_nulls().dt.timestamp("ms")
    return len(stamps) > 1 and bool((stamps % 86_400_000 == 0).all())


def _part_columns(
    names: Sequence[str], lowered: list[str], cells: Sequence[Sequence[str]]
) -> DateColumns | None:
    found: list[int] = []
    for wanted in (YEAR_NAMES, MONTH_NAMES, DAY_NAMES):
        index = next((i for i, name in enumerate(lowered) if name in wanted and i not in found), None)
        if index is None or not any(value.strip().isdigit() for value in cells[index]):
            return None
        found.append(index)
    hour = next((i for i, name in enumerate(lowered) if name in HOUR_NAMES), None)
    # CAMELS files carry the constant hour 12 beside daily values.
    if hour is not None and len(set(cells[hour])) > 1:
        found.append(hour)
    return DateColumns("parts", tuple(found), ", ".join(names[i] for i in found))
