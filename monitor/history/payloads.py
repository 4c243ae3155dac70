"""What the application would have sent: an occurrence as an event, and now and then a transaction that is kept whole."""

from __future__ import annotations

import random
from typing import Any

from monitor.history.faults import Line
from monitor.history.traffic import Occurrence, Served

ENVIRONMENT = "production"
_HOSTS = ("web-1", "web-2", "worker-1", "worker-2")
_SDK = {"name": "sentry.python.django", "version": "2.66.0"}
_ORIGIN = "https://hydroml.example"
_BROWSERS = ("Firefox/143.0", "Chrome/140.0.0.0", "Safari/605.1.15")


def hexadecimal(chance: random.Random, digits: int) -> str:
    return f"{chance.getrandbits(digits * 4):0{digits}x}"


def event_of(one: Occurrence, chance: random.Random) -> dict[str, Any]:
    """As sentry-sdk and the strategy's filters send it."""
    fault = one.fault
    value = fault.value.replace("{n}", str(one.number))
    payload: dict[str, Any] = {
        "event_id": hexadecimal(chance, 32),
        "timestamp": one.at,
        "platform": "python",
        "level": fault.level,
        "release": one.release,
        "environment": ENVIRONMENT,
        "server_name": _HOSTS[2 + one.user % 2] if fault.is_task else _HOSTS[one.user % 2],
        "transaction": fault.place,
        "tags": {"category": fault.category, "severity": fault.severity, "generated": "yes"},
        "user": {"id": str(one.user)},
        "sdk": _SDK,
        "contexts": {
            "trace": {"trace_id": hexadecimal(chance, 32), "span_id": hexadecimal(chance, 16)},
            "runtime": {"name": "CPython", "version": "3.12.11"},
        },
        "breadcrumbs": {"values": _breadcrumbs(one)},
    }
    if fault.fingerprint:
        payload["fingerprint"] = list(fault.fingerprint)
    if fault.type in ("Burst", "SlowQuery", "RepeatedQuery"):
        payload["logentry"] = {"message": fault.value.replace("{n}", "%s"), "formatted": value}
        payload["logger"] = "core.sentry"
    else:
        payload["exception"] = {"values": [_exception(one, value)]}
    if fault.is_task:
        payload["tags"]["task_name"] = fault.place
    else:
        payload["request"] = _request(one)
    return payload


def _exception(one: Occurrence, value: str) -> dict[str, Any]:
    fault = one.fault
    frames = [*_library_frames(task=fault.is_task), *(_frame(line, one) for line in fault.code)]
    mechanism = "celery" if fault.is_task else "django"
    return {
        "type": fault.type,
        "value": value,
        "module": fault.module or None,
        "stacktrace": {"frames": frames},
        "mechanism": {"type": mechanism, "handled": fault.handled},
    }


def _library_frames(*, task: bool) -> list[dict[str, Any]]:
    line: Line = (
        ("celery/app/trace.py", "trace_task", 453, "    R = retval = fun(*args, **kwargs)")
        if task
        else (
            "django/core/handlers/base.py",
            "_get_response",
            197,
            "    response = wrapped_callback(request)",
        )
    )
    return [{**_plain(line), "in_app": False}]


def _frame(line: Line, one: Occurrence) -> dict[str, Any]:
    return {**_plain(line), "in_app": True, "vars": {"number": str(one.number)}}


def _plain(line: Line) -> dict[str, Any]:
    file, function, number, source = line
    return {
        "filename": file,
        "module": file.removesuffix(".py").replace("/", "."),
        "function": function,
        "lineno": number,
        "pre_context": [f"def {function}(…):"],
        "context_line": source,
        "post_context": [""],
    }


def _breadcrumbs(one: Occurrence) -> list[dict[str, Any]]:
    at = one.at
    return [
        {"timestamp": at - 0.31, "category": "query", "message": "SELECT … FROM accounts_user WHERE id = %s"},
        {"timestamp": at - 0.12, "category": "query", "message": "SELECT … FROM projects_project …"},
        {"timestamp": at - 0.02, "category": "log", "level": "info", "message": f"step {one.number} begins"},
    ]


def _request(one: Occurrence) -> dict[str, Any]:
    return {
        "method": "POST" if "upload" in one.fault.place or "new" in one.fault.place else "GET",
        "url": f"{_ORIGIN}/{address_of(one.fault.place, one.number)}",
        "headers": {"User-Agent": f"Mozilla/5.0 (generated) {_BROWSERS[one.number % 3]}"},
    }


def address_of(place: str, number: int) -> str:
    """A route with something in its variables' place."""
    if place == "none":
        return f"wp-login-{number}.php"
    words = []
    for part in place.split("/"):
        variable = part.startswith("<")
        words.append(f"00000000-0000-4000-8000-{number:012d}" if variable and "uuid" in part else part)
    return "/".join("csv" if word.startswith("<") else word for word in words)


def transaction_of(row: Served, duration_s: float, chance: random.Random) -> dict[str, Any]:
    """With spans, one in five of a page that asks the same again and again."""
    start = row.at + chance.random() * row.seconds
    trace, root = hexadecimal(chance, 32), hexadecimal(chance, 16)
    task = row.place.is_task
    spans = _spans(start, duration_s, root, chance)
    return {
        "type": "transaction",
        "event_id": hexadecimal(chance, 32),
        "transaction": row.place.name,
        "transaction_info": {"source": "task" if task else "route"},
        "start_timestamp": start,
        "timestamp": start + duration_s,
        "release": row.release,
        "environment": ENVIRONMENT,
        "platform": "python",
        "contexts": {
            "trace": {
                "trace_id": trace,
                "span_id": root,
                "op": "queue.task.celery" if task else "http.server",
                "status": "internal_error" if chance.random() < row.failed / row.total else "ok",
            }
        },
        "spans": [{**span, "trace_id": trace} for span in spans],
        "sdk": _SDK,
    }


_QUERIES = (
    'SELECT "projects_project"."id", "projects_project"."name" FROM "projects_project" WHERE "owner_id" = %s',
    'SELECT "jobs_job"."state" FROM "jobs_job" WHERE "jobs_job"."id" = %s',
    'SELECT COUNT(*) FROM "data_tools_source" WHERE "project_id" = %s',
)
_AGAIN = 'SELECT "accounts_user"."name" FROM "accounts_user" WHERE "accounts_user"."id" = %s'


def _spans(start: float, length: float, root: str, chance: random.Random) -> list[dict[str, Any]]:
    parts: list[tuple[str, str, float]] = [
        ("middleware.django", "SessionMiddleware", 0.04),
        *(("db", text, chance.uniform(0.05, 0.14)) for text in _QUERIES),
        ("cache.get", "counts", 0.02),
        ("template.render", "page.html", 0.2),
    ]
    if chance.random() < 0.2:
        parts[3:3] = [("db", _AGAIN, 0.015)] * 8
    spans, at = [], start
    for op, text, share in parts:
        end = at + share * length
        spans.append(
            {
                "span_id": hexadecimal(chance, 16),
                "parent_span_id": root,
                "op": op,
                "description": text,
                "start_timestamp": at,
                "timestamp": end,
            }
        )
        at = end
    return spans
