"""The failing site in a process whose PostgreSQL and Redis are really away: `python -m tests.core.outage_app PORT`."""

import os
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Server(ThreadingMixIn, WSGIServer):
    """A browser opens connections ahead; with one thread, one that stays silent would hold up all others."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def main(port: int) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "hydroml.settings",
        "DEBUG": "0",
        "DJANGO_SECRET_KEY": "x" * 50,
        "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:9/nowhere",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SENTRY_ENVIRONMENT": "test",
    }
    from django.conf import settings

    settings.ROOT_URLCONF = "tests.core.failing_site"
    # Uncollected: the script is then looked for where it stands.
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", port, get_wsgi_application(), Server, Quiet)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
