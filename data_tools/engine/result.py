"""What processing a file gives: plain, frozen records that go to JSON and come back equal."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Severity = Literal["error", "warning", "info"]
ColumnKind = Literal["number", "text", "date"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a hydrologist should know about the file. `rows` are 1-based lines of the file, at most 50.

    `start` and `end` are the first and last time stamp concerned (ISO 8601), so that a plot can mark them.
    """

    kind: str
    severity: Severity
    message: str
    column: str | None = None
    rows: tuple[int, ...] = ()
    count: int = 0
    start: str | None = None
    end: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "rows": list(self.rows)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(**{**data, "rows": tuple(data["rows"])})


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """A column of the Parquet file: what it is, and its figures in SI units over the values that are not missing."""

    name: str
    original_name: str
    role: str
    kind: ColumnKind
    unit: str | None = None
    original_unit: str | None = None
    converted: bool = False
    count: int = 0
    missing: int = 0
    minimum: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    sparkline: tuple[float | None, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "sparkline": list(self.sparkline)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(**{**data, "sparkline": tuple(data["sparkline"])})


@dataclass(frozen=True, kw_only=True)
class ProcessingResult:
    """The whole outcome. `time_step_s` is None when the dates follow no step.

    `reading` says how the file was understood: delimiter, encoding, decimal, header_row, compression.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    findings: tuple[Finding, ...]
    first_date: str | None
    last_date: str | None
    time_step: str
    time_step_s: int | None
    date_column: str
    reading: dict[str, Any] = field(default_factory=dict)
    bytes_read: int = 0
    duration_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "columns": [column.to_dict() for column in self.columns],
            "findings": [finding.to_dict() for finding in self.findings],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        columns = tuple(ColumnProfile.from_dict(column) for column in data["columns"])
        findings = tuple(Finding.from_dict(finding) for finding in data["findings"])
        return cls(**{**data, "columns": columns, "findings": findings})
