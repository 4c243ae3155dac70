"""What was changed while reading, told to the user: units converted or assumed, words taken as missing."""

from collections.abc import Sequence
from dataclasses import replace

from data_tools.engine.checks.series import Where, counted
from data_tools.engine.plan import Plan, PlannedColumn
from data_tools.engine.result import ColumnProfile, Finding
from data_tools.engine.typing_cells import WordTally
from data_tools.engine.units import SAME

# Abbreviations that a reader of SI units need not know.
SPELLED_OUT = {
    "cfs": "cubic feet per second (cfs)",
    "ft3/s": "cubic feet per second (ft³/s)",
    "f": "degrees Fahrenheit (°F)",
    "°f": "degrees Fahrenheit (°F)",
    "in": "inches (in)",
    "ft": "feet (ft)",
}


def already_converted(plan: Plan) -> Plan:
    """The plan for reading our own Parquet: values are in SI units, codes are gone."""
    return replace(plan, columns=tuple(replace(c, conversion=SAME, codes=frozenset()) for c in plan.columns))


def with_units(profiles: Sequence[ColumnProfile], plan: Plan) -> list[ColumnProfile]:
    """Profiles that say which columns were converted on the way in."""
    converted = {column.name: column.conversion.changes for column in plan.columns}
    return [replace(profile, converted=converted.get(profile.name, False)) for profile in profiles]


def conversion_findings(plan: Plan, first_line: int) -> list[Finding]:
    """An info for each column whose unit was converted or assumed, a warning for a unit that is not known."""
    findings = []
    for column in plan.columns:
        message, kind = _message(column)
        if message:
            findings.append(
                Finding(
                    kind=kind,
                    severity="warning" if kind == "unit_unknown" else "info",
                    column=column.name,
                    message=message,
                    rows=(first_line,),
                )
            )
    return findings


def _message(column: PlannedColumn) -> tuple[str, str]:
    variable, conversion, unit = column.variable, column.conversion, column.recognised.unit_text
    if column.recognised.unknown_unit is not None:
        return (
            (
                f"The unit '{column.recognised.unknown_unit}' of column '{column.original_name}' is not known for what its "
                "name says; its values were kept as they are and not given a meaning."
            ),
            "unit_unknown",
        )
    if variable is None or column.kind != "number":
        return "", ""
    if conversion.changes:
        spelled = SPELLED_OUT.get(str(unit).lower(), unit)
        shift = f", {conversion.offset:+.10g}" if conversion.offset else ""
        return (
            (
                f"Column '{column.original_name}' was converted from {spelled} to {variable.unit} "
                f"(× {conversion.factor:.12g}{shift}) and is now '{column.name}'."
            ),
            "converted",
        )
    if unit is None:
        return (
            (
                f"Column '{column.original_name}' says no unit; {variable.label} was taken to be in {variable.unit}. "
                "If that is wrong, put the unit into the name in brackets."
            ),
            "unit_assumed",
        )
    return "", ""


def word_findings(words: WordTally, plan: Plan, where: Where) -> list[Finding]:
    """An info for each word that stood for a missing value."""
    names = {column.name: column.original_name for column in plan.columns}
    order = [column.name for column in plan.columns]
    findings = []
    for column, word in sorted(words.counts, key=lambda key: (order.index(key[0]), key[1])):
        rows, count = words.rows[(column, word)], words.counts[(column, word)]
        lines = tuple(where.line(row) for row in rows)
        findings.append(
            Finding(
                kind="missing_code",
                severity="info",
                column=column,
                count=count,
                rows=lines,
                message=f"{names[column]} says '{word}' in {counted(count, 'row')}, first in {where.word} {lines[0]:,}; "
                "they were taken as missing.",
            )
        )
    return findings
