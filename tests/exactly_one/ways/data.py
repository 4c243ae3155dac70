"""The rows of the database, the cache and the queue."""

from __future__ import annotations

from tests.exactly_one.ways.row import (
    BOTH,
    BROKER,
    DATABASE,
    HANDLED,
    NONE,
    PIPELINE,
    POSTGRES,
    REDIS,
    Way,
    one,
    under,
)

DATA = (
    *under(
        "Database, cache, queue",
        Way(
            "a constraint of the database is broken under ATOMIC_REQUESTS",
            "/same-code-twice",
            one("database", "IntegrityError", group=DATABASE, severity="P0"),
            status=503,
            handlers=BOTH,
        ),
        Way(
            "a constraint is broken inside atomic()",
            "/same-code-twice-in-atomic",
            one("database", "IntegrityError", group=DATABASE),
            status=503,
        ),
        Way(
            "a constraint is broken at the commit",
            "/commits-too-much",
            one("database", "IntegrityError", group=DATABASE),
            status=503,
        ),
        Way(
            "a view goes on in a broken transaction",
            "/goes-on-in-a-broken-transaction",
            one("database", "TransactionManagementError", group=DATABASE),
            status=503,
        ),
        Way(
            "a query is wrong", "/wrong-sql", one("database", "ProgrammingError", group=DATABASE), status=503
        ),
        Way(
            "an object that must be there is not",
            "/gauge-is-missing",
            one("programming", "Gauge.DoesNotExist"),
        ),
        Way(
            "the database is away",
            "/database-away",
            one("database", "OperationalError", group=POSTGRES),
            status=503,
            handlers=BOTH,
        ),
        Way(
            "the cache is away",
            "/cache-away",
            one("cache", "ConnectionError", group=REDIS),
            status=503,
            handlers=BOTH,
        ),
        Way(
            "the cache is away, and forgiving: the first page",
            "/forgiving-cache-away",
            one("cache", "ConnectionError", handled=True, group=REDIS),
            status=200,
            session="errored",
            note="Once when the outage begins, and each minute that it lasts.",
        ),
        Way(
            "the cache is away, and forgiving: each page after",
            "/forgiving-cache-away",
            NONE,
            status=200,
            session="ok",
        ),
        Way("the broker is away", "/broker-away", one("queue", "OperationalError", group=BROKER), status=503),
        Way("the receiver of a signal raises", "/signal-receiver-fails", PIPELINE, handlers=BOTH),
        Way(
            "the receiver of a signal sent robustly raises",
            "/robust-signal-receiver-fails",
            HANDLED,
            status=200,
            session="errored",
        ),
        Way("what was to follow the commit raises", "/on-commit-fails", PIPELINE),
        Way(
            "what was to follow the commit robustly raises",
            "/robust-on-commit-fails",
            HANDLED,
            status=200,
            session="errored",
        ),
    ),
)
