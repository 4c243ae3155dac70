"""Tags each event with the outside service that its error names: strategy.toml groups such errors by `tags.service`.

From the exception and not set on the scope: an error that a fallback answered must not mark the next one.
"""

from __future__ import annotations

from typing import Any

from sentry_sdk.scope import add_global_event_processor

from core.errors import ExternalServiceError
from core.sentry.classify import cause_chain


def service_of(exc: BaseException) -> str:
    """The name of the service that `exc`, or what it came from, is about; nothing when it is about none."""
    for link in cause_chain(exc):
        if isinstance(link, ExternalServiceError) and link.service:
            return link.service
    return ""


def _tag_service(event: Any, hint: Any) -> Any:
    exc_info = hint.get("exc_info") if hint else None
    exc = exc_info[1] if exc_info else None
    name = service_of(exc) if isinstance(exc, BaseException) else ""
    if name:
        event["tags"] = {**(event.get("tags") or {}), "service": name}
    return event


add_global_event_processor(_tag_service)
