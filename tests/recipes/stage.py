"""What the proofs play on: a small Django site, the SDK as recipes set it up, and the SDK as core sets it up.

Imported by the process that all proofs are forked from: it may import what it likes, but initialise nothing.
"""

from __future__ import annotations

from typing import Any

import celery
import django
import django.contrib.auth
import django.db.backends.postgresql.base
import django.db.backends.sqlite3.base
import django.middleware.csrf
import django.test
import django.views.debug
import httpx
import psycopg
import pytest
import redis
import sentry_sdk
import structlog
from django.conf import settings
from sentry_sdk.integrations import iter_default_integrations

from core import checks, decorators, error_pages, middleware
from core.sentry.setup import SentrySetup, setup_sentry
from tests.core.wire import DSN, Answer, MemoryTransport, WsgiClient

__all__ = ["DSN", "Answer", "MemoryTransport", "WsgiClient", "ours", "plain", "recipe_site"]

_IMPORTED = (
    celery, checks, decorators, error_pages, httpx, middleware, psycopg, pytest, redis, structlog,
    *iter_default_integrations(True),
)  # fmt: skip

OUR_MIDDLEWARE = ["core.middleware.SentryContextMiddleware"]


def recipe_site(*middleware: str, **more: Any) -> None:
    """A site that shows `tests.recipes.site`, as somebody has it who follows a recipe."""
    _configure("tests.recipes.site", middleware, more)


def our_site(*middleware: str, **more: Any) -> None:
    """The same with core's middleware and error pages."""
    _configure("tests.recipes.our_site", (*OUR_MIDDLEWARE, *middleware), more)


def _configure(urlconf: str, middleware: tuple[str, ...], more: dict[str, Any]) -> None:
    settings.configure(
        **{
            "DEBUG": False,
            "SECRET_KEY": "of-the-stage-" * 5,
            "ALLOWED_HOSTS": ["localhost"],
            "ROOT_URLCONF": urlconf,
            "INSTALLED_APPS": [
                "core", "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"
            ],
            "MIDDLEWARE": list(middleware),
            "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
            "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            "LOGGING_CONFIG": None,
            "USE_TZ": True,
        }
        | more
    )  # fmt: skip
    django.setup()


def plain(**options: Any) -> MemoryTransport:
    """The SDK with its defaults and these options."""
    sentry_sdk.init(**{"dsn": DSN, "transport": MemoryTransport, **options})
    return _transport()


def ours(**variables: str) -> MemoryTransport:
    """The SDK as `setup_sentry` sets it up."""
    set_up(**variables)
    return _transport()


def set_up(debug: bool = False, /, **variables: str) -> SentrySetup:
    return setup_sentry(
        variables={
            "SENTRY_DSN": DSN,
            "SENTRY_ENVIRONMENT": "test",
            "SENTRY_RELEASE": "hydroml@1.0.0+test",
            **variables,
        },
        transport=MemoryTransport,
        debug=debug,
    )


def _transport() -> MemoryTransport:
    transport = sentry_sdk.get_client().transport
    assert isinstance(transport, MemoryTransport)
    return transport
