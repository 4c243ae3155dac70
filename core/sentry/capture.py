"""The narrow public way to report: what is set for one report never leaks into the next.

Each function returns the event id that capturing returned, or None when nothing was sent. `last_event_id()` is
not used anywhere: it gives the id of some earlier event when this one was dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import sentry_sdk

from core.sentry.plain import plain

Level = Literal["fatal", "critical", "error", "warning", "info", "debug"]

MAX_TAG_LENGTH = 200


def capture_exception(
    exc: BaseException | None = None,
    *,
    context: Mapping[str, Mapping[str, Any]] | Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    level: Level | None = None,
) -> str | None:
    """Report `exc` (or the exception being handled) as handled. Returns the event id, or None when it was not sent.

    `context` is either named sections, `{"import": {"rows": 3}}`, or one plain mapping, kept as section "context".
    """
    with _reporting(context=context, tags=tags, extra=extra, level=level):
        return sentry_sdk.capture_exception(exc)


def capture_message(
    message: str,
    level: Level = "info",
    *,
    context: Mapping[str, Mapping[str, Any]] | Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> str | None:
    """Report a message that is no exception. Returns the event id, or None when it was not sent."""
    with _reporting(context=context, tags=tags, extra=extra, level=level):
        return sentry_sdk.capture_message(message, level=level)


def capture_custom_error(
    error_type: str, message: str, extra_context: Mapping[str, Any] | None = None, *, level: Level = "error"
) -> str | None:
    """Report a fault that raised nothing, such as a sum that does not add up; grouped by `error_type`."""
    event: dict[str, Any] = {
        "level": level,
        "exception": {
            "values": [
                {"type": error_type, "value": message, "mechanism": {"type": "custom", "handled": True}}
            ]
        },
    }
    with _reporting(context={error_type: dict(extra_context)} if extra_context else None):
        return sentry_sdk.capture_event(event)  # type: ignore[arg-type]


def add_breadcrumb(
    message: str,
    *,
    category: str = "app",
    level: Level = "info",
    type: str = "default",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Note a step on the way; it is sent with the next event of the same request or task only."""
    # A copy, because what the caller changes later must not change what happened.
    sentry_sdk.add_breadcrumb(
        message=message, category=category, level=level, type=type, data=dict(data) if data else {}
    )


def set_context(name: str, value: Mapping[str, Any]) -> None:
    """Attach a named section to each event of this request or task."""
    sentry_sdk.get_isolation_scope().set_context(name, dict(value))


def set_tag(name: str, value: Any) -> None:
    """Attach a short searchable value to each event of this request or task."""
    sentry_sdk.get_isolation_scope().set_tag(name, _tag(value))


def set_user(user_id: Any, role: str | None = None) -> None:
    """The user is an id and a role; names and addresses are never sent."""
    user = None if user_id is None else {"id": str(user_id), **({"role": role} if role else {})}
    sentry_sdk.get_isolation_scope().set_user(user)


@contextmanager
def _reporting(
    *,
    context: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    level: Level | None = None,
) -> Iterator[None]:
    with sentry_sdk.new_scope() as scope:
        for name, section in _sections(context).items():
            scope.set_context(name, dict(section))
        for name, value in (tags or {}).items():
            scope.set_tag(name, _tag(value))
        for name, value in (extra or {}).items():
            scope.set_extra(name, value)
        if level is not None:
            scope.set_level(level)
        yield


def _sections(context: Mapping[str, Any] | None) -> Mapping[str, Mapping[str, Any]]:
    if not context:
        return {}
    # By type, since isinstance would ask a lazy object for its class, and so load it.
    named = all(issubclass(type(section), dict) for section in context.values())
    return context if named else {"context": context}


def _tag(value: Any) -> str:
    # Sentry refuses tags that are no strings: a UUID would arrive as "UUID('…')".
    return str(plain(value))[:MAX_TAG_LENGTH]
