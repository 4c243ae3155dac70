"""A great many issues, with one event each, so that lists and searches can be looked at when there is a lot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Max

from monitor.digest.sql import Row, database
from monitor.history.faults import COMMON
from monitor.history.mark import Made
from monitor.history.payloads import ENVIRONMENT, hexadecimal
from monitor.issues.models import Issue, StoredEvent
from monitor.projects.models import Project

_AT_ONCE = 10_000
_WORDS = (
    "gauge", "rain", "level", "basin", "station", "series", "reach", "weir", "sluice", "model", "window", "epoch", "fold",
    "upload", "column", "unit", "period", "outlet", "runoff", "storage",
)  # fmt: skip
_ISSUE = (
    'INSERT INTO issues_issue (id, project_id, number, title, culprit, type, value, level, platform, logger, "transaction",'
    " category, severity, handled, first_seen, last_seen, times, users, stored, first_release, last_release, status,"
    " substatus, resolved_in_release, resolved_in_next_release, known_error, sampling_hour, sampling_events)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'error', 'python', '', ?, ?, ?, 0, ?, ?, ?, ?, 1, ?, ?, ?, ?, '', 0, '', 0, 0)"
)
_HASH = "INSERT INTO issues_issuehash (project_id, hash, version, method, issue_id) VALUES (?, ?, 1, 'exceptions', ?)"
_EVENT = (
    "INSERT INTO issues_storedevent (uid, project_id, issue_id, hash_id, timestamp, received, times, level, release,"
    " environment, block_id, slot) VALUES (?, ?, ?, (SELECT id FROM issues_issuehash WHERE issue_id = ?), ?, ?, 1,"
    " 'error', ?, ?, ?, ?)"
)
_HOUR = "INSERT INTO issues_issuehour (issue_id, hour, times) VALUES (?, ?, ?)"


def add_issues(project: Project, number: int, *, seed: int, made: Made) -> None:
    """Their events share the payloads that are there: what a page reads is real, what the files weigh is not."""
    chance = random.Random(f"{seed}:issues")  # noqa: S311
    rows = _rows(project, number, chance, made)
    while True:
        some = list(islice(rows, _AT_ONCE))
        if not some:
            break
        with transaction.atomic():
            for statement, place in ((_ISSUE, "issue"), (_HASH, "hash"), (_EVENT, "event"), (_HOUR, "hour")):
                database().executemany(statement, [row[place] for row in some])
    last = Issue.objects.filter(project=project).aggregate(Max("number"))["number__max"]
    Project.objects.filter(pk=project.pk).update(next_issue_number=last + 1)


def _rows(project: Project, number: int, chance: random.Random, made: Made) -> Iterator[dict[str, Row]]:
    payloads = list(StoredEvent.objects.filter(project=project).values_list("block_id", "slot")[:500])
    releases = list(Issue.objects.filter(project=project).values_list("last_release", flat=True).distinct())
    pk: int = Issue.objects.aggregate(Max("pk"))["pk__max"] or 0
    next_number = Issue.objects.filter(project=project).aggregate(Max("number"))["number__max"] or 0
    for index in range(1, number + 1):
        yield _row(project.pk, pk + index, next_number + index, chance, made, payloads, releases)


def _row(
    project: int,
    pk: int,
    number: int,
    chance: random.Random,
    made: Made,
    payloads: list[Any],
    releases: list[str],
) -> dict[str, Row]:
    fault = chance.choice(COMMON)
    first = chance.uniform(made.since, made.until)
    last = first + (made.until - first) * chance.random()
    times, users = max(int(chance.paretovariate(0.9)), 1), 1
    times = min(times, 50_000)
    words = " ".join(chance.choices(_WORDS, k=4))
    file, function = fault.code[-1][0].removesuffix(".py").replace("/", "."), fault.code[-1][1]
    culprit = f"{file} in {function}_{chance.choice(_WORDS)}"
    status = chance.choices(("unresolved", "resolved", "ignored"), (8, 1, 1))[0]
    substatus = chance.choice(("new", "ongoing", "ongoing", "regressed"))
    release, (block, slot) = chance.choice(releases), chance.choice(payloads)
    return {
        "issue": (
            pk, project, number, f"{fault.type}: {words} {number}", culprit, fault.type, f"{words} {number} (generated)",
            fault.place, fault.category, fault.severity, first, last, times, users, release, release, status, substatus,
        ),
        "hash": (project, hexadecimal(chance, 32), pk),
        "event": (chance.randbytes(16), project, pk, pk, last, last, release, ENVIRONMENT, block, slot),
        "hour": (pk, int(last // 3600), times),
    }  # fmt: skip
