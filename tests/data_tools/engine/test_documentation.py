"""docs/data-quality.md names every code and every kind of finding, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "data-quality.md").read_text()


def named_in_source(pattern: str) -> set[str]:
    sources = [
        path.read_text()
        for path in (ROOT / "data_tools" / "engine").rglob("*.py")
        if path.name != "synthetic.py"
    ]
    return {
        match
        for source in sources
        for found in re.findall(pattern, source)
        for match in re.findall(r'"(\w+)"', found)
    }


def section(title: str) -> set[str]:
    text = DOCUMENT.split(f"## {title}")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_refusal_is_documented() -> None:
    codes = named_in_source(r'UnreadableFileError\(\s*("\w+"(?: if [^,]*? else "\w+")?)')
    codes |= named_in_source(r'\(b"[^"]*", ("\w+"), "an? ')
    assert codes == section("Refused files")


def test_every_kind_of_finding_is_documented() -> None:
    kinds = named_in_source(r'kind=("\w+")') | named_in_source(r'_finding\(\s*("\w+"), self')
    kinds |= named_in_source(r'_NEGATIVE_KINDS\.get\([^,]+, ("\w+")\)') | named_in_source(
        r'"\w+": ("negative_\w+")'
    )
    kinds |= named_in_source(r'^\s+("unit_\w+"|"converted"),$'.replace("^", "(?m:^)").replace("$", "(?m:$)"))
    # "stable" is numpy's kind of sorting; the others are kinds of columns.
    assert kinds - {"number", "text", "date", "stable"} == section("Findings")
