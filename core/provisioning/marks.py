"""How an object that was made here is known again: `The database fails [hydroml/database]`.

In texts that many people write to (ownership, fingerprints) our lines stand between two comment lines instead. A name is
what every object of the API has, what a person sees, and what no migration of Sentry's has ever dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_KEY = r"[a-z0-9_.@-]+"


@dataclass(frozen=True)
class Mark:
    """The mark of one project's objects: an organisation may hold those of many."""

    project: str

    def name(self, title: str, key: str, longest: int = 200) -> str:
        """`title` with the mark; cut so that the mark always fits into `longest` characters."""
        mark = f" [{self.project}/{key}]"
        return title[: longest - len(mark)] + mark

    def key(self, name: str) -> str | None:
        """The key in a marked name; None for everybody else's."""
        found = re.search(rf" \[{re.escape(self.project)}/({_KEY})\]$", name)
        return found[1] if found else None

    @property
    def first_line(self) -> str:
        return f"# >>> {self.project}: from strategy.toml by manage.py provision_sentry; edits in here are replaced"

    @property
    def last_line(self) -> str:
        return f"# <<< {self.project}"

    def with_block(self, text: str, lines: list[str]) -> str:
        """`text` with our lines put in the place of our old ones; everything else keeps its place, to the character."""
        before, _, after = self._around(text)
        if not lines:
            return before + after
        block = "\n".join([self.first_line, *lines, self.last_line]) + "\n"
        if before and not before.endswith("\n"):
            before += "\n"
        return before + block + after

    def block(self, text: str) -> list[str]:
        """Our lines in `text`."""
        return self._around(text)[1]

    def _around(self, text: str) -> tuple[str, list[str], str]:
        start = re.search(rf"^# >>> {re.escape(self.project)}:.*$\n?", text, re.M)
        if start is None:
            return text, [], ""
        end = re.compile(rf"^# <<< {re.escape(self.project)}$\n?", re.M).search(text, start.end())
        if end is None:
            # Somebody took the last line out: what follows may be theirs, so only the first line goes.
            return text[: start.start()], [], text[start.end() :]
        return text[: start.start()], text[start.end() : end.start()].splitlines(), text[end.end() :]
