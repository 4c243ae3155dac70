"""As small as a project that has copied `core/` can be. The addresses come from the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from sentry_sdk.transport import Transport

from core.sentry import setup_sentry

BASE_DIR = Path(os.environ["EXACTLY_ONE_DIRECTORY"])
SECRET_KEY = "of-the-failing-site-" * 3
DEBUG = False
ALLOWED_HOSTS = ["localhost"]
USE_TZ = True
ROOT_URLCONF = "tests.exactly_one.site.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2000

INSTALLED_APPS = [
    "core",
    "django.contrib.contenttypes",
    "rest_framework",
    "tests.exactly_one.site.apps.FailingConfig",
]
MIDDLEWARE = [
    "core.middleware.SentryContextMiddleware",
    "django.middleware.common.CommonMiddleware",
    "tests.exactly_one.site.middleware.FailingMiddleware",
    "tests.exactly_one.site.middleware.failing_function",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["tests.exactly_one.site.middleware.failing_context"]},
    }
]

_database = urlsplit(os.environ["DATABASE_URL"])
_default = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": _database.path.lstrip("/"),
    "USER": _database.username,
    "PASSWORD": _database.password,
    "HOST": _database.hostname,
    "PORT": _database.port,
}
DATABASES = {
    "default": {**_default, "ATOMIC_REQUESTS": True},
    # Nobody listens there.
    "away": {**_default, "HOST": "127.0.0.1", "PORT": 9},
}

_nobody = {"LOCATION": "redis://127.0.0.1:9/0", "OPTIONS": {"socket_connect_timeout": 0.5}}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", **_nobody},
    "forgiving": {"BACKEND": "core.cache.ForgivingRedisCache", **_nobody},
}
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "core.drf.exception_handler",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": sys.stderr}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

TRANSPORT: type[Transport] | None = None
if os.environ.get("EXACTLY_ONE_TRANSPORT") == "memory":
    from tests.core.wire import MemoryTransport

    TRANSPORT = MemoryTransport

setup_sentry(
    service="exactly-one",
    base_dir=BASE_DIR,
    spool_directory=os.environ.get("EXACTLY_ONE_SPOOL", BASE_DIR / "spool"),
    transport=TRANSPORT,
    # The site stands under tests/, and its frames are the application's.
    in_app_include=["tests.exactly_one"],
    # This environment has libraries that the site has not: importing them takes each process half a second.
    auto_enabling_integrations=False,
)
