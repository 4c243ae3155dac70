"""Run as a program, it prints what the application's own error handling sends for failures of its laboratory.

A process of its own: core/ sets the SDK up for good, and needs settings of its own. One JSON object a line: kind, event.
"""

from __future__ import annotations

import json

import django
from django.conf import settings

KINDS = ("division", "key", "generic")


def main() -> None:
    settings.configure(
        DEBUG=True,
        SECRET_KEY="of-this-process-only",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="tests.core.lab_site",
        INSTALLED_APPS=["core", "django.contrib.contenttypes", "django.contrib.auth"],
        MIDDLEWARE=["core.middleware.SentryContextMiddleware"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        LOGGING_CONFIG=None,
        USE_TZ=True,
    )
    django.setup()
    from tests.core.wire import WsgiClient, reporting

    for kind in KINDS:
        with reporting() as transport:
            WsgiClient()(f"/test-sentry-error/?type={kind}")
            for event in transport.errors:
                print(json.dumps({"kind": kind, "event": event}))


if __name__ == "__main__":
    main()
