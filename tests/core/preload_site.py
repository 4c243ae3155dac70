"""A small site as gunicorn loads it once and forks it: an error before the fork, and views that fail after it."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from core.errors import PipelineError
from core.sentry import capture_message, setup_sentry

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ERROR_PAGES={"SITE_NAME": "Preloaded", "SUPPORT_EMAIL": "support@example.org"},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "core"],
    MIDDLEWARE=["core.middleware.SentryContextMiddleware"],
    ROOT_URLCONF="tests.core.preload_site",
    SECRET_KEY="of a test",
    USE_TZ=True,
)
setup_sentry(service="preloaded", component="web", debug=True, spool_directory=os.environ["TEST_SPOOL"])


def breaks(request: HttpRequest, number: int) -> HttpResponse:
    raise PipelineError(f"number {number} in {os.getpid()}")


application = get_wsgi_application()
urlpatterns = [path("break/<int:number>/", breaks), path("", include("core.urls"))]
capture_message("loaded before the fork", level="error")
