"""Run as a program, it prints what sentry-sdk sends for real failures of Django, Celery, logging and threads.

A process of its own, because the SDK's integrations patch what they watch and never let go again. One JSON object per
line: name and event. The application package that fails is written to a directory, as an application's own code has to
stand outside of site-packages.
"""

from __future__ import annotations

import io
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

MODULE = """
    import asyncio
    import logging
    from concurrent.futures import ThreadPoolExecutor

    log = logging.getLogger("river.views")


    class GaugeError(Exception):
        pass


    class Gauge:
        def __init__(self, station, api_key):
            self.station = station
            self.api_key = api_key

        def read(self, day):
            readings = {"discharge_m3s": 12.5, "day": day}
            return readings[f"stage_{self.station}"]


    def load(station):
        gauge = Gauge(station, api_key="k-4711-live")
        try:
            return gauge.read("2026-11-21")
        except KeyError as error:
            raise GaugeError(f"Gauge {station} at 0x7f3a21c0 has no stage") from error


    def show(request, station):
        password = "hunter2-of-the-view"
        log.info("Gauge %s is asked for", station)
        return load(station)


    def other(request):
        return load("other")


    def depth(request, levels):
        return descend(levels)


    def descend(levels):
        if levels == 0:
            raise GaugeError("the bottom")
        return descend(levels - 1)


    async def one(number):
        await asyncio.sleep(0)
        raise GaugeError(f"gauge {number}")


    async def many():
        async with asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(one(number))


    def together(request):
        asyncio.run(many())


    def deep(request, station):
        from river import pipeline
        pipeline.step_0({"station": station, "unit": "m3/s"}, None)


    def in_thread():
        with ThreadPoolExecutor(1) as pool:
            pool.submit(load, "thread").result()
"""


STEPS = 10


def pipeline_source() -> str:
    """A module of functions that call each other, each with source and locals of its own, as a real trace has."""
    functions = [
        f"""
def step_{number}(options, previous):
    \"\"\"Step {number} of the pipeline: smooths, checks and hands on.\"\"\"
    window_{number} = [{number}.5, {number + 1}.25, None, "{"abcdefgh"[number % 8] * 12}"]
    bounds = {{"lower": -{number}, "upper": {number * 7}, "station": options["station"], "flags": ("raw", "daily")}}
    label = f"series of {{options['station']}} in {{options['unit']}}, step {number}"
    if previous is not None and previous["upper"] > 10_000:
        raise OverflowError(label)
    return step_{number + 1}(options, bounds)
"""
        for number in range(STEPS)
    ]
    return (
        "".join(functions)
        + f"""
def step_{STEPS}(options, previous):
    raise RuntimeError(f"no rating curve for {{options['station']}}")
"""
    )


def main(directory: Path) -> None:
    package = directory / "river"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    moved = "\n" * int(sys.argv[2]) if len(sys.argv) > 2 else ""
    (package / "views.py").write_text(moved + textwrap.dedent(MODULE))
    (package / "pipeline.py").write_text(moved + pipeline_source())
    sys.path.insert(0, str(directory))
    sent: list[dict[str, Any]] = []
    _set_up(directory, sent)
    for name, path in (
        ("view", "/gauges/17/?token=tok-123456&page=2"),
        ("view_again", "/gauges/99/?token=tok-999999"),
        ("view_other", "/other/"),
        ("recursion_30", "/depth/30/"),
        ("recursion_60", "/depth/60/"),
        ("group", "/together/"),
        ("deep", "/deep/12/"),
    ):
        _emit(name, sent, lambda path=path: _request(path))
    _emit("message", sent, _log)
    _emit("task", sent, _task)
    _emit("thread", sent, _thread)


def _set_up(directory: Path, sent: list[dict[str, Any]]) -> None:
    import sentry_sdk
    from django.conf import settings
    from sentry_sdk.transport import Transport

    class Kept(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            for item in envelope.items:
                event = item.get_event() or item.get_transaction_event()
                if event is not None:
                    sent.append(json.loads(item.get_bytes()))

    settings.configure(
        SECRET_KEY="settings-secret",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="river_urls",
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            "django.middleware.security.SecurityMiddleware",
        ],
    )
    (directory / "river_urls.py").write_text(
        "from django.urls import path\nfrom river import views\nurlpatterns = ["
        "path('gauges/<int:station>/', views.show), path('other/', views.other),"
        "path('depth/<int:levels>/', views.depth), path('together/', views.together),"
        "path('deep/<int:station>/', views.deep)]\n"
    )
    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1",
        transport=Kept,
        release="river@1.0",
        environment="production",
        project_root=str(directory),
        traces_sample_rate=0.0,
    )
    import django

    django.setup()


def _request(path: str) -> None:
    import logging

    from django.core.handlers.wsgi import WSGIHandler

    logging.getLogger("django.request").disabled = True
    address, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": address,
        "QUERY_STRING": query,
        "SERVER_NAME": "river.example.org",
        "SERVER_PORT": "443",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(b""),
        "wsgi.errors": io.StringIO(),
        "REMOTE_ADDR": "203.0.113.9",
        "HTTP_AUTHORIZATION": "Bearer abcdef0123456789",
        "HTTP_COOKIE": "sessionid=s3ss10n; theme=dark",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        "HTTP_X_FORWARDED_FOR": "198.51.100.7",
        "HTTP_HOST": "river.example.org",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml",
    }
    body = WSGIHandler()(environ, lambda status, headers, exc_info=None: lambda data: None)
    for _ in body:
        pass
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _log() -> None:
    import logging

    logging.getLogger("river.jobs").error(
        "Upload %s of %s failed after %d s", "a1b2c3", "ada@example.org", 17
    )


def _task() -> None:
    from celery import Celery

    app = Celery("river", broker="memory://", backend="cache+memory://")
    app.conf.task_always_eager = True

    @app.task(name="river.tasks.read")
    def read(station: str, *, password: str) -> None:
        from river import views

        views.load(station)

    read.delay("42", password="task-password")


def _thread() -> None:
    import sentry_sdk
    from river import views

    try:
        views.in_thread()
    except views.GaugeError as error:
        sentry_sdk.capture_exception(error)


def _emit(name: str, sent: list[dict[str, Any]], provoke: Any) -> None:
    sent.clear()
    provoke()
    if not sent:
        raise SystemExit(f"{name} sent nothing")
    print(json.dumps({"name": name, "event": sent[-1]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
