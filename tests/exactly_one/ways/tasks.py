"""The rows that are tasks, of a real prefork worker, and of a real beat."""

from __future__ import annotations

from tests.exactly_one.ways.row import BROKER, HANDLED, NONE, PIPELINE, REDIS, Told, Way, one, under

SERVICE = ("external_service", "{{ tags.service }}", "{{ error.type }}")
QUEUE = ("queue", "{{ error.type }}")


def _lost(task: str) -> tuple[Told, ...]:
    return one("queue", "WorkerLostError", group=("celery", "WorkerLostError", task))


TASKS = (
    *under(
        "Tasks",
        Way("a task raises", "raises", PIPELINE),
        Way("a task gets arguments that it does not take", "takes_one", one("programming", "TypeError")),
        Way("a task raises an exception group", "raises_group", one("data_processing", "ExceptionGroup")),
        Way(
            "a task raises what cannot be pickled",
            "raises_unpicklable",
            one("data_processing", "PortableTaskError"),
            note="What cannot cross to the worker's parent is its cause.",
        ),
        Way("a task runs out of memory", "runs_out_of_memory", one("resources", "PortableTaskError")),
        Way("a thread of a task raises", "fails_in_a_thread", PIPELINE),
        Way(
            "a task of an unknown name arrives",
            "nobody_knows_this",
            one("queue", "NotRegistered", group=("celery", "NotRegistered", "nobody_knows_this")),
        ),
    ),
    *under(
        "Tasks that log, capture and wrap",
        Way("a task logs and raises again", "logs_and_raises", PIPELINE),
        Way("a task logs and goes on", "logs_and_goes_on", HANDLED),
        Way("a task captures and raises another from it", "captures_and_wraps", HANDLED),
        Way(
            "a task logs and raises what cannot be pickled",
            "logs_and_raises_unpicklable",
            one("data_processing", "PortableTaskError"),
        ),
    ),
    *under(
        "Tasks that are retried",
        Way(
            "the retries of the strategy are exhausted",
            "exhausts",
            one("external_service", "ExternalServiceError", group=SERVICE),
        ),
        Way("autoretry_for is exhausted", "exhausts_autoretry", one("programming", "LookupError")),
        Way("self.retry(exc=…) is exhausted", "exhausts_self_retry", PIPELINE),
        Way(
            "self.retry() without an exception is exhausted",
            "exhausts_bare_retry",
            one("queue", "MaxRetriesExceededError", group=QUEUE),
        ),
        Way("a retry succeeds", "recovers", NONE),
        Way("a task logs, raises, and its retry succeeds", "logs_and_recovers", NONE),
        Way("a task logs, calls self.retry, and that succeeds", "recovers_by_self_retry", NONE),
    ),
    *under(
        "Tasks that end as they should",
        Way("a task raises what it names in throws", "throws", NONE),
        Way("a task logs and raises what it names in throws", "logs_and_throws", NONE),
        Way("a task raises an error that is the user's to mend", "users_mistake", NONE),
        Way("a task raises Ignore", "ignores", NONE),
        Way("a task raises Reject", "rejects", NONE),
        Way("a task is revoked before it begins", "revoked", NONE),
    ),
    *under(
        "Tasks among others",
        Way("one of a group of three raises", "group", PIPELINE),
        Way("the second of a chain of three raises", "chain", PIPELINE),
        Way("one of a chord's header raises", "chord_header", PIPELINE),
        Way("the body of a chord raises", "chord_body", PIPELINE),
        Way("the callback of a task raises", "link", PIPELINE),
        Way(
            "a task raises, and its error callback as well",
            "link_error",
            (*PIPELINE, *one("data_processing", "ReportError")),
            note="Two failures.",
        ),
    ),
    *under(
        "Tasks that are stopped",
        Way(
            "the soft time limit",
            "takes_too_long_softly",
            one(
                "timeout",
                "SoftTimeLimitExceeded",
                group=("celery", "SoftTimeLimitExceeded", "takes_too_long_softly"),
            ),
        ),
        Way(
            "the hard time limit",
            "takes_too_long",
            one("timeout", "TimeLimitExceeded", group=("celery", "TimeLimitExceeded", "takes_too_long")),
        ),
        Way("the child is killed", "is_killed", _lost("is_killed")),
        Way("a task calls os._exit", "exits_at_once", _lost("exits_at_once")),
        Way("a task calls sys.exit", "calls_exit", _lost("calls_exit")),
        Way("the child is killed once, and the message comes back", "dies_once", _lost("dies_once")),
        Way(
            "the worker is told to stop while a task is at work, which then fails",
            "is_at_work",
            PIPELINE,
        ),
        Way(
            "the worker is stopped at once while a task is at work",
            "is_at_work_for_long",
            NONE,
            note="Nobody is left to tell: what must not be lost so is `idempotent`, and comes back.",
        ),
    ),
    *under(
        "Tasks whose surroundings are away",
        Way(
            "the broker is away when a task sends another",
            "sends_to_nobody",
            one("queue", "OperationalError", group=BROKER),
        ),
        Way(
            "the result cannot be stored",
            "has_nowhere_to_put_its_result",
            one("cache", "ConnectionError", group=REDIS),
        ),
    ),
    *under(
        "Tasks that beat sends",
        Way("a scheduled task fails", "scheduled_fails", PIPELINE, check_ins=("in_progress", "error")),
        Way(
            "a scheduled task is retried and succeeds",
            "scheduled_recovers",
            NONE,
            check_ins=("in_progress", "ok"),
            note="A retry is no failure of the schedule.",
        ),
        Way(
            "a scheduled task with a monitor of its own fails",
            "watched_fails",
            PIPELINE,
            check_ins=("in_progress", "error"),
        ),
        Way(
            "a scheduled task with a monitor of its own is retried and succeeds",
            "watched_recovers",
            NONE,
            check_ins=("in_progress", "ok"),
        ),
    ),
)

STOPPING = ("is_at_work", "is_at_work_for_long")
SCHEDULED = tuple(way.by for way in TASKS if way.check_ins)
