"""The rows in which something is logged, captured or wrapped, or fails beside the request."""

from __future__ import annotations

from tests.exactly_one.ways.row import ASGI, BOTH, HANDLED, PIPELINE, REPORT, Told, Way, one, under

REPORTS = (
    *under(
        "Logged, captured, wrapped",
        Way(
            "a view logs with log.exception and raises again",
            "/logs-and-raises",
            PIPELINE,
            handlers=BOTH,
            note="The record waits until it is known whether its exception was handled: it was not.",
        ),
        Way("an asynchronous view logs and raises again", "/logs-and-raises-async", PIPELINE, handlers=BOTH),
        Way("a view logs and raises another from it", "/logs-and-wraps", REPORT),
        Way("a failure is logged at each level on its way out", "/logs-at-each-level", REPORT),
        Way(
            "a view logs with exc_info and goes on",
            "/logs-and-goes-on",
            HANDLED,
            status=200,
            session="errored",
            handlers=BOTH,
        ),
        Way(
            "a view logs one failure, goes on, and raises another",
            "/logs-and-fails-later",
            (Told("data_processing", "PipelineError", handled=True), Told("data_processing", "ReportError")),
            note="Two failures.",
        ),
        Way("a view logs and captures", "/logs-and-captures", HANDLED, status=200, session="errored"),
        Way("a view captures and logs", "/captures-and-logs", HANDLED, status=200, session="errored"),
        Way(
            "a view logs an error without an exception",
            "/logs-a-message",
            one("uncategorised", None, handled=None),
            status=200,
            session="ok",
        ),
        Way(
            "a view tells a message",
            "/tells-a-message",
            one("uncategorised", None, handled=None),
            status=200,
            session="ok",
        ),
        Way(
            "a view captures and goes on", "/captures", HANDLED, status=200, session="errored", handlers=BOTH
        ),
        Way(
            "a view captures and raises again",
            "/captures-and-raises",
            HANDLED,
            note="The event left with its id before anybody could know that the failure would go on; the session crashes.",
        ),
        Way(
            "a view captures and raises another from it",
            "/captures-and-wraps",
            HANDLED,
            handlers=BOTH,
            note="As above. The page shows the id of the event that was sent.",
        ),
        Way(
            "a view captures, and its except block has a bug",
            "/captures-and-has-a-bug",
            (Told("data_processing", "PipelineError", handled=True), Told("programming", "KeyError")),
            note="Two failures: what merely follows another is not hidden by it.",
        ),
        Way("a view raises another error from the first", "/raises-from", REPORT),
        Way("a view raises another error from None", "/raises-from-none", REPORT),
        Way(
            "a view raises while it handles another", "/raises-while-handling", one("programming", "KeyError")
        ),
        Way("a view raises an exception group", "/raises-group", one("data_processing", "ExceptionGroup")),
        Way(
            "a view raises a group whose members were all captured",
            "/captures-members-and-raises-group",
            (
                Told("data_processing", "PipelineError", handled=True),
                Told("data_processing", "PipelineError", handled=True),
            ),
            note="Two failures, told where they were met; the group adds none.",
        ),
    ),
    *under(
        "Threads and tasks of asyncio",
        Way(
            "a thread of a view raises",
            "/in-a-thread",
            PIPELINE,
            status=200,
            note="The page went well, its thread did not: the session counts as crashed.",
        ),
        Way("the result of a thread pool raises", "/in-a-pool", PIPELINE),
        Way("three calls of a thread pool raise, and the first is asked for", "/in-a-pool-by-map", PIPELINE),
        Way("an awaited task raises", "/in-a-task", PIPELINE, handlers=ASGI),
        Way("a task that nobody awaits raises", "/in-a-forgotten-task", PIPELINE, status=200, handlers=ASGI),
        Way("a call of asyncio.gather raises", "/in-a-gathering", PIPELINE, handlers=BOTH),
        Way(
            "a task of a TaskGroup raises",
            "/in-a-task-group",
            one("data_processing", "ExceptionGroup"),
            handlers=ASGI,
        ),
        Way("synchronous code raises under sync_to_async", "/in-sync-code", PIPELINE, handlers=ASGI),
        Way("asynchronous code raises under async_to_sync", "/in-async-code", PIPELINE, handlers=BOTH),
    ),
)
