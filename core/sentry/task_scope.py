"""Binds a task to the SDK's isolation scope: each of its events says which task, which attempt, and what failed before.

In the worker's child an event processor does it, before the task runs: what is set in `on_failure` comes too late, the
event has left. In the worker's parent, where a killed child or a hard time limit is noticed, a scope of its own does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sentry_sdk
from sentry_sdk.scope import add_global_event_processor

from core.sentry import counters

_LOST_PROCESS = "Process %r pid:%r exited with %r"
_UNKNOWN_TASK = "Received unregistered task of type %s."
_CALLBACK_FAILED = "Pool callback raised exception: %r"
_CHORD_FAILED = "Chord %r raised: %r"


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """One attempt of one task. `arguments` are by name, and scrubbed only when an event needs them."""

    name: str
    task_id: str
    retries: int = 0
    queue: str = ""
    request_id: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    failed_before: Sequence[Mapping[str, Any]] = ()

    def tags(self) -> dict[str, str]:
        found = {
            "task_name": self.name,
            "task_id": self.task_id,
            "retries": str(self.retries),
            "queue": self.queue,
            "request_id": self.request_id,
        }
        return {name: value for name, value in found.items() if value}

    def context(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "id": self.task_id,
            "retries": self.retries,
            "arguments": dict(self.arguments),
        }


def bind_task(facts: TaskFacts) -> None:
    """Let the events of the running task tell of it. The SDK opened an isolation scope for it, and closes it."""
    if not sentry_sdk.get_client().is_active():
        return
    scope = sentry_sdk.get_isolation_scope()
    if scope._name != "celery":
        return  # called as a plain function: the caller's scope is not the task's
    scope.add_event_processor(_processor(facts))
    for failure in facts.failed_before:
        scope.add_breadcrumb(
            category="retry",
            level="warning",
            message=f"attempt {failure.get('attempt')} failed: {failure.get('error')}: {failure.get('message')}",
            data={"at": failure.get("at"), "waited_s": failure.get("waited_s")},
        )


def describe_task(**context: Any) -> None:
    """Say what the running task works on (datasource_id=…, stage=…), for each of its events from here on."""
    scope = sentry_sdk.get_isolation_scope()
    if scope._name != "celery":
        return  # not in a task: it would stay with the thread
    known = scope._contexts.get("work") or {}
    scope.set_context("work", {**known, **{name: str(value) for name, value in context.items()}})


@contextlib.contextmanager
def in_workers_parent(facts: TaskFacts) -> Iterator[None]:
    """A scope for what the parent learns of a task: `report_outcome` tells it, what Celery logs is an echo."""

    def told_alone(event: Any, hint: Any) -> Any:
        if (hint or {}).get("log_record") is not None:
            counters.count("suppressed", reason="same_loss", category="error")
            return None
        return _processor(facts)(event, hint)

    with sentry_sdk.isolation_scope() as scope:
        # The parent's breadcrumbs are of all tasks: another's say nothing of this one.
        scope.clear_breadcrumbs()
        scope.add_event_processor(told_alone)
        yield


def report_outcome(exc: BaseException, facts: TaskFacts, *, is_loss: bool = True) -> str | None:
    """Report what befell a task from outside. A loss has no stack to go by: it is grouped by its kind and the task."""
    with sentry_sdk.new_scope() as scope:
        if is_loss:
            scope.fingerprint = ["celery", type(exc).__name__, facts.name]
        event, hint = sentry_sdk.utils.event_from_exception(
            (type(exc), exc, exc.__traceback__),
            client_options=sentry_sdk.get_client().options,
            mechanism={"type": "celery", "handled": False},
        )
        return sentry_sdk.capture_event(event, hint=hint)


def _processor(facts: TaskFacts) -> Any:
    def tell_of_task(event: Any, hint: Any) -> Any:
        event["tags"] = {**facts.tags(), **(event.get("tags") or {})}
        event.setdefault("contexts", {}).setdefault("task", facts.context())
        if isinstance(event.get("extra"), dict):
            # The SDK's own account of the task, without arguments: ours says more.
            event["extra"].pop("celery-job", None)
        return event

    return tell_of_task


def _leave_out_echoes(event: Any, hint: Any) -> Any:
    """What Celery logs of a failure that the failed task has reported itself is an echo."""
    record = (hint or {}).get("log_record")
    if record is None or not _is_echo(record.msg, record.args):
        return event
    counters.count("suppressed", reason="echo", category="error")
    return None


def _is_echo(template: Any, arguments: Any) -> bool:
    if template == _LOST_PROCESS:
        return True  # a child's death is an event by the task that it took along
    if isinstance(template, str) and template.startswith(_UNKNOWN_TASK):
        return True  # told by core.task_requests, with the task's name
    last = arguments[-1] if isinstance(arguments, tuple) and arguments else None
    if template == _CALLBACK_FAILED:
        return isinstance(last, MemoryError)
    # The body of a chord does not run because a member failed, which is the member's event.
    return template == _CHORD_FAILED and isinstance(last, Exception | str) and "Dependency" in str(last)


add_global_event_processor(_leave_out_echoes)
