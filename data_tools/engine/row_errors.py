"""The messages for single rows and values that cannot be read; each names line, column, value and the way out."""

from data_tools.engine.dates import other_format
from data_tools.engine.plan import Plan
from data_tools.errors import UnreadableFileError


def shown(value: str) -> str:
    """A value as it may stand in a message."""
    value = value.strip()
    return value if len(value) <= 60 else value[:57] + "..."


def ragged_row(line: int, found: int, expected: int) -> UnreadableFileError:
    return UnreadableFileError(
        "ragged_rows",
        f"Line {line:,} has {found:,} values; the table has {expected:,} columns.",
        way_out="Give each row the same number of values; put values that hold the delimiter in quotation marks.",
        row=line,
    )


def text_in_number(line: int, column: str, value: str) -> UnreadableFileError:
    value = shown(value)
    if value[:1] in "=@+-" and not value[1:2].isdigit():
        return formula(line, column, value)
    return UnreadableFileError(
        "text_in_number",
        f"Line {line:,} has '{value}' in column '{column}', which holds numbers.",
        way_out="Correct the value, or leave the cell empty where it is missing.",
        row=line,
        column=column,
        value=value,
    )


def formula(line: int, column: str, value: str) -> UnreadableFileError:
    value = shown(value)
    return UnreadableFileError(
        "formula",
        f"Line {line:,} has the spreadsheet formula '{value}' in column '{column}'; formulas are not evaluated.",
        way_out="Export the table with values in place of formulas.",
        row=line,
        column=column,
        value=value,
    )


def bad_date(line: int, value: str, plan: Plan) -> UnreadableFileError:
    value, column, known = shown(value), plan.dates.name, plan.dates.format
    if not value:
        return UnreadableFileError(
            "missing_date",
            f"Line {line:,} has no date in column '{column}'.",
            way_out="Fill in the date or remove the row (rows of totals often end a file).",
            row=line,
            column=column,
            value="",
        )
    other = other_format(value, known)
    if other is not None:
        return UnreadableFileError(
            "mixed_dates",
            f"Line {line:,} has the date '{value}' ({other.label}) in column '{column}', "
            f"while the rows above are written {plan.dates.label}.",
            way_out="Write all dates in one format, best yyyy-mm-dd.",
            row=line,
            column=column,
            value=value,
        )
    impossible = known is None or known.matches(value)
    return UnreadableFileError(
        "impossible_date" if impossible else "unparsable_date",
        f"Line {line:,} has '{value}' in column '{column}', which is no date "
        + ("of the calendar." if impossible else f"written {plan.dates.label}."),
        way_out="Correct the date; yyyy-mm-dd is understood everywhere.",
        row=line,
        column=column,
        value=value,
    )


def date_out_of_range(
    line: int, value: str, column: str, first_year: int, last_year: int
) -> UnreadableFileError:
    return UnreadableFileError(
        "date_out_of_range",
        f"Line {line:,} has the date '{shown(value)}' in column '{column}', outside the years {first_year} to {last_year}.",
        way_out="Correct the date, and check that day, month and year were not mixed up.",
        row=line,
        column=column,
        value=shown(value),
    )
