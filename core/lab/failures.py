"""Fails for real: no error here is made up where a true one can be had."""

from __future__ import annotations

import contextlib
import copy
import logging
import socket
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from django.db.utils import ConnectionHandler

from core.sentry import add_breadcrumb

logger = logging.getLogger(__name__)
_CLOSED_PORT = 9
"""The discard service: nobody runs it, and connecting is refused at once."""


def fail(key: str, *, secret: str = "") -> None:
    """Fail in the way that the catalogue calls `key`. `secret` is what "secrets" fails with, from a fire drill."""
    if key == "secrets":
        _secrets(secret)
    FAILURES[key]()


def _division() -> None:
    gauges = 0
    _ = 1461 / gauges


def _index() -> None:
    daily_discharge_m3s = [3.1, 2.8, 2.9]
    daily_discharge_m3s[9] += 1


def _key() -> None:
    columns = {"discharge": "m³/s", "precipitation": "mm"}
    columns.pop("temperature")


def _type() -> None:
    rain_mm: Any = "12"
    rain_mm += 1


def _attribute() -> None:
    catchment: Any = None
    catchment.area_km2 += 1


def _value() -> None:
    float("dry")


def _generic() -> None:
    raise Exception("Something that nobody has put into a category")  # noqa: TRY002 (what the case is about)


def _database() -> None:
    known: dict[str, Any] = copy.deepcopy(settings.DATABASES["default"])
    elsewhere = (
        {"NAME": "/nowhere/at/all.sqlite3"}
        if "sqlite" in known["ENGINE"]
        else {"HOST": "127.0.0.1", "PORT": str(_CLOSED_PORT)}
    )
    ConnectionHandler({"default": known | elsewhere})["default"].ensure_connection()


def _cache() -> None:
    RedisCache(f"redis://127.0.0.1:{_CLOSED_PORT}/0", {"OPTIONS": {"socket_connect_timeout": 0.5}}).get("lab")


def _timeout() -> None:
    with contextlib.ExitStack() as both:
        server = both.enter_context(socket.create_server(("127.0.0.1", 0)))
        client = both.enter_context(socket.create_connection(server.getsockname(), timeout=0.3))
        client.recv(1)


def _memory() -> None:
    bytearray(1 << 62)


def _secrets(secret: str = "") -> None:
    password = secret or "k0ffee000v"
    connection = f"postgres://hydro:{password}@db.example.org:5432/hydro"
    logger.warning("Connecting to %s", connection)
    add_breadcrumb(f"signing in with password={password}", category="lab", data={"api_key": password})
    account = {"user": "ada", "password": password, "mail": f"{password}@example.org"}
    raise ValueError(f"Refused: Authorization: Bearer {password}, {account!r}, {connection}")


FAILURES: dict[str, Callable[[], None]] = {
    "division": _division,
    "index": _index,
    "key": _key,
    "type": _type,
    "attribute": _attribute,
    "value": _value,
    "generic": _generic,
    "database": _database,
    "cache": _cache,
    "timeout": _timeout,
    "memory": _memory,
    "secrets": _secrets,
}
