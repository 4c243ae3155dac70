"""The raw traceback against what Python itself prints."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable

import pytest
from sentry_sdk.utils import event_from_exception

from monitor.events import normalise
from monitor.events.model import Event
from monitor.issues.detail.raw_traceback import raw_traceback


class GaugeError(Exception):
    pass


def fail(what: object) -> None:
    raise GaugeError(what)


def by_cause() -> None:
    try:
        fail("no stage")
    except GaugeError as error:
        raise LookupError("the station has no readings") from error


def by_context() -> None:
    try:
        fail("no stage")
    except GaugeError:
        fail("and no way round")


def of_many_lines() -> None:
    fail("first line\nsecond line\n  third")


def by_recursion(left: int = 30) -> None:
    if left == 0:
        fail("the bottom")
    by_recursion(left - 1)


def caught(do: Callable[[], None]) -> Exception:
    try:
        do()
    except Exception as error:
        return error
    raise AssertionError(do)


def in_groups() -> None:
    inner = ExceptionGroup("inner", [caught(lambda: fail(1)), caught(lambda: fail(2))])
    raise ExceptionGroup("outer", [caught(by_cause), inner])


def group_in_the_middle() -> None:
    inner = caught(lambda: (_ for _ in ()).throw(ExceptionGroup("inner", [caught(lambda: fail(1))])))
    raise ExceptionGroup("outer", [inner, caught(lambda: fail(2))])


def group_while_handling() -> None:
    try:
        fail("before")
    except GaugeError as error:
        raise ExceptionGroup("after", [caught(lambda: fail(1))]) from error


def event_of(error: BaseException) -> Event:
    """As sentry-sdk sends it and the monitor reads it."""
    raw, _ = event_from_exception(
        error,
        client_options={
            "include_local_variables": False,
            "include_source_context": True,
            "max_value_length": 1000,
        },
    )
    raw["platform"] = "python"
    return normalise(json.loads(json.dumps(raw)), received=0.0)


def as_python_prints(error: BaseException) -> str:
    """Without the marks under a part of a line, which no SDK sends; events begin where the SDK's own caller does."""
    lines = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    return "\n".join(line for line in lines if not re.fullmatch(r"[| ]*[\^~]+", line))


@pytest.mark.parametrize(
    "do",
    [by_cause, by_context, of_many_lines, by_recursion, in_groups, group_in_the_middle, group_while_handling],
    ids=lambda do: do.__name__,
)
def test_it_is_what_python_prints(do: Callable[[], None]) -> None:
    error = caught(do)
    assert raw_traceback(event_of(error)) == as_python_prints(error)
