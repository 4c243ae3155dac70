"""The table as it grows, for people: a heading for each drill, a line for each thing that was to happen."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from typing import TextIO

from core.firedrill.lines import Figure, Line, Verdict

_CHECK, _EXPECTED, _SEEN, _SECONDS = 28, 36, 40, 6
_SIGNS = {
    Verdict.RIGHT: "ok",
    Verdict.WRONG: "WRONG",
    Verdict.LEFT_OUT: "left out",
    Verdict.REHEARSED: "rehearsed",
}


class Table:
    """Writes to `out`; on a terminal its last line says what is being waited for."""

    def __init__(self, out: TextIO, progress: TextIO = sys.stderr) -> None:
        self._out, self._progress = out, progress
        self._is_live = progress.isatty()
        self._shown = 0

    def head(self, where: str, drills: int) -> None:
        self._write(f"Fire drill: {where}" + (f", {drills} drills" if drills > 1 else ""))
        self._write(self._row("", "expected", "seen", "s", "").rstrip())

    def drill(self, number: int, of: int, name: str, does: str) -> None:
        self._write(f"[{number:>2}/{of}] {name}: {does}")

    def part(self, name: str) -> None:
        """Of what is not counted: whose lines follow."""
        self._write(name)

    def line(self, line: Line) -> None:
        seconds = "" if line.seconds is None else f"{line.seconds:.1f}"
        self._write(self._row(line.check, line.expected, line.seen, seconds, _SIGNS[line.verdict]))

    def say(self, what: str) -> None:
        """The progress line; nothing where nobody is looking."""
        if not self._is_live:
            return
        width = shutil.get_terminal_size().columns - 1
        text = f"… {what}"[:width]
        self._progress.write("\r" + text.ljust(self._shown))
        self._progress.flush()
        self._shown = len(text)

    def end(self, lines: Iterable[Line], figures: Iterable[Figure], seconds: float) -> None:
        known = list(lines)
        self._write("")
        for figure in figures:
            self._write(
                f"{figure.what:<16} p50 {figure.p50:5.1f} s   p95 {figure.p95:5.1f} s   "
                f"max {figure.longest:5.1f} s   of {figure.measured}"
            )
        counts = {verdict: sum(line.verdict is verdict for line in known) for verdict in Verdict}
        words = [
            f"{counts[Verdict.RIGHT]} as expected",
            f"{counts[Verdict.WRONG]} not",
            f"{counts[Verdict.LEFT_OUT]} left out",
            f"{counts[Verdict.REHEARSED]} proved by rehearsal",
        ]
        self._write(f"{', '.join(words)}; {seconds:.0f} s.")
        for line in known:
            if line.verdict is Verdict.WRONG:
                self._write(f"WRONG  {line.drill}: {line.check}: expected {line.expected}; seen {line.seen}")

    def _row(self, check: str, expected: str, seen: str, seconds: str, sign: str) -> str:
        cells = [f"{_cut(check, _CHECK):<{_CHECK}}", f"{_cut(expected, _EXPECTED):<{_EXPECTED}}"]
        cells += [f"{_cut(seen, _SEEN):<{_SEEN}}", f"{seconds:>{_SECONDS}}", sign]
        return f"        {' '.join(cells)}".rstrip()

    def _write(self, text: str) -> None:
        if self._is_live and self._shown:
            self._progress.write("\r" + " " * self._shown + "\r")
            self._progress.flush()
            self._shown = 0
        self._out.write(f"{text}\n")
        self._out.flush()


def _cut(text: str, width: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"
