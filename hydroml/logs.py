"""Structured logs: one JSON object a line (a readable line in a terminal), with a request id that follows into tasks."""

import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from core.sentry.scrubbing.urls import scrub_url


def _without_query(logger: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """django-structlog writes the full address: links of password mails, tokens, what was searched for."""
    method, space, address = str(line.get("request") or "").partition(" ")
    if space:
        line["request"] = f"{method} {scrub_url(address)}"
    return line


def _without_message(logger: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Celery writes the whole of a message that it cannot use: the task's arguments, in body and headers."""
    if line.get("logger") == "celery.worker.consumer.consumer":
        line["event"] = _WHOLE_MESSAGE.split(str(line["event"]))[0].rstrip()
    return line


_WHOLE_MESSAGE = re.compile(r"\[type:|The full contents of the message")

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _without_query,
    structlog.stdlib.add_logger_name,
    _without_message,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

_PRETTY = os.environ.get("LOG_FORMAT", "console" if sys.stderr.isatty() else "json") == "console"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.dev.ConsoleRenderer() if _PRETTY else structlog.processors.JSONRenderer(),
            ],
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {
        # Django's own console and mail handlers would say everything twice.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "httpx": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}


def configure_structlog() -> None:
    """Send structlog's own loggers through the standard library, so that one formatter serves both."""
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.UnicodeDecoder(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
