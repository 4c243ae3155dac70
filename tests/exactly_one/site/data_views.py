"""Views that fail at the database, the cache, the queue and around transactions."""

from __future__ import annotations

from contextlib import suppress

from django.core.cache import caches
from django.db import IntegrityError, connections, transaction
from django.http import HttpRequest, HttpResponse
from kombu import Connection

from core.cache import ForgivingRedisCache
from core.errors import PipelineError
from tests.exactly_one.site.models import Gauge, rain_came


def same_code_twice(request: HttpRequest) -> HttpResponse:
    Gauge.objects.create(code="twice")
    Gauge.objects.create(code="twice")
    return HttpResponse()


def same_code_twice_in_atomic(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        return same_code_twice(request)


def goes_on_in_a_broken_transaction(request: HttpRequest) -> HttpResponse:
    with suppress(IntegrityError):
        same_code_twice(request)
    return HttpResponse(str(Gauge.objects.count()))


@transaction.non_atomic_requests
def commits_too_much(request: HttpRequest) -> HttpResponse:
    with connections["default"].cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE once (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        with transaction.atomic():
            cursor.execute("INSERT INTO once VALUES (1), (1)")
    return HttpResponse()


def wrong_sql(request: HttpRequest) -> HttpResponse:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT level FROM nowhere")
    return HttpResponse()


def gauge_is_missing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Gauge.objects.get(code="nobody")))


@transaction.non_atomic_requests
def database_away(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Gauge.objects.using("away").count()))


def cache_away(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(caches["default"].get("level")))


def forgiving_cache_away(request: HttpRequest) -> HttpResponse:
    cache = caches["forgiving"]
    assert isinstance(cache, ForgivingRedisCache)
    return HttpResponse(str(cache.get("level", "unknown")))


def broker_away(request: HttpRequest) -> HttpResponse:
    with Connection("redis://127.0.0.1:9/0", connect_timeout=1) as connection:
        connection.default_channel.basic_publish({"body": "{}"}, routing_key="nobody")
    return HttpResponse()


def signal_receiver_fails(request: HttpRequest) -> HttpResponse:
    Gauge.objects.create(code="broken-signal")
    return HttpResponse()


def robust_signal_receiver_fails(request: HttpRequest) -> HttpResponse:
    rain_came.send_robust(sender=None)
    return HttpResponse("the others were told")


def on_commit_fails(request: HttpRequest) -> HttpResponse:
    def tell() -> None:
        raise PipelineError("What was to follow the commit failed.")

    transaction.on_commit(tell)
    return HttpResponse()


def robust_on_commit_fails(request: HttpRequest) -> HttpResponse:
    def tell() -> None:
        raise PipelineError("What was to follow the commit failed.")

    transaction.on_commit(tell, robust=True)
    return HttpResponse("committed")
