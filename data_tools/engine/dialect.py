"""How a text table is laid out: delimiter, header, unit row, decimal mark; found from its first lines."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from data_tools.engine.dates import FORMATS
from data_tools.engine.limits import Limits
from data_tools.engine.variables import is_unit, recognise
from data_tools.errors import UnreadableFileError

DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
COMMENT = ("#", "%", "//")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA_NUMBER = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)?,\d+([eE][+-]?\d+)?|[+-]?\d{1,3}(\.\d{3})+")
THOUSANDS_NUMBER = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
RDB_WIDTHS = re.compile(r"\d+[sdnSDN]")
MISSING_WORDS = frozenset(
    [
        "na",
        "n/a",
        "nan",
        "null",
        "none",
        "nil",
        "missing",
        "m",
        "miss",
        "nodata",
        "no_data",
        "-",
        "--",
        "---",
        ".",
        "*",
        "**",
        "***",
        "x",
        "ice",
        "eqp",
        "bkw",
        "dis",
        "mnt",
        "ssn",
        "rat",
        "fld",
        "dry",
        "#n/a",
        "#na",
    ]
)


@dataclass(frozen=True)
class Dialect:
    """`data_line` is the 1-based line of the first row of data, `header_line` of the header (None when absent)."""

    delimiter: str
    decimal: str
    names: tuple[str, ...]
    unit_row: tuple[str, ...] | None
    header_line: int | None
    data_line: int


def split_line(line: str, delimiter: str) -> list[str]:
    """The cells of one line, stripped of blanks and quotation marks."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    csv.field_size_limit(1 << 24)
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return [cell.strip() for cell in line.split(delimiter)]


def unclosed_quote(line: int) -> UnreadableFileError:
    return UnreadableFileError(
        "unclosed_quote",
        f"A quotation mark in line {line:,} is not closed on that line.",
        way_out="Close or remove the quotation mark, and take line breaks out of remarks.",
        row=line,
    )


def _has_open_quote(line: str, delimiter: str) -> bool:
    """Whether a quotation mark that begins a cell ends nowhere; one within a cell, `3" pipe`, is only a sign."""
    begins = any(cell.lstrip().startswith('"') for cell in line.split(delimiter))
    return begins and line.count('"') % 2 == 1


def is_number(cell: str) -> bool:
    return any(pattern.fullmatch(cell) for pattern in (NUMBER, COMMA_NUMBER, THOUSANDS_NUMBER))


def is_date(cell: str) -> bool:
    return any(form.matches(cell) for form in FORMATS)


def find_dialect(lines: Sequence[str], limits: Limits) -> Dialect:
    """The layout of a sample of whole lines; raises where there is no table in it."""
    _check_not_markup(lines)
    body = [line for line in lines[:2000] if line.strip() and not line.lstrip().startswith(COMMENT)]
    if not body:
        raise UnreadableFileError(
            "no_rows",
            "The file holds only comments or blank lines.",
            way_out="Upload a file with rows of data.",
        )
    delimiter = max(DELIMITERS, key=lambda mark: _tableness(body[-1000:], mark))
    fields = [len(split_line(line, delimiter)) for line in body]
    width = Counter(fields[-1000:]).most_common(1)[0][0]
    _check_width(width, max(fields[:3]), delimiter, limits)
    return _with_header(lines, delimiter, width)


def _check_not_markup(lines: Sequence[str]) -> None:
    start = next((line.lstrip("\ufeff \t") for line in lines if line.strip()), "").lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<head", "<body")):
        raise UnreadableFileError(
            "html",
            "This is a web page (HTML or XML), not a table; often the error page of a download service.",
            way_out="Open the file in an editor to see its message, download the data again and upload that.",
            row=1,
        )
    if start.startswith(("{", "[")) and not re.match(r"\[[^\]\"{]*\]\s*[,;\t|]", start):
        raise UnreadableFileError(
            "json", "This is JSON, not a table of rows and columns.", way_out="Export the data as CSV.", row=1
        )


