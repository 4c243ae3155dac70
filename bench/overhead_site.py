"""The Django site that bench/sdk_overhead.py measures: two ordinary pages, and one that fails thirty frames deep."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import django
import sentry_sdk
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from core.sentry import remember_request

log = logging.getLogger("bench")
timings: list[float] = []


def configure() -> None:
    """Settings of a plain project, seven middlewares, a database in memory."""
    settings.configure(
        DEBUG=False,
        SECRET_KEY="bench-" + "k3y" * 12,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            f"{__name__}.remember",
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        LOGGING_CONFIG=None,
        USE_TZ=True,
    )
    django.setup()
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    logging.getLogger("core.sentry").setLevel(logging.CRITICAL)
    log.setLevel(logging.INFO)


def remember(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """What SentryContextMiddleware does for the scrubber."""

    def middleware(request: HttpRequest) -> HttpResponse:
        remember_request(request)
        return get_response(request)

    return middleware


def trivial(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def five_queries(request: HttpRequest) -> HttpResponse:
    from django.contrib.auth.models import Permission

    for number in range(5):
        list(Permission.objects.filter(pk__gt=number)[:20])
    return HttpResponse("ok")


def fails(request: HttpRequest) -> HttpResponse:
    """Thirty frames of ten locals, thirty breadcrumbs, tags and a context, as sdk-facts measured it."""
    from django.contrib.auth.models import Group

    for number in range(15):
        Group.objects.filter(pk=number).first()
        log.info("step %d of %s", number, "the import")
    sentry_sdk.set_tag("project", "narraguagus")
    sentry_sdk.set_context(
        "import", {"rows": 1200, "stage": "validate", "columns": ["date", "discharge_m3s"]}
    )
    try:
        _descend(request, 29)
    except ValueError as error:
        started = time.thread_time()
        sentry_sdk.capture_exception(error)
        timings.append(time.thread_time() - started)
    return HttpResponse("failed", status=500)


def _descend(request: HttpRequest, depth: int) -> int:
    from django.contrib.auth.models import Group

    groups = Group.objects.filter(pk__gt=depth)
    nested = {
        "rows": depth,
        "limits": {"lower": 0.0, "upper": [1, 2, 3], "unit": "m3/s"},
        "columns": [
            {"name": name, "unit": "mm", "missing": depth, "mean": 1.5} for name in ("rain", "snow", "pet")
        ],
        "name": f"level {depth}",
        "options": {"delimiter": ";", "encoding": "utf-8", "header": 1, "skip": [0, 1, 2]},
    }
    password = f"hunter{depth}canary"
    columns = ["date", "discharge_m3s", "precipitation_mm"]
    ratio, label, flag, group = (
        depth / 7,
        f"catchment {depth}",
        depth % 2 == 0,
        Group(pk=depth, name="analysts"),
    )
    if depth == 1:
        raise ValueError(f"row {depth} of {label} cannot be read: {len(columns)} columns, {ratio:.2f}")
    return _descend(request, depth - 1) + len(nested) + len(password) + flag + (groups is group)


def flood(request: HttpRequest) -> HttpResponse:
    _descend(request, 12)
    return HttpResponse("never")


urlpatterns = [
    path("trivial/", trivial),
    path("queries/", five_queries),
    path("fails/", fails),
    path("flood/", flood),
]
