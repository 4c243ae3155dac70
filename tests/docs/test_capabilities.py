"""docs/capabilities.md has a row for each capability, and what a row points at is there."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.docs import pages

PAGE = (pages.DOCS / "capabilities.md").read_text(encoding="utf-8")
REQUIREMENTS = pages.ROOT.parent / "shared" / "requirements.md"
IDS = re.findall(
    r"\w+",
    """
A1 A2 A3 A4 A5 A6 A6a A6b A7 A8
B1 B2 B3 B4 B5 B5a B6 B6a B7
C1 C2 C2a C2b C3 C4 C5 C6 C7
D1 D2 D3 D4 D5
E1 E2 E2a E2b E3 E4 E4a E4b E5
F1 F2 F3 F4
G1 G2 G3 G4 G5 G6
H1 H2 H3 H4 H5 H6 H7
I0 I1 I2 I3 I4 I5
J0 J1 J2 J3 J4 J5 J6
K1 K2 K3 K4 K5 K6 K6a K6b K7
L1 L2 L2a L2b L3
M1 M1a M2 M3 M4 M5 M5a M5b M6
N1 N2 N3 N4
""",
)
ROWS = [
    row for heading in re.findall(r"^## (.+)$", PAGE, re.MULTILINE) for row in pages.table_rows(PAGE, heading)
]

each_row = pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])


def test_each_capability_has_one_row() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(IDS)


@pytest.mark.shared
def test_the_capabilities_are_those_that_are_owed() -> None:
    if not REQUIREMENTS.is_file():
        pytest.skip("no ../shared/requirements.md beside the repository")
    owed = re.findall(r"^\| ([A-N]\d+[a-z]?) \|", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(IDS) == sorted(owed)


@each_row
def test_what_a_row_points_at_is_there(row: list[str]) -> None:
    _, _, code, tests, shown, state = row
    for path in _quoted(code):
        assert (pages.ROOT / path).is_file(), path
    for reference in _quoted(tests):
        path, _, name = reference.partition("::")
        assert (pages.ROOT / path).is_file(), path
        assert not name or name in _tests_of(pages.ROOT / path), reference
    assert re.match(r"done|partly: |not yet \(issue \d\)|partly", state), state
    if state.startswith("done"):
        assert _quoted(code), "done, with no code"
        assert any(
            Path(reference.partition("::")[0]).name.startswith("test_") for reference in _quoted(tests)
        )
        assert shown != "none"


@each_row
def test_a_row_that_names_nothing_says_so(row: list[str]) -> None:
    for cell in row[2:5]:
        assert cell == "none" or _quoted(cell) or pages.links(cell) or "laboratory" in cell, cell


def _quoted(cell: str) -> list[str]:
    return pages.inline(cell)


@functools.cache
def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
