"""Chains of exceptions, groups of them, and threads."""

from __future__ import annotations

import re
from typing import Any, cast

from monitor.events.frames import stacktrace_of
from monitor.events.model import ExceptionValue, Json, Mechanism, Thread
from monitor.events.values import Remarks, bounded, text_of, values_of, whole_number_of

MAX_EXCEPTIONS = 50
MAX_THREADS = 200
_MAX_TYPE = 256
# What old SDKs sent as the value alone: "ValueError: too many".
_TYPE_IN_VALUE = re.compile(
    r"\A([A-Za-z_][\w.$]*(?:Error|Exception|Warning|Fault|Exit|Interrupt)): (.*)\Z", re.DOTALL
)


def exceptions_of(raw: Any, platform: str, remarks: Remarks) -> list[ExceptionValue]:
    """The chain, oldest first, as Sentry's SDKs send it."""
    values = values_of(raw, remarks, "exception")
    if len(values) > MAX_EXCEPTIONS:
        remarks.add("value_too_long", "exception.values", f"{len(values)} exceptions, {MAX_EXCEPTIONS} kept")
        values = values[-MAX_EXCEPTIONS:]
    found = []
    for place, value in enumerate(values):
        name = f"exception.values.{place}"
        if type(value) is not dict:
            remarks.wrong_type(name, value, "an object")
            value = {"value": value}
        exception = _exception(value, platform, remarks, name)
        if exception:
            found.append(exception)
    return found


def _exception(raw: Json, platform: str, remarks: Remarks, name: str) -> ExceptionValue:
    found: ExceptionValue = {}
    kind = text_of(raw.get("type"), remarks, f"{name}.type", limit=_MAX_TYPE)
    value = text_of(raw.get("value"), remarks, f"{name}.value")
    if kind is None and value is not None and (match := _TYPE_IN_VALUE.match(value)):
        kind, value = match[1], match[2]
    if kind is not None:
        found["type"] = kind
    if value is not None:
        found["value"] = value
    module = text_of(raw.get("module"), remarks, f"{name}.module", limit=_MAX_TYPE)
    if module is not None:
        found["module"] = module
    stacktrace = stacktrace_of(raw.get("stacktrace"), platform, remarks, f"{name}.stacktrace")
    if stacktrace is not None:
        found["stacktrace"] = stacktrace
    mechanism = _mechanism(raw.get("mechanism"), remarks, f"{name}.mechanism")
    if mechanism:
        found["mechanism"] = mechanism
    thread = text_of(raw.get("thread_id"), remarks, f"{name}.thread_id", limit=64)
    if thread is not None:
        found["thread_id"] = thread
    return found


def _mechanism(raw: Any, remarks: Remarks, name: str) -> Mechanism:
    found: Json = {}
    if raw is None:
        return Mechanism()
    if type(raw) is not dict:
        remarks.wrong_type(name, raw, "an object")
        return Mechanism()
    for key, part in raw.items():
        if part is None:
            continue
        if key in ("handled", "synthetic", "is_exception_group"):
            if type(part) is bool:
                found[key] = part
            else:
                remarks.wrong_type(f"{name}.{key}", part, "true or false")
        elif key in ("exception_id", "parent_id"):
            number = whole_number_of(part, remarks, f"{name}.{key}")
            if number is not None:
                found[key] = number
        elif key in ("type", "source", "description", "help_link"):
            found[key] = text_of(part, remarks, f"{name}.{key}", limit=_MAX_TYPE)
        else:
            found[key] = bounded(part, remarks, f"{name}.{key}")
    return cast("Mechanism", found)


def threads_of(raw: Any, platform: str, remarks: Remarks) -> list[Thread]:
    """The threads, each with its stack where it was sent."""
    values = values_of(raw, remarks, "threads")
    if len(values) > MAX_THREADS:
        remarks.add("value_too_long", "threads.values", f"{len(values)} threads, {MAX_THREADS} kept")
        del values[MAX_THREADS:]
    found = []
    for place, value in enumerate(values):
        name = f"threads.values.{place}"
        if type(value) is not dict:
            remarks.wrong_type(name, value, "an object")
            continue
        thread = _thread_labels(value, remarks, name)
        stacktrace = stacktrace_of(value.get("stacktrace"), platform, remarks, f"{name}.stacktrace")
        if stacktrace is not None:
            thread["stacktrace"] = stacktrace
        found.append(thread)
    return found


def _thread_labels(raw: Json, remarks: Remarks, name: str) -> Thread:
    found: Json = {}
    for key in ("id", "name"):
        text = text_of(raw.get(key), remarks, f"{name}.{key}", limit=_MAX_TYPE)
        if text is not None:
            found[key] = text
    for key in ("crashed", "current"):
        if type(raw.get(key)) is bool:
            found[key] = raw[key]
    return cast("Thread", found)