def _tableness(body: Sequence[str], delimiter: str) -> float:
    """How much the lines look like a table with this delimiter: equal widths, cells that are numbers or dates."""
    step = max(1, len(body) // 200)
    rows = [split_line(line, delimiter) for line in body[::step]]
    width, times = Counter(len(row) for row in rows).most_common(1)[0]
    if width < 2:
        return 0.0
    # The first cells of a row tell; a row of 10,000 words would cost seconds of the request that looks at the file.
    cells = [cell for row in rows for cell in row[:50]]
    typed = sum(1 for cell in cells if not cell or is_number(cell) or is_date(cell))
    return times / len(rows) * (0.2 + typed / len(cells))


def _check_width(width: int, header_width: int, delimiter: str, limits: Limits) -> None:
    if max(width, header_width) > limits.columns:
        raise UnreadableFileError(
            "too_many_columns",
            f"The file has {max(width, header_width):,} columns; at most {limits.columns:,} are read.",
            way_out="Leave out the columns that are not needed, or give each station a file of its own.",
            row=1,
        )
    if width < 2:
        raise UnreadableFileError(
            "no_table",
            "No table was found: the lines hold one value each, separated by none of comma, semicolon, tab or bar.",
            way_out="Upload a table with a date column and at least one column of numbers.",
            row=1,
        )


def _with_header(lines: Sequence[str], delimiter: str, width: int) -> Dialect:
    first_data = _first_data_line(lines, delimiter, width)
    header_index = _header_above(lines, first_data, delimiter, width)
    unit_row = None
    if header_index is None:
        names = tuple(f"column_{number}" for number in range(1, width + 1))
    else:
        if _has_open_quote(lines[header_index], delimiter):
            raise unclosed_quote(header_index + 1)
        cells = split_line(lines[header_index], delimiter)
        between = [
            split_line(line, delimiter) for line in lines[header_index + 1 : first_data] if line.strip()
        ]
        unit_row = next(
            (
                tuple(row)
                for row in between
                if len(row) == width and _is_unit_row(row) and not _is_rdb_row(row)
            ),
            None,
        )
        names = _checked_names(cells, header_index + 1, width, lines[first_data], first_data + 1, delimiter)
    data = [split_line(line, delimiter) for line in lines[first_data : first_data + 2000]]
    decimal = _decimal([cell for row in data for cell in row], delimiter)
    return Dialect(
        delimiter,
        decimal,
        names,
        unit_row,
        None if header_index is None else header_index + 1,
        first_data + 1,
    )


def _first_data_line(lines: Sequence[str], delimiter: str, width: int) -> int:
    for index, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith(COMMENT):
            continue
        cells = split_line(line, delimiter)
        filled = [cell for cell in cells if cell]
        values = sum(1 for cell in filled if is_number(cell) or is_date(cell))
        if len(cells) == width and values and (any(map(is_date, filled)) or values * 2 >= len(filled)):
            return index
    used = sum(1 for line in lines if line.strip())
    raise UnreadableFileError(
        "header_only" if used <= 3 else "no_numbers",
        "The file has a header but no rows of data."
        if used <= 3
        else "No line of the file holds dates and numbers.",
        way_out="Upload a file with a date column and at least one column of numbers.",
        row=1,
    )


def _header_above(lines: Sequence[str], first_data: int, delimiter: str, width: int) -> int | None:
    """The nearest line above the data that reads as names: same width, no unit row, no numbers."""
    nearest = None
    for index in range(first_data - 1, -1, -1):
        line = lines[index]
        cells = split_line(line, delimiter)
        if not line.strip() or (len(cells) == width and _is_unit_row(cells)):
            continue
        commented = line.lstrip().startswith(COMMENT)
        if len(cells) == width and not any(is_number(cell) for cell in cells):
            return index
        if not commented and nearest is None and len(cells) > 1 and _names_something(cells):
            nearest = index
    return nearest


def _names_something(cells: Sequence[str]) -> bool:
    return any(recognise(cell).role != "other" or "date" in cell.lower() for cell in cells if cell)


def _is_unit_row(cells: Sequence[str]) -> bool:
    filled = [cell.strip("[]() ") for cell in cells if cell.strip("[]() -")]
    if not filled:
        return False
    if _is_rdb_row(filled):
        return True
    units = sum(1 for cell in filled if is_unit(cell))
    names = sum(1 for cell in filled if recognise(cell).role not in ("other", "flag") and not is_unit(cell))
    return units * 2 >= len(filled) and units > names and not any(is_number(cell) for cell in filled)


def _is_rdb_row(cells: Sequence[str]) -> bool:
    """The row of column widths ('5s', '15s', '20d') under the header of U.S. Geological Survey files."""
    return all(RDB_WIDTHS.fullmatch(cell) for cell in cells)


def _checked_names(
    cells: list[str], line: int, width: int, data: str, data_line: int, delimiter: str
) -> tuple[str, ...]:
    names = [cell.lstrip("\ufeff#% ") if index == 0 else cell for index, cell in enumerate(cells)]
    if len(names) == width - 1 and not split_line(data, delimiter)[-1]:
        names.append("")
    while len(names) > width and not names[-1]:
        names.pop()
    if len(names) != width:
        raise UnreadableFileError(
            "ragged_rows",
            f"The header in line {line:,} names {len(names):,} columns, but line {data_line:,} has {width:,} values.",
            way_out="Give each column a name and each row the same number of values.",
            row=data_line,
        )
    counts = Counter(name for name in names if name)
    repeated = next((name for name in names if counts[name] > 1), None)
    if repeated is not None:
        raise UnreadableFileError(
            "duplicate_column",
            f"Two columns in line {line:,} have the same name '{repeated}'.",
            way_out="Give each column a name of its own.",
            row=line,
            column=repeated,
        )
    return tuple(name or f"column_{number}" for number, name in enumerate(names, 1))


def _decimal(cells: Sequence[str], delimiter: str) -> str:
    """Comma where more cells need it than need the dot; '1,250' alone needs it only where commas do not delimit."""
    commas = [cell for cell in cells if "," in cell and COMMA_NUMBER.fullmatch(cell)]
    certain = sum(1 for cell in commas if not THOUSANDS_NUMBER.fullmatch(cell))
    dots = sum(
        1 for cell in cells if "." in cell and (NUMBER.fullmatch(cell) or THOUSANDS_NUMBER.fullmatch(cell))
    )
    return "," if certain > dots or (commas and not dots and delimiter != ",") else "."
