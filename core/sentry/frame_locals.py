"""Local variables of our own frames, taken from the traceback: useful, cheap and safe.

The SDK's own locals are off: they cost three quarters of a report, run `__repr__` of whatever they meet, and send
passwords. These are plain values of in-app frames, scrubbed like all else; names that Django's `sensitive_variables`
marks are honoured. What stands under a secret name in any frame, ours or a library's, becomes a known secret, so that
the message that repeats it is scrubbed too.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any

from core.sentry.classify import cause_chain
from core.sentry.plain import Shape, plain
from core.sentry.scrubbing.keys import SecretNames
from core.sentry.scrubbing.patterns import FILTERED
from core.sentry.scrubbing.secrets_of import strings_under_secret_names

FrameKey = tuple[str, str, int]

LOCALS_SHAPE = Shape()
MAX_FRAMES = 100
_MAX_TRACEBACKS = 20


@dataclass(slots=True)
class Frames:
    """The frames of an exception, of its causes and of a group's members, by file, function and line."""

    by_key: dict[FrameKey, list[FrameType]] = field(default_factory=dict)

    @classmethod
    def of(cls, exc: BaseException) -> Frames:
        frames = cls()
        for traceback in _tracebacks(exc):
            for frame, line in _walk(traceback):
                code = frame.f_code
                frames.by_key.setdefault((code.co_filename, code.co_name, line), []).append(frame)
        return frames

    def take(self, key: FrameKey) -> FrameType | None:
        """The next frame at this place; recursion has several."""
        waiting = self.by_key.get(key)
        if not waiting:
            return None
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def secrets(self, names: SecretNames) -> list[str]:
        """What stands under secret names, or under names marked as sensitive, in any of the frames."""
        found: list[str] = []
        for frame in self._all():
            marked = _sensitive_names(frame)
            for name, value in frame.f_locals.items():
                secret = names.is_secret(name) or marked == "__ALL__" or name in marked
                kind = type(value)
                if secret or kind in (dict, list, tuple):
                    found += strings_under_secret_names(value, names, secret=secret)
        return found

    def request(self) -> Any | None:
        """Django's request, found as a local of its handler, for reports made without the middleware."""
        base = sys.modules.get("django.http.request")
        for frame in self._all() if base is not None else ():
            candidate = frame.f_locals.get("request")
            if candidate is not None and issubclass(type(candidate), base.HttpRequest):
                return candidate
        return None

    def _all(self) -> Iterator[FrameType]:
        for frames in self.by_key.values():
            yield from frames


def locals_of(
    frame: FrameType, *, names: SecretNames, limit: int, shape: Shape = LOCALS_SHAPE
) -> dict[str, Any]:
    """The plain local variables of `frame`; secret ones by name alone."""
    marked = _sensitive_names(frame)
    shown: dict[str, Any] = {}
    for name, value in frame.f_locals.items():
        if len(shown) >= limit:
            break
        if name.startswith("__") or name == "@py_assert":
            continue
        hidden = (
            marked == "__ALL__"
            or name in marked
            or (names.is_secret(name) and value is not None and value is not True and value is not False)
        )
        shown[name] = FILTERED if hidden else plain(value, shape)
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


def _sensitive_names(frame: FrameType) -> Any:
    """What `sensitive_variables` says of this frame: names, "__ALL__", or nothing."""
    debug = sys.modules.get("django.views.decorators.debug")
    if debug is None:
        return ()
    if frame.f_code.co_name == "sensitive_variables_wrapper":
        return ("func_args", "func_kwargs")
    if frame.f_code.co_flags & inspect.CO_COROUTINE:
        place = f"{frame.f_code.co_filename}:{frame.f_code.co_firstlineno}"
        marked = debug.coroutine_functions_to_sensitive_variables.get(hash(place))
        if marked:
            return marked
    caller = frame.f_back
    while caller is not None:
        if caller.f_code.co_name == "sensitive_variables_wrapper":
            wrapper = caller.f_locals.get("sensitive_variables_wrapper")
            return getattr(wrapper, "sensitive_variables", ()) or ()
        caller = caller.f_back
    return ()
