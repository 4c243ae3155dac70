"""Fills a monitor's database as months of use would: issues, their events, hours, tags, users.

    script/bench monitor_seed DIRECTORY [--issues 100000] [--events 1000000]

DIRECTORY becomes a data directory of its own (MONITOR_DATA_DIR); look at it with
`MONITOR_DATA_DIR=DIRECTORY python -m monitor web`. Rows are made with SQL, so a million events take about two minutes.
All counts agree with the events. Payloads are a few hundred real ones that the event rows share: what a page reads is
real, what the files would weigh is not. How often an issue happens falls off steeply, as it does in life.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure, show, show_missed, write

ADMIN, PASSWORD = "seeded@hydroml.example", "a-long-password"
PROJECTS = 20
DAYS = 90
PAYLOADS = 200
TYPES = (
    "OperationalError", "ZeroDivisionError", "KeyError", "ValueError", "TimeoutError", "ConnectionError", "IntegrityError",
    "SoftTimeLimitExceeded", "FileNotFoundError", "UnicodeDecodeError", "NotFittedError", "ValidationError",
)  # fmt: skip
CATEGORIES = {
    "database": "P0", "cache": "P1", "queue": "P1", "ml_processing": "P1", "data_processing": "P1", "file": "P2",
    "external_service": "P2", "timeout": "P2", "programming": "P2", "uncategorised": "P2", "validation": "P3",
    "maintenance": "P4",
}  # fmt: skip
TAGS = {
    # key: (how many values, in how many of ten issues)
    "environment": (3, 10), "release": (60, 10), "level": (1, 10), "transaction": (400, 9), "server_name": (24, 10),
    "runtime": (3, 10), "handled": (2, 10), "task_name": (40, 3), "region": (8, 5), "customer": (5_000, 4),
}  # fmt: skip
NOW_H = int(time.time() // 3600)


def start_django(directory: Path) -> None:
    """The monitor's own settings without DEBUG, on a database in `directory`."""
    os.environ.update(
        MONITOR_DATA_DIR=str(directory),
        MONITOR_DEBUG="0",
        MONITOR_SECRET_KEY="bench-" * 10,
        MONITOR_ALLOWED_HOSTS="testserver,127.0.0.1",
        DJANGO_SETTINGS_MODULE="monitor.settings",
        LOG_LEVEL="ERROR",
    )
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    django.setup()
    call_command("prepare", verbosity=0)


def seed(issues: int, events: int) -> None:
    """Into the database of the Django that was started. Gives nothing; raises what SQLite raises."""
    from django.db import connection, transaction

    chance = random.Random(1)  # the same world each time
    with transaction.atomic():
        _projects()
        _issues(chance, issues)
        blocks = _payloads()
        with connection.cursor() as cursor:
            for statement in _statements(issues, events, blocks):
                cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _projects() -> None:
    from monitor.access.models import Role, User
    from monitor.projects.models import Project

    User.objects.create_user(ADMIN, PASSWORD, name="Operator", role=Role.ADMIN)

    for number in range(Project.objects.count(), PROJECTS):
        Project.objects.create(slug=f"project-{number}", name=f"Project {number}")


def _words(chance: random.Random) -> list[str]:
    return ["".join(chance.choices("abcdefghijklmnoprstuvwz", k=chance.randint(4, 11))) for _ in range(5_000)]


def _issues(chance: random.Random, number: int) -> None:
    from django.db import connection

    from monitor.projects.models import Project

    projects = list(Project.objects.values_list("pk", flat=True))
    words = _words(chance)
    columns = (
        'project_id, number, title, culprit, type, value, level, platform, logger, "transaction", category, severity,'
        " handled, first_seen, last_seen, times, users, stored, first_release, last_release, status, substatus,"
        " resolved_in_release, resolved_in_next_release, known_error, sampling_hour, sampling_events"
    )
    marks = ",".join("%s" for _ in columns.split(","))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO issues_issue ({columns}) VALUES ({marks})",
            _issue_rows(chance, number, projects, words),
        )
    Project.objects.update(next_issue_number=number + 1)


