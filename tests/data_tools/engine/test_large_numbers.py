"""A number that nothing measures is no figure: its mean and square would be infinite, which JSON has no word for."""

import dataclasses
import json
from pathlib import Path

from tests.data_tools.engine.files import process


def test_numbers_too_large_for_arithmetic_are_taken_as_missing_and_named(tmp_path: Path) -> None:
    values = ["1e308" if day in (5, 6) else "inf" if day == 9 else str(day) for day in range(1, 29)]
    rows = [f"2000-01-{day:02d},{value}" for day, value in enumerate(values, 1)]
    file = tmp_path / "river.csv"
    file.write_text("date,discharge_m3s\n" + "\n".join(rows) + "\n")
    result, _written = process(file)
    json.dumps([dataclasses.asdict(column) for column in result.columns], allow_nan=False)
    messages = [finding.message for finding in result.findings if finding.kind == "missing_code"]
    assert any("numbers beyond ±1e+30 in 2 rows" in message for message in messages), messages
    assert any("infinite numbers in 1 row" in message for message in messages), messages
