"""What can be broken, and what is to come of it; the lab's page and its tests read the same table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """`raises`: the request itself fails, and its own error page is the answer. Otherwise a page shows what came of it.

    `events`: how many arrive; `events_at_most` where it depends on what ran before. `handled`: as the events say.
    `group`: "stack" (by stack trace), "category" (its fingerprint in the strategy), "task" (Celery's), or the id of
    one of the strategy's [[fingerprints]].
    """

    key: str
    does: str
    expect: str
    status: int
    events: int = 1
    category: str = ""
    severity: str = ""
    raises: bool = True
    events_at_most: bool = False
    transaction: bool = False
    handled: bool = False
    group: str = "stack"


def _bug(key: str, does: str) -> Case:
    return Case(key, does, "500 page with both ids; one event, unhandled.", 500, 1, "programming", "P2")


CASES = (
    _bug("division", "Divides by zero."),
    _bug("index", "Asks a list of three for its tenth."),
    _bug("key", "Asks a dict for a key that it does not have."),
    _bug("type", "Adds a number to a text."),
    _bug("attribute", "Asks None for an attribute."),
    _bug("value", "Reads a number from a word."),
    Case(
        "generic",
        "Raises a bare Exception, of which nobody can say what it is.",
        "500 page; one event without a category: the table of the strategy needs a row.",
        500,
        1,
        "uncategorised",
        "P2",
    ),
    Case(
        "database",
        "Connects with the database's own settings to a port where nobody listens.",
        "503 page with Retry-After; one event in the group of outages, without the password.",
        503,
        1,
        "database",
        "P0",
        group="postgresql-outage",
    ),
    Case(
        "cache",
        "Asks a Redis that is not there.",
        "503 page; one event. (The site's own cache may fail without harm: pages work on.)",
        503,
        1,
        "cache",
        "P1",
        group="redis-outage",
    ),
    Case(
        "timeout",
        "Waits a third of a second for a service that never answers.",
        "503 page; one event.",
        503,
        1,
        "timeout",
        "P2",
    ),
    Case(
        "memory",
        "Asks for more memory than there is.",
        "503 page; one event; the process lives on.",
        503,
        1,
        "resources",
        "P1",
    ),
    Case(
        "secrets",
        "Fails with a password in its message, its variables, its breadcrumbs and its log.",
        "500 page; one event, and the password is in none of it.",
        500,
        1,
        "programming",
        "P2",
    ),
    Case(
        "validation",
        "Raises an error that is the user's to mend, three calls deep.",
        "400 in the error's own words; no event.",
        400,
        0,
        raises=False,
    ),
    Case(
        "permission",
        "Raises PermissionDenied.",
        "403 page; no event, but counted: many from one client make one.",
        403,
        0,
        raises=False,
    ),
    Case("404", "Raises Http404.", "404 page with suggestions; no event.", 404, 0, raises=False),
    Case(
        "slow",
        "Takes more than a second.",
        "A transaction that says where the time went; no event.",
        200,
        0,
        raises=False,
        transaction=True,
    ),
    Case(
        "n-plus-one",
        "Asks for a list, then for each of its rows alone.",
        "A transaction with the same query many times; no event.",
        200,
        0,
        raises=False,
        transaction=True,
    ),
    Case(
        "task",
        "Sends a task that fails in the worker.",
        "One event from the worker, with the task's tags and this request's id.",
        200,
        1,
        "data_processing",
        "P1",
        raises=False,
    ),
    Case(
        "retry",
        "Sends a task that fails twice for a passing reason, then succeeds.",
        "Three attempts with growing waits; no event.",
        200,
        0,
        raises=False,
    ),
    Case(
        "task-gives-up",
        "Sends a task that fails at each of its three attempts.",
        "One event, from the last attempt, with what failed before it.",
        200,
        1,
        "external_service",
        "P2",
        raises=False,
        group="category",
    ),
    Case(
        "task-timeout",
        "Sends a task that takes longer than its time limit of a second.",
        "One event; the task is not tried again.",
        200,
        1,
        "timeout",
        "P2",
        raises=False,
        group="task",
    ),
    Case(
        "task-killed",
        "Sends a task whose process is killed, as by a machine out of memory.",
        "One event, told by the worker's parent.",
        200,
        1,
        "queue",
        "P1",
        raises=False,
        group="task",
    ),
    Case(
        "flood",
        "Reports one error 200 times.",
        "The first twenty at most arrive; the next one after them says how many were held back.",
        200,
        20,
        "programming",
        "P2",
        raises=False,
        events_at_most=True,
        handled=True,
    ),
)

BY_KEY = {case.key: case for case in CASES}
