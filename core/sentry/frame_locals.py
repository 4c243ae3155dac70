"""Local variables of our own frames, taken from the traceback: useful, cheap and safe.

The SDK's own locals are off: they cost three quarters of a report, run `__repr__` of whatever they meet, and send
passwords. These are plain values of in-app frames, scrubbed like all else; names that Django's `sensitive_variables`
marks are honoured. What stands under a secret name in any frame, ours or a library's, becomes a known secret, so that
the message that repeats it is scrubbed too.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any

from core.sentry.classify import cause_chain
from core.sentry.scrubbing.keys import SecretNames
from core.sentry.scrubbing.known import found_by_name, secret_texts
from core.sentry.scrubbing.patterns import FILTERED
from core.sentry.scrubbing.secrets_of import strings_under_secret_names

FrameKey = tuple[str, str, int]

MAX_FRAMES = 100
_MAX_TRACEBACKS = 20
_MAX_CALLERS = 200
_PLAIN_CONTAINERS = (dict, list, tuple)


@dataclass(slots=True)
class FrameState:
    """One frame's variables, read once, and what `sensitive_variables` says of them."""

    variables: dict[str, Any]
    marked: Any
    shown: bool = False

    def hides(self, name: str) -> bool:
        return bool(self.marked) and (self.marked == "__ALL__" or name in self.marked)


@dataclass(slots=True)
class Frames:
    """The frames of an exception, of its causes and of a group's members, by file, function and line."""

    by_key: dict[FrameKey, list[FrameState]] = field(default_factory=dict)

    @classmethod
    def of(cls, exc: BaseException) -> Frames:
        frames = cls()
        for traceback in _tracebacks(exc):
            wrapped = _has_wrapper(traceback)
            for frame, line in _walk(traceback):
                code = frame.f_code
                state = FrameState(dict(frame.f_locals), _sensitive_names(frame, wrapped=wrapped))
                frames.by_key.setdefault((code.co_filename, code.co_name, line), []).append(state)
        return frames

    def take(self, key: FrameKey) -> FrameState | None:
        """The next frame at this place; recursion has several."""
        waiting = self.by_key.get(key)
        if not waiting:
            return None
        return next((state for state in waiting if not state.shown), waiting[-1])

    def secrets(self, names: SecretNames) -> list[str]:
        """What is marked as sensitive, and what stands under secret names in frames that are not shown.

        The scrubber finds those of the shown frames itself, when it hides them.
        """
        found: list[str] = []
        is_secret = names.is_secret
        for state in self._all():
            if state.shown and not state.marked:
                continue
            for name, value in state.variables.items():
                if state.hides(name):
                    found += secret_texts(value, plain_too=True)
                elif is_secret(name):
                    found += found_by_name(name, value, names)
                elif type(value) in _PLAIN_CONTAINERS:
                    found += strings_under_secret_names(value, names)
        return found

    def request(self) -> Any | None:
        """Django's request, found as a local of its handler, for reports made without the middleware."""
        base: Any = sys.modules.get("django.http.request")
        for state in self._all() if base is not None else ():
            candidate = state.variables.get("request")
            if candidate is not None and issubclass(type(candidate), base.HttpRequest):
                return candidate
        return None

    def _all(self) -> Iterator[FrameState]:
        for states in self.by_key.values():
            yield from states


def locals_of(state: FrameState, *, limit: int) -> dict[str, Any]:
    """The local variables to show of a frame, as they are; the scrubber reads them without running their code."""
    shown: dict[str, Any] = {}
    for name, value in state.variables.items():
        if len(shown) >= limit:
            break
        if not name.startswith(("__", "@")):
            shown[name] = FILTERED if state.hides(name) else value
    return shown


def _tracebacks(exc: BaseException) -> Iterator[TracebackType]:
    waiting: list[BaseException] = [exc]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_TRACEBACKS:
        for link in cause_chain(waiting.pop(0)):
            if id(link) in seen:
                break
            seen.add(id(link))
            if link.__traceback__ is not None:
                yield link.__traceback__
            if isinstance(link, BaseExceptionGroup):
                waiting += link.exceptions[:_MAX_TRACEBACKS]


def _walk(traceback: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    count = 0
    while traceback is not None and count < MAX_FRAMES:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback, count = traceback.tb_next, count + 1


def _has_wrapper(traceback: TracebackType) -> bool:
    """Whether any frame of this traceback runs under `sensitive_variables`; most do not, and that is seen quickly."""
    if "django.views.decorators.debug" not in sys.modules:
        return False
    callers = itertools.chain((frame for frame, _ in _walk(traceback)), _callers(traceback.tb_frame))
    return any(frame.f_code.co_name == "sensitive_variables_wrapper" for frame in callers)


def _callers(frame: FrameType) -> Iterator[FrameType]:
    caller, count = frame.f_back, 0
    while caller is not None and count < _MAX_CALLERS:
        yield caller
        caller, count = caller.f_back, count + 1


def _sensitive_names(frame: FrameType, *, wrapped: bool) -> Any:
    """What `sensitive_variables` says of this frame, found as Django's own debug page finds it."""
    code = frame.f_code
    if code.co_flags & inspect.CO_COROUTINE:
        debug: Any = sys.modules.get("django.views.decorators.debug")
        registered = getattr(debug, "coroutine_functions_to_sensitive_variables", {})
        marked = registered.get(hash(f"{code.co_filename}:{code.co_firstlineno}"))
        if marked:
            return marked
    if not wrapped:
        return ()
    if code.co_name == "sensitive_variables_wrapper":
        return ("func_args", "func_kwargs")
    for caller in _callers(frame):
        if caller.f_code.co_name == "sensitive_variables_wrapper":
            wrapper = caller.f_locals.get("sensitive_variables_wrapper")
            return getattr(wrapper, "sensitive_variables", ()) or ()
    return ()
