"""A stack trace as it is read: the application's frames open, those of libraries folded, recursion told once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from monitor.events.frames import MAX_FRAMES
from monitor.events.model import Frame, Json, Stacktrace
from monitor.issues.detail.libraries import folded_words

MOST_OPEN = 8
"""So many of the application's frames stand open; the innermost ones, since there it happened."""

FEW_PIECES = 40
"""What is longer is folded but for its ends."""

_KEPT_OUTERMOST = 50  # as monitor.events.frames cuts
_SHOWN_OUTERMOST = 3
_SHOWN_INNERMOST = 25
_SHOWN_OF_RECURSION = 3
_LONGEST_CYCLE = 4
_JAVA_LIKE = frozenset({"java", "csharp", "kotlin", "scala"})
_MINIFIED_COLUMN = 500


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int | None
    text: str
    is_failing: bool


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One call. `place` is the file, `function` what was called there; `line` is "28" or, with its column, "1:48213"."""

    anchor: str
    place: str
    full_place: str  # where the file lies, if that says more
    function: str
    line: str
    in_app: bool
    is_open: bool
    frame: Frame

    @property
    def source(self) -> list[SourceLine]:
        return source_of(self.frame)

    @property
    def variables(self) -> Json:
        return self.frame.get("vars") or {}

    @property
    def has_details(self) -> bool:
        return bool(self.frame.get("vars")) or "context_line" in self.frame


@dataclass(frozen=True, slots=True)
class Fold:
    """Frames that are told in one line; without frames, a gap."""

    words: str
    frames: tuple[ShownFrame, ...] = ()
    kind: str = "library"  # or "recursion", "gap"


@dataclass(frozen=True, slots=True)
class ShownTrace:
    pieces: tuple[ShownFrame | Fold, ...]  # in the order of reading
    frames: int
    in_app: int
    is_minified: bool
    registers: Json


def source_of(frame: Frame) -> list[SourceLine]:
    """The lines around the failing one; none if the sender sent none."""
    failing = frame.get("context_line")
    if failing is None:
        return []
    before, after = frame.get("pre_context") or [], frame.get("post_context") or []
    number = frame.get("lineno")
    first = None if number is None else number - len(before)
    return [
        SourceLine(None if first is None else first + place, text, place == len(before))
        for place, text in enumerate([*before, failing, *after])
    ]


def shown_trace(
    trace: Stacktrace | None,
    platform: str,
    *,
    anchor: str,
    innermost_first: bool,
    all_open: bool = False,
    left_out: int = 0,
) -> ShownTrace | None:
    """`trace` for the page. `left_out`: so many frames were cut away when it was received (monitor.events.frames)."""
    frames = (trace or {}).get("frames") or []
    if not frames:
        return None
    shown = _shown(frames, platform, anchor, all_open)
    pieces: list[ShownFrame | Fold] = []
    if left_out and len(frames) == MAX_FRAMES:
        pieces += _folded(shown[:_KEPT_OUTERMOST], platform, all_open)
        pieces.append(Fold(f"{left_out} frames were too many to keep", kind="gap"))
        shown = shown[_KEPT_OUTERMOST:]
    pieces += _folded(shown, platform, all_open)
    if not all_open:
        pieces = _shortened(pieces)
    return ShownTrace(
        pieces=tuple(_turned(pieces) if innermost_first else pieces),
        frames=len(frames) + left_out,
        in_app=sum(1 for frame in frames if frame.get("in_app")),
        is_minified=any(frame.get("in_app") and is_minified(frame) for frame in frames),
        registers=(trace or {}).get("registers") or {},
    )


def _shown(frames: Sequence[Frame], platform: str, anchor: str, all_open: bool) -> list[ShownFrame]:
    own = [place for place, frame in enumerate(frames) if frame.get("in_app")]
    opened = set(own[-MOST_OPEN:]) or {len(frames) - 1}
    return [
        ShownFrame(
            f"{anchor}-{place}",
            *_place(frame, platform),
            line=_line(frame),
            in_app=bool(frame.get("in_app")),
            is_open=all_open or place in opened,
            frame=frame,
        )
        for place, frame in enumerate(frames)
    ]


def _place(frame: Frame, platform: str) -> tuple[str, str, str]:
    """The file, where it lies, and the function, each language's way."""
    file = frame.get("filename") or frame.get("abs_path") or ""
    module, function = frame.get("module") or "", frame.get("function") or ""
    if (frame.get("platform") or platform) in _JAVA_LIKE and module:
        function = f"{module}.{function}" if function else module
    place = file or module or frame.get("package") or _address(frame) or "?"
    full = frame.get("abs_path") or ""
    return place, full if full != place else "", function


