"""The commands that the documents tell people to type, and what can be checked of each without doing harm."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.docs import pages

# Words that begin a command in an indented block; fenced blocks say that they are `sh`.
_BEGINS = re.compile(
    r"(script/\w|python -m |\.venv/bin/|docker |manage\.py |kubectl |curl |sentry-cli |coverage )"
)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}[^\n]*\n)+")


@dataclass(frozen=True)
class Command:
    """One line, without its comment; `page` is where it stands."""

    text: str
    page: str

    @property
    def words(self) -> list[str]:
        """As a shell splits them; variables before the command are left out."""
        words = shlex.split(self.text.replace("…", "..."))
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        return words


def all_commands() -> list[Command]:
    """Each once, at the first page that has it."""
    found: dict[str, Command] = {}
    for file in [*pages.all_pages(), pages.ROOT / "README.md"]:
        name = str(file.relative_to(pages.ROOT))
        for line in _lines(file.read_text(encoding="utf-8")):
            for part in _parts(line):
                found.setdefault(part, Command(part, name))
    return list(found.values())


def _lines(text: str) -> Iterator[str]:
    for language in ("sh", "bash", "console"):
        for block in pages.blocks(text, language):
            yield from block.replace("\\\n", " ").splitlines()
    for match in _INDENTED.finditer(text):
        for line in match[0].replace("\\\n", " ").splitlines():
            if _BEGINS.match(line.strip()):
                yield line


def _parts(line: str) -> Iterator[str]:
    """The commands of a line: comments off, and what stands between `&&`, `;` and `|` apart. Quotes hold."""
    lexer = shlex.shlex(line.strip(), posix=False, punctuation_chars="&;|")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    part: list[str] = []
    for token in lexer:
        if set(token) <= set("&;|"):
            if part:
                yield " ".join(part)
            part = []
        else:
            part.append(token)
    if part:
        yield " ".join(part)
