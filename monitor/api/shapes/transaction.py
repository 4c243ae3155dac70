"""Transactions and what their queries show. Shapes of our own: Sentry has its own query language for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from monitor.api.schemas import define
from monitor.api.shapes.times import iso
from monitor.performance.models import QueryFinding, TransactionGroup, TransactionSample

Json = dict[str, Any]
SAMPLES = 5
define(
    "TransactionSample",
    {"eventID": "str", "traceID": "str?", "beganAt": "date", "durationMs": "num", "failed": "bool", "spans": "int"},
)  # fmt: skip
define(
    "QueryFinding",
    {
        "kind": "=n_plus_one|slow_query",
        "statement": "str",
        "times": "int",
        "maxMs": "num",
        "lastSeen": "date",
    },
)
TRANSACTION = define(
    "Transaction",
    {
        "name": "str", "op": "str", "environment": "str", "isTask": "bool",
        "slowest": "[TransactionSample]", "findings": "[QueryFinding]",
    },
)  # fmt: skip


def transactions(
    of: Sequence[TransactionGroup], samples: Sequence[TransactionSample], findings: Sequence[QueryFinding]
) -> list[Json]:
    """`samples` the slowest first; the statements of `findings` have to be there."""
    samples_of: dict[int, list[Json]] = defaultdict(list)
    for sample in samples:
        if len(samples_of[sample.group_id]) < SAMPLES:
            samples_of[sample.group_id].append(_sample(sample))
    findings_of: dict[int, list[Json]] = defaultdict(list)
    for finding in findings:
        findings_of[finding.group_id].append(_finding(finding))
    return [
        {
            "name": one.name,
            "op": one.op,
            "environment": one.environment,
            "isTask": one.is_task,
            "slowest": samples_of[one.pk],
            "findings": findings_of[one.pk],
        }
        for one in of
    ]


def _sample(of: TransactionSample) -> Json:
    return {
        "eventID": bytes(of.uid).hex(),
        "traceID": bytes(of.trace).hex() if of.trace else None,
        "beganAt": iso(of.at),
        "durationMs": of.duration_ms,
        "failed": of.failed,
        "spans": of.spans,
    }


def _finding(of: QueryFinding) -> Json:
    return {
        "kind": of.kind,
        "statement": of.statement.text,
        "times": of.times,
        "maxMs": of.max_ms,
        "lastSeen": iso(of.last_seen),
    }
