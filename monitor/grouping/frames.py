"""Which frames of a stack trace tell one failure from another, and as what each is compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from monitor.events.model import Frame
from monitor.grouping.names import family_of, file_name, function_name, module_name

LIBRARY = "not the application's code"
NAMELESS = "neither function nor file is known"
REPEATED = "recursion: the same calls again"
_LONGEST_CYCLE = 12
# Their stacks end anywhere within the recursion: where, says nothing.
_OVERFLOWS = frozenset(
    {"RecursionError", "StackOverflowError", "SystemStackError", "StackOverflowException", "InternalError"}
)


class Verdict(NamedTuple):
    """A frame as it is compared, and why it is not where it is not."""

    key: str
    reason: str = ""
    has_function: bool = True


class Selection(NamedTuple):
    """The verdicts on all frames of a stack trace, in its order."""

    verdicts: tuple[Verdict, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(verdict.key for verdict in self.verdicts if not verdict.reason)

    @property
    def has_functions(self) -> bool:
        return any(verdict.has_function for verdict in self.verdicts if not verdict.reason)


def select(frames: Sequence[Frame], platform: str, *, in_app_only: bool, error_type: str = "") -> Selection:
    """The frames that count: the application's own, each by module and function; lines, columns and addresses never do.

    Decorators, comprehensions and async machinery are passed over unless nothing else is left; recursion counts once.
    """
    verdicts = [_verdict(frame, platform, in_app_only) for frame in frames]
    if all(verdict.reason for verdict in verdicts):
        # A trace of wrappers only: then they are what there is.
        verdicts = [
            verdict._replace(reason="") if verdict.reason not in ("", LIBRARY, NAMELESS) else verdict
            for verdict in verdicts
        ]
    return Selection(tuple(_without_recursion(verdicts, everywhere=error_type in _OVERFLOWS)))


def _verdict(frame: Frame, platform: str, in_app_only: bool) -> Verdict:
    if in_app_only and not frame.get("in_app"):
        return _LIBRARY_VERDICT
    return _frame_verdict(
        frame.get("module"),
        frame.get("filename") or frame.get("abs_path") or frame.get("package"),
        frame.get("function"),
        frame.get("platform") or platform,
    )


_LIBRARY_VERDICT = Verdict("", LIBRARY)


@lru_cache(maxsize=8192)
def _frame_verdict(module: str | None, path: str | None, function: str | None, platform: str) -> Verdict:
    family = family_of(platform)
    place = module_name(module, family) if module else file_name(path) if path else ""
    name = function_name(function, family) if function else None
    text = name.text if name is not None else ""
    if not place and not text:
        return Verdict("", NAMELESS, has_function=False)
    return Verdict(
        f"{place}:{text}" if text else place,
        name.skipped if name is not None else "",
        has_function=bool(text),
    )


def _without_recursion(verdicts: Iterable[Verdict], *, everywhere: bool) -> list[Verdict]:
    """Cycles of calls count once; after a stack overflow, each call does."""
    found: list[Verdict] = []
    counted: list[tuple[str, int]] = []
    seen: set[str] = set()
    for verdict in verdicts:
        found.append(verdict)
        if verdict.reason:
            continue
        if everywhere and verdict.key in seen:
            found[-1] = verdict._replace(reason=REPEATED)
            continue
        seen.add(verdict.key)
        counted.append((verdict.key, len(found) - 1))
        if len(seen) < len(counted):
            _drop_cycle(counted, found)
    return found


def _drop_cycle(counted: list[tuple[str, int]], found: list[Verdict]) -> None:
    """Take out the last calls if those before them are the same."""
    for length in range(1, min(len(counted) // 2, _LONGEST_CYCLE) + 1):
        last, before = counted[-length:], counted[-2 * length : -length]
        if all(one[0] == other[0] for one, other in zip(last, before, strict=True)):
            for _, place in last:
                found[place] = found[place]._replace(reason=REPEATED)
            del counted[-length:]
            return
