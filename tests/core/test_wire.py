"""What a request opens in another thread is closed with its event loop, and not by the collector in a later test."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.cache import cache
from django.db import connection

from tests.core.wire import run_async


@pytest.mark.django_db(transaction=True)
def test_no_connection_outlives_the_loop() -> None:
    opened: list[Any] = []

    def ask() -> None:
        connection.ensure_connection()
        cache.get("nothing")
        [pool] = cache._cache._pools.values()
        [to_cache] = pool._available_connections
        opened.extend([connection.connection, to_cache])
        assert (connection.connection.closed, to_cache.is_connected) == (False, True)

    async def request() -> None:
        # As Django's handler has it for each request.
        async with ThreadSensitiveContext():
            await sync_to_async(ask)()

    run_async(request())
    to_database, to_cache = opened
    assert to_database is not connection.connection, "this thread's own"
    assert to_database.closed
    assert not to_cache.is_connected