def _issue_rows(
    chance: random.Random, number: int, projects: list[int], words: list[str]
) -> Iterator[tuple[Any, ...]]:
    for index in range(1, number + 1):
        kind = chance.choice(TYPES)
        value = " ".join(chance.choices(words, k=chance.randint(3, 15)))
        place = f"{chance.choice(words)}.{chance.choice(words)} in {chance.choice(words)}"
        category = chance.choice(list(CATEGORIES))
        release = f"1.{chance.randint(0, 59)}.0"
        yield (
            # Half of all in one project.
            projects[0] if index % 2 else chance.choice(projects), index,
            f"{kind}: {value}"[:200], place, kind, value, chance.choice(("error", "error", "error", "warning", "fatal")),
            "python", "", f"/{chance.choice(words)}/", category, CATEGORIES[category], chance.random() < 0.5,
            0.0, 0.0, 0, 0, 0, release, "1.59.0",
            chance.choice(("unresolved",) * 8 + ("resolved", "ignored")),
            chance.choice(("new", "ongoing", "ongoing", "regressed")), "", False, "", 0, 0,
        )  # fmt: skip


def _payloads() -> list[tuple[int, int]]:
    """Block and slot of each of some real ones."""
    from monitor.digest.payloads import payload_store
    from monitor.projects.models import Project

    events = [_payload(number) for number in range(PAYLOADS)]
    project = Project.objects.values_list("pk", flat=True)[0]
    places = payload_store().append(events, received=time.time(), project_id=project)
    return [(place.block, place.slot) for place in places]


def _payload(number: int) -> bytes:
    from monitor.events import normalise

    frame = {
        "function": f"load_{number}", "module": "projects.views", "filename": "projects/views.py", "in_app": True,
        "lineno": 40 + number, "context_line": "    rain = table[column]",
        "vars": {"column": "'rain'", "number": str(number)},
        "pre_context": ["def load(table, column):"], "post_context": ["    return rain"],
    }  # fmt: skip
    raw = {
        "platform": "python",
        "level": "error",
        "release": "1.59.0",
        "exception": {
            "values": [{"type": "KeyError", "value": "rain", "stacktrace": {"frames": [frame] * 12}}]
        },
        "breadcrumbs": {
            "values": [
                {"message": f"query {i}", "category": "query", "timestamp": 1.0 + i} for i in range(20)
            ]
        },
        "tags": {"category": "programming", "severity": "P2"},
        "contexts": {"runtime": {"name": "CPython", "version": "3.11.9"}},
    }
    return normalise(raw, received=time.time(), event_id=f"{number:032x}").to_json()


def _statements(issues: int, events: int, places: list[tuple[int, int]]) -> Iterator[str]:
    start = f"{(NOW_H - DAYS * 24) * 3600}.0"
    span = f"{DAYS * 86_400}.0"
    yield "CREATE TEMP TABLE place (n INTEGER PRIMARY KEY, block INTEGER, slot INTEGER)"
    yield f"INSERT INTO place VALUES {','.join(f'({n},{b},{s})' for n, (b, s) in enumerate(places))}"
    # An even random number of [0, 1), cubed: the first issues have most of the events. Each issue has one at least.
    even = "(abs(random()) % 1000000) / 1000000.0"
    yield f"""
        CREATE TEMP TABLE happened AS
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {events}),
             drawn AS (SELECT i, {even} AS a, {even} AS b FROM n)
        SELECT i, CASE WHEN i < {issues} THEN i + 1 ELSE 1 + CAST({issues} * a * a * a AS INTEGER) END AS issue,
               {start} + {span} * b AS at FROM drawn"""
    yield f"""
        INSERT INTO issues_issuehash (project_id, hash, version, method, issue_id)
        SELECT project_id, lower(hex(randomblob(16))), 1, 'exceptions', id FROM issues_issue WHERE id <= {issues}"""
    yield f"""
        INSERT INTO issues_storedevent (uid, project_id, issue_id, hash_id, timestamp, received, times, level, release,
            environment, error_id, trace, user, block_id, slot)
        SELECT randomblob(16), i.project_id, i.id, h.id, e.at, e.at + 0.2, 1, i.level, i.last_release, 'production',
            lower(hex(randomblob(6))), CASE WHEN e.i % 4 = 0 THEN randomblob(16) END,
            CASE WHEN e.i % 3 = 0 THEN randomblob(8) END, p.block, p.slot
        FROM happened e JOIN issues_issue i ON i.id = e.issue JOIN issues_issuehash h ON h.issue_id = i.id
            JOIN place p ON p.n = e.i % {len(places)}
        ORDER BY e.at"""
    yield """
        INSERT INTO issues_issuehour (issue_id, hour, times)
        SELECT issue, CAST(at / 3600 AS INTEGER), count(*) FROM happened GROUP BY 1, 2"""
    yield """
        INSERT OR IGNORE INTO issues_issueuser (issue_id, user)
        SELECT issue_id, user FROM issues_storedevent WHERE user IS NOT NULL"""
    yield from _tag_statements(issues)
    yield "CREATE TEMP TABLE total (id INTEGER PRIMARY KEY, times INTEGER, first REAL, last REAL)"
    yield "INSERT INTO total SELECT issue, count(*), min(at), max(at) FROM happened GROUP BY 1"
    yield """
        UPDATE issues_issue SET
            times = (SELECT times FROM total WHERE total.id = issues_issue.id),
            stored = (SELECT times FROM total WHERE total.id = issues_issue.id),
            first_seen = (SELECT first FROM total WHERE total.id = issues_issue.id),
            last_seen = (SELECT last FROM total WHERE total.id = issues_issue.id),
            users = (SELECT count(*) FROM issues_issueuser u WHERE u.issue_id = issues_issue.id)"""
    for name in ("place", "happened", "total"):
        yield f"DROP TABLE temp.{name}"


