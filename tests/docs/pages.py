"""Reads the documents: their headings, links, code blocks, and the commands and names that they mention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")


def all_pages() -> list[Path]:
    return sorted(DOCS.rglob("*.md"))


def name_of(page: Path) -> str:
    return str(page.relative_to(DOCS))


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings(text)}


def links(text: str) -> list[str]:
    return [target for target in _LINK.findall(_FENCE.sub("", text)) if "://" not in target]


def blocks(text: str, language: str) -> Iterator[str]:
    for _indent, found, body in _FENCE.findall(text):
        if found == language:
            yield body


def inline(text: str) -> list[str]:
    return _INLINE.findall(_FENCE.sub("", text))


def table_rows(text: str, heading: str) -> list[list[str]]:
    """The cells of every table under `## heading`, without head and rule."""
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    body = next((part for part in section if part.startswith(heading)), "")
    rows = [line.strip().strip("|") for line in body.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows]
    return [
        row
        for row, following in zip(cells, [*cells[1:], [""]], strict=True)
        if not _is_rule(row) and not _is_rule(following)
    ]


def _is_rule(cells: list[str]) -> bool:
    return all(cell and set(cell) <= {"-", ":"} for cell in cells)


def manage_commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each `manage.py COMMAND` of a page with the options that stand behind it."""
    for line in text.splitlines():
        for match in re.finditer(r"(?:manage\.py|hydroml manage) ([a-z_]+)([^`|#;&]*)", line):
            yield match[1], re.findall(r"(?<!\S)(--[a-z][a-z-]*)", match[2].split('"')[0])


def shell_snippets(text: str) -> list[str]:
    return re.findall(r'manage\.py shell -c "([^"]+)"', text)
