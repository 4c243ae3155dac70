"""A Django site with sentry-sdk as its documentation sets it up; asked for three pages, two of which fail."""

import logging
import sqlite3
import threading
from urllib.error import HTTPError
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

import sentry_sdk
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

sentry_sdk.init(traces_sample_rate=1.0, profiles_sample_rate=1.0, send_default_pii=True)

settings.configure(
    SECRET_KEY="not one",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    LOGGING_CONFIG=None,
)
application = get_wsgi_application()


class GaugeSilentError(Exception):
    pass


def catchment(request: HttpRequest, number: int) -> HttpResponse:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 42, count(*) FROM sqlite_master WHERE rootpage = %s", [number])
        answer, _ = cursor.fetchone()
    # Long enough for the profiler, which takes a sample every 10 ms and keeps no profile with fewer than two.
    with sqlite3.connect(":memory:") as other:
        for _ in range(4):
            other.execute(
                "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000) SELECT sum(x) FROM n"
            ).fetchone()
    return HttpResponse(f"{answer} m³/s")


def failing(request: HttpRequest) -> HttpResponse:
    river = "Ammer"
    password = "hunter2-in-a-local"
    raise GaugeSilentError(f"no water level of the {river}" + password[:0])


def logging_view(request: HttpRequest) -> HttpResponse:
    logging.getLogger("hydro.gauge").warning("the battery is low")
    logging.getLogger("hydro.gauge").error("gauge %s gave no value", 17, extra={"station": "Weilheim"})
    return HttpResponse("logged")


urlpatterns = [
    path("catchments/<int:number>/", catchment),
    path("fails/", failing),
    path("logs/", logging_view),
]


def in_thread() -> None:
    raise RuntimeError("the reader's thread ended")


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def get(path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, ""


with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert get("/catchments/2/") == (200, "42 m³/s")
    assert get("/fails/?token=abc")[0] == 500
    assert get("/logs/")[0] == 200
    server.shutdown()
thread = threading.Thread(target=in_thread, name="reader")
thread.start()
thread.join()
sentry_sdk.flush(60)