def _tag_statements(issues: int) -> Iterator[str]:
    """Each issue has one or two values of a tag; the commonest value is had by most."""
    for number, (key, (values, of_ten)) in enumerate(TAGS.items()):
        if key == "environment":
            names = "CASE v WHEN 0 THEN 'production' WHEN 1 THEN 'staging' ELSE 'development' END"
        elif key == "release":
            names = "'1.' || v || '.0'"
        else:
            names = f"'{key}-' || v"
        yield f"""
            INSERT OR IGNORE INTO issues_tagvalue (project_id, key, value)
            WITH RECURSIVE n(v) AS (SELECT 0 UNION ALL SELECT v + 1 FROM n WHERE v + 1 < {values})
            SELECT p.id, '{key}', {names} FROM n, projects_project p"""
        value = f"((i.id * {7 + number} + s) * (i.id % 7)) % {values}"
        yield f"""
            INSERT OR IGNORE INTO issues_issuetag (issue_id, tag_id, times, first_seen, last_seen)
            SELECT had.id, t.id, 1 + had.id % 50, {NOW_H - 100}.0, {NOW_H}.0
            FROM (SELECT id, project_id, {names} AS text
                  FROM (SELECT i.id, i.project_id, {value} AS v
                        FROM issues_issue i, (SELECT 0 AS s UNION ALL SELECT 1)
                        WHERE i.id <= {issues} AND i.id % 10 < {of_ten} AND (s = 0 OR i.id % 3 = 0))) had
            CROSS JOIN issues_tagvalue t
                ON t.project_id = had.project_id AND t.key = '{key}' AND t.value = had.text"""


def measured_on_seeded(run: Callable[[int], list[Figure]], about: str | None, *, requests: int) -> None:
    """The command line of a bench that asks for pages of 100,000 issues with 1,000,000 events, so often each."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", type=Path)
    parser.add_argument("--requests", type=int, default=requests)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        start_django(options.at or Path(folder))
        if options.at is None:
            seed(100_000, 1_000_000)
        figures = run(options.requests)
    show_missed(figures)
    if options.json:
        write(figures, options.json)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.events < options.issues:
        sys.exit("An issue has one event at least: --events must be as many as --issues.")
    start_django(options.directory)
    from django.db import connection

    from monitor.issues.models import Issue

    if Issue.objects.exists():
        sys.exit(f"{options.directory} has issues already: name a directory that is not there yet.")
    started = time.perf_counter()
    seed(options.issues, options.events)
    seconds = time.perf_counter() - started
    size = Path(str(connection.settings_dict["NAME"])).stat().st_size
    figures = [
        Figure(f"{options.issues:,} issues with {options.events:,} events, made in", seconds, "s"),
        Figure("size of their database", size / 1e6, "MB"),
    ]
    show(figures)
    print(f"log-in: {ADMIN} {PASSWORD}")
    if options.json:
        write(figures, options.json)


if __name__ == "__main__":
    main()
