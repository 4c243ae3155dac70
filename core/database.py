"""A PostgreSQL that says nothing costs a page seconds, and not its thread for as long as the silence lasts.

    DATABASES = {"default": {..., "ANSWER_TIMEOUT_S": 20}}

`connect_timeout` bounds connecting, and `statement_timeout` a slow query, as long as the server is there to keep it. A
server that is frozen, or behind a network that swallows packets, keeps nothing: then all threads of the web wait, and
nobody is left to answer the health probe. Let it be longer than `statement_timeout`: a server that can still answer says
better what was too slow.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    import psycopg
    from psycopg.abc import RV, PQGen

SETTING = "ANSWER_TIMEOUT_S"


def bound_waiting(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receives Django's `connection_created`. From then on, who waits longer for an answer gets an OperationalError.

    Raises ImproperlyConfigured where the driver cannot: it takes psycopg 3.3.
    """
    limit_s = float(connection.settings_dict.get(SETTING) or 0)
    if limit_s and connection.vendor == "postgresql":
        # Django makes the connection by itself and names no class for it.
        connection.connection.__class__ = _bounded(limit_s)


@cache
def _bounded(limit_s: float) -> type[psycopg.Connection[Any]]:
    # Here and not above: core is to be copied to where there is no psycopg.
    try:
        import psycopg
        from psycopg.errors import _WaitTimeout
    except ImportError:
        can_wait = False
    else:
        can_wait = "timeout" in inspect.signature(psycopg.Connection.wait).parameters
    if not can_wait:
        raise ImproperlyConfigured(
            f"DATABASES has {SETTING}, for which psycopg 3.3 is needed: pip install 'psycopg[binary]>=3.3', or take it out."
        )

    class BoundedConnection(psycopg.Connection[Any]):
        def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
            try:
                return super().wait(gen, *args, **{"timeout": limit_s, **options})
            except _WaitTimeout:
                # Whatever came now would be taken for the answer to the next question.
                self.pgconn.finish()
            raise psycopg.OperationalError(
                f"PostgreSQL has not answered for {limit_s:g} s; the connection is given up."
            )

    return BoundedConnection
