"""On which line of a TOML file a key stands: tomllib reads values but forgets their places.

The text is known to be valid TOML (tomllib has read it), so the scanner only has to find its way, not to judge.
"""

from __future__ import annotations

import re

from strategy.problems import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_VALUE = re.compile(r"[^,\]}#\r\n]+")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def locate(text: str) -> dict[KeyPath, int]:
    """The 1-based line of every key path: tables at their header, values at their key, elements where they begin."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def line_of(places: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of `path`, or of the nearest thing around it that is written in the file (line 1 for the whole)."""
    while path and path not in places:
        path = path[:-1]
    return places.get(path, 1)


def excerpts(text: str, name: str) -> list[str]:
    """The file's own words for each table of the array `name`, comments and all, as the pages of the monitor show them."""
    text = text.replace("\r\n", "\n")
    places, lines = locate(text), text.split("\n")
    count = sum(len(place) == 2 and place[0] == name for place in places)
    return ["\n".join(_excerpt(lines, places, (name, index))) for index in range(count)]


def _excerpt(lines: list[str], places: dict[KeyPath, int], path: KeyPath) -> list[str]:
    inside = max(line for place, line in places.items() if place[: len(path)] == path)
    after = min((line for line in places.values() if line > inside), default=len(lines) + 1)
    found = lines[places[path] - 1 : after - 1]
    while len(found) > 1 and (not found[-1].strip() or found[-1].lstrip().startswith("#")):
        found.pop()  # blank lines and the comment that introduces what comes next
    return found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.array_lengths: dict[KeyPath, int] = {}
        self._counted_to = 0
        self._line = 1

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self.text):
            if self._here("[["):
                table = self._header("[[", "]]")
            elif self._here("["):
                table = self._header("[", "]")
            else:
                self._pair(table)
        return self.lines

    def _header(self, opening: str, closing: str) -> KeyPath:
        line = self._line_here()
        self.at += len(opening)
        path: KeyPath = ()
        names = self._key()
        for name in names[:-1]:
            path = self._latest((*path, name))
        path = (*path, names[-1])
        self.lines.setdefault(path, line)
        if opening == "[[":
            index = self.array_lengths.get(path, 0)
            self.array_lengths[path] = index + 1
            path = (*path, index)
            self.lines[path] = line
        self._skip(_SPACE)
        self.at += len(closing)
        return path

    def _latest(self, path: KeyPath) -> KeyPath:
        """A header that goes through an array of tables means the array's last element."""
        self.lines.setdefault(path, self._line_here())
        return (*path, self.array_lengths[path] - 1) if path in self.array_lengths else path

    def _pair(self, table: KeyPath) -> None:
        line = self._line_here()
        path = table
        for name in self._key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._skip(_SPACE)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        names = []
        while True:
            self._skip(_SPACE)
            if self._here('"') or self._here("'"):
                names.append(_unquoted(self._take(_STRING)))
            else:
                names.append(self._take(_BARE_KEY))
            self._skip(_SPACE)
            if not self._here("."):
                return names
            self.at += 1

    def _value(self, path: KeyPath) -> None:
        if self._here("["):
            self._array(path)
        elif self._here("{"):
            self._inline_table(path)
        elif self._here('"') or self._here("'"):
            self._take(_STRING)
        else:
            self._take(_BARE_VALUE)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        self._skip(_BLANK)
        while not self._here("]"):
            self.lines[(*path, index)] = self._line_here()
            self._value((*path, index))
            index += 1
            self._skip(_BLANK)
            if self._here(","):
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        self._skip(_BLANK)
        while not self._here("}"):
            self._pair(path)
            self._skip(_BLANK)
            if self._here(","):
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _here(self, beginning: str) -> bool:
        return self.text.startswith(beginning, self.at)

    def _skip(self, what: re.Pattern[str]) -> int:
        found = what.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _take(self, what: re.Pattern[str]) -> str:
        found = what.match(self.text, self.at)
        if found is None:
            raise ValueError(f"line {self._line_here()} is not TOML: {self.text[self.at : self.at + 40]!r}")
        self.at = found.end()
        return found[0]

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._line


def _unquoted(name: str) -> str:
    if name.startswith("'"):
        return name[1:-1]
    return _ESCAPE.sub(lambda found: _character(found[1]), name[1:-1])


def _character(escape: str) -> str:
    if len(escape) > 1:
        return chr(int(escape[1:], 16))
    return _ESCAPED.get(escape, escape)
