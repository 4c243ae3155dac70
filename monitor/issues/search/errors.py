"""What is wrong with a search, for whoever wrote it."""

from collections.abc import Iterable
from difflib import get_close_matches


class SearchError(Exception):
    """`word` is the part of the search that can't be understood, at `start`; the message says what is possible."""

    def __init__(self, message: str, *, word: str = "", start: int = 0) -> None:
        super().__init__(message)
        self.message, self.word, self.start = message, word, start

    @property
    def end(self) -> int:
        return self.start + len(self.word)


def possible(choices: Iterable[str], given: str = "") -> str:
    """`Possible: a, b or c.`, after `Did you mean b?` where one is close."""
    names = list(choices)
    close = get_close_matches(given.lower(), names, n=1)
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else "".join(names)
    meant = f"Did you mean {close[0]}? " if close else ""
    return f"{meant}Possible: {listed}."
