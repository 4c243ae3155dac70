"""Everything that imports sentry_sdk.

Names are loaded on first use, so that settings can import `setup_sentry` before Django is ready
and `core` works where Celery or redis is not installed. The function `classify` is not among them: it lives in the
module of its name, which would take its place here once imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.sentry.capture import (
        add_breadcrumb,
        capture_custom_error,
        capture_exception,
        capture_message,
        set_context,
        set_tag,
        set_user,
    )
    from core.sentry.classify import Classification, category
    from core.sentry.feedback import send_feedback
    from core.sentry.scrubbing import remember_request, scrub
    from core.sentry.setup import setup_sentry

_HOMES = {
    "Classification": "classify",
    "add_breadcrumb": "capture",
    "capture_custom_error": "capture",
    "capture_exception": "capture",
    "capture_message": "capture",
    "category": "classify",
    "remember_request": "scrubbing",
    "scrub": "scrubbing",
    "send_feedback": "feedback",
    "set_context": "capture",
    "set_tag": "capture",
    "set_user": "capture",
    "setup_sentry": "setup",
}

__all__ = [
    "Classification",
    "add_breadcrumb",
    "capture_custom_error",
    "capture_exception",
    "capture_message",
    "category",
    "remember_request",
    "scrub",
    "send_feedback",
    "set_context",
    "set_tag",
    "set_user",
    "setup_sentry",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
