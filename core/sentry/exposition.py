"""The counters of all processes of this machine in Prometheus' text format.

Each process keeps its counts in a file beside the spool (`counters`), so that any one of them can answer for all, under
gunicorn's workers and Celery's children alike, and nothing is lost when one is killed. No client library is needed.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from core.sentry import counters
from core.sentry.counters import CountKey, read_counts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Labels = tuple[tuple[str, str], ...]
_BOOKKEEPING = frozenset({"owed", "reported"})
_FAMILIES = {
    "app_requests_total": "Requests that were answered, without probes and static files.",
    "app_tasks_total": "Tasks that are over.",
    "app_events_total": "Errors by category of the strategy, also those that were not sent.",
    "app_failed_logins_total": "Log-ins that were refused.",
    "app_reports_total": "What became of reports, and of calls to what is outside: captured, delivered, dropped, retried.",
}


def keep(name: str, labels: Mapping[str, str], quantity: int) -> None:
    """Count for good what `denominators` counts for a minute; with few labels, for each of them is a series."""
    reason = labels.get("outcome", "") or (f"{labels['status'][:1]}xx" if "status" in labels else "")
    if name in {"requests", "tasks", "events", "failed_logins"}:
        counters.current().add(name, reason=reason, category=labels.get("category", ""), quantity=quantity)


def exposition(directory: Path) -> str:
    """All counters of the spool in `directory`, of living and dead processes."""
    counters.current().sync()
    families: dict[str, Counter[_Labels]] = defaultdict(Counter)
    for key, quantity in read_counts(directory).items():
        if key.kind not in _BOOKKEEPING:
            family, labels = _series(key)
            families[family][labels] += quantity
    lines = []
    for family, text in _FAMILIES.items():
        lines += [f"# HELP {family} {text}", f"# TYPE {family} counter"]
        lines += [f"{family}{_written(labels)} {value}" for labels, value in sorted(families[family].items())]
    return "\n".join(lines) + "\n"


def _series(key: CountKey) -> tuple[str, _Labels]:
    if key.kind == "requests":
        return "app_requests_total", (("status", key.reason),)
    if key.kind == "tasks":
        return "app_tasks_total", (("outcome", key.reason),)
    if key.kind == "events":
        return "app_events_total", (("category", key.category), ("outcome", key.reason))
    if key.kind == "failed_logins":
        return "app_failed_logins_total", ()
    return "app_reports_total", (("category", key.category), ("kind", key.kind), ("reason", key.reason))


def _written(labels: _Labels) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