def _address(frame: Frame) -> str:
    address: Any = frame.get("instruction_addr")
    return str(address) if address is not None else ""


def _line(frame: Frame) -> str:
    line, column = frame.get("lineno"), frame.get("colno")
    if line is None:
        return ""
    return str(line) if column is None else f"{line}:{column}"


def is_minified(frame: Frame) -> bool:
    """Whether the place is one in a script that a tool has made."""
    file = (frame.get("filename") or frame.get("abs_path") or "").partition("?")[0]
    return file.endswith((".min.js", ".min.mjs")) or (
        file.endswith((".js", ".mjs")) and (frame.get("colno") or 0) > _MINIFIED_COLUMN
    )


def _folded(frames: list[ShownFrame], platform: str, all_open: bool) -> list[ShownFrame | Fold]:
    """Runs of library frames and repeated calls, each as a fold. A single library frame says as much as its fold."""
    if all_open:
        return list(frames)
    pieces: list[ShownFrame | Fold] = []
    for in_app, run in groupby(frames, key=lambda one: one.in_app or one.is_open):
        found = tuple(run)
        if in_app:
            pieces += _recursion_folded(found)
        else:
            pieces.append(Fold(folded_words((one.frame for one in found), platform), found))
    return pieces


def _recursion_folded(frames: tuple[ShownFrame, ...]) -> list[ShownFrame | Fold]:
    """The first three rounds of a cycle of calls are shown, and the last one; what is between them is a fold."""
    keys = [(one.place, one.function, one.line) for one in frames]
    pieces: list[ShownFrame | Fold] = []
    place = 0
    while place < len(frames):
        length, rounds = _cycle_at(keys, place)
        if rounds <= _SHOWN_OF_RECURSION + 1:
            pieces.append(frames[place])
            place += 1
            continue
        shown_until = place + length * _SHOWN_OF_RECURSION
        last_round = place + length * (rounds - 1)
        hidden = frames[shown_until:last_round]
        words = f"{rounds - _SHOWN_OF_RECURSION - 1:,} more rounds of the same calls"
        pieces += [*frames[place:shown_until], Fold(words, hidden, "recursion")]
        pieces += frames[last_round : last_round + length]
        place = last_round + length
    return pieces


def _cycle_at(keys: list[tuple[str, str, str]], start: int) -> tuple[int, int]:
    """The length of the cycle that begins at `start`, and how often it is run through (1: none begins here)."""
    for length in range(1, _LONGEST_CYCLE + 1):
        rounds, cycle = 1, keys[start : start + length]
        while len(cycle) == length and keys[start + rounds * length : start + (rounds + 1) * length] == cycle:
            rounds += 1
        if rounds > 1:
            return length, rounds
    return 1, 1


def _shortened(pieces: list[ShownFrame | Fold]) -> list[ShownFrame | Fold]:
    if len(pieces) <= FEW_PIECES:
        return pieces
    hidden = [
        frame
        for piece in pieces[_SHOWN_OUTERMOST:-_SHOWN_INNERMOST]
        for frame in (piece.frames if isinstance(piece, Fold) else (piece,))
    ]
    own = sum(1 for frame in hidden if frame.in_app)
    gaps = [
        piece
        for piece in pieces[_SHOWN_OUTERMOST:-_SHOWN_INNERMOST]
        if isinstance(piece, Fold) and piece.kind == "gap"
    ]
    fold = Fold(f"{len(hidden)} frames in between, {own} of them of the application", tuple(hidden), "middle")
    return [*pieces[:_SHOWN_OUTERMOST], *gaps, fold, *pieces[-_SHOWN_INNERMOST:]]


def _turned(pieces: list[ShownFrame | Fold]) -> list[ShownFrame | Fold]:
    return [
        Fold(piece.words, piece.frames[::-1], piece.kind) if isinstance(piece, Fold) else piece
        for piece in reversed(pieces)
    ]
