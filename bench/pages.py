"""Server time and queries of list and detail pages, among 10, 1,000 and 100,000 data sources and experiments.

    script/bench pages [--json FILE] [--requests 200]

The rows are copies, made in a throw-away database, of one data source and one experiment that went through the real
processing and training. Nine in ten lie in the reader's forty projects, nearly half of all in one of them. Requests go
through the whole of Django in this process, with DEBUG off; a page's figure is the 95th percentile of its requests.
"""

import argparse
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.figures import Figure, show_missed, under, write
from stack.folder import Folder, throwaway
from stack.postgres import Postgres

SIZES = (10, 1_000, 100_000)
PROJECTS = 40
GOAL_MS = 60
WARM_UP = 10
NAMES = ("Narraguagus", "Falling River", "Oberrhein", "Mekong", "Rio Negro", "Ardèche", "Ganga", "Okavango")


@contextmanager
def throwaway_database() -> Iterator[str]:
    """The address of an empty database: on the server that DATABASE_URL names, or on one of its own."""
    given = os.environ.get("DATABASE_URL")
    if not given:
        with throwaway("bench") as folder, own_server(folder) as address:
            yield address
        return
    name = f"bench_pages_{os.getpid()}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{given.rsplit('/', 1)[0]}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def own_server(folder: Folder) -> Iterator[str]:
    server = Postgres(folder, throwaway=True)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def start_django(address: str, data_root: Path) -> None:
    """Production's settings, apart from compressed static files, which no page's time depends on."""
    os.environ.update(
        DATABASE_URL=address,
        REDIS_URL="redis://127.0.0.1:1/0",  # nothing is sent: this process does the two pieces of work itself
        DATA_ROOT=str(data_root),
        DJANGO_SETTINGS_MODULE="hydroml.settings",
        DJANGO_SECRET_KEY="bench-" * 10,
        DEBUG="0",
        ALLOWED_HOSTS="testserver",
        SENTRY_ENVIRONMENT="test",
        LOG_LEVEL="CRITICAL",
    )
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    django.setup()
    call_command("migrate", verbosity=0)


class World:
    """A reader, forty projects of theirs, one of somebody else, and one real data source and experiment."""

    def __init__(self, folder: Path) -> None:
        from accounts.models import User
        from projects.services import create_project

        self.reader = User.objects.create_user("reader@example.org", "a-long-password", name="Reader")
        stranger = User.objects.create_user("stranger@example.org", "a-long-password", name="Stranger")
        self.projects = [create_project(owner=self.reader, name=f"Project {n}") for n in range(PROJECTS)]
        self.elsewhere = create_project(owner=stranger, name="Elsewhere")
        self.source = self._source(folder)
        self.experiment = self._experiment()
        self.copies = 1

    def _source(self, folder: Path) -> Any:
        from data_tools.engine.synthetic import FLAWS, make_catchment
        from data_tools.services import create_source
        from data_tools.tasks import process_source
        from data_tools.uploads import IncomingFile

        table = folder / "catchment.csv"
        make_catchment("bench", 1, date(2000, 1, 1), 4000, next(iter(FLAWS))).write_csv(table)
        source = create_source(self.projects[0], file=IncomingFile.copy_of(table), actor=self.reader)
        process_source(str(source.job_id))
        source.refresh_from_db()
        assert source.is_ready, source.job.error_message
        return source

    def _experiment(self) -> Any:
        from experiments.engine.spec import ExperimentSpec
        from experiments.services import start_experiment
        from experiments.tasks import train_experiment

        spec = ExperimentSpec(
            target="discharge_m3s",
            inputs=("precipitation_mm", "temperature_max_c"),
            train_end="2008-12-31",
            test_start="2009-01-01",
            model="ridge",
        )
        experiment = start_experiment(
            source=self.source, name="Ridge", spec=spec, trials_wanted=0, actor=self.reader
        )
        train_experiment(str(experiment.job_id))
        experiment.refresh_from_db()
        assert experiment.is_ready, experiment.job.error_message
        return experiment

    def grow(self, size: int) -> None:
        """Copy the two rows, with a job each, until there are `size` of both."""
        first, last = self.copies + 1, size
        mine = ", ".join(f"'{project.id}'" for project in self.projects)
        project = (
            f"CASE WHEN i % 10 = 3 THEN '{self.elsewhere.id}'::uuid WHEN i % 2 = 0 THEN '{self.projects[0].id}' "
            f"ELSE (ARRAY[{mine}]::uuid[])[1 + i % {PROJECTS}] END"
        )
        words = ", ".join(f"'{name}'" for name in NAMES)
        state = (
            "CASE WHEN i % 100 < 6 THEN 'failed' WHEN i % 100 < 9 THEN 'cancelled' "
            "WHEN i % 100 = 9 THEN 'queued' ELSE 'succeeded' END"
        )
        shared = {
            "project_id": project,
            "name": f"(ARRAY[{words}])[1 + i % {len(NAMES)}] || ' ' || i || '.csv'",
            "created_at": "t.created_at - i * interval '7 minutes'",
        }
        for row, offset in ((self.source, 0), (self.experiment, 1)):
            job_id = _uuid_of("i", 2 + offset)
            _copy(row.job, first, last, {"id": job_id, "state": state})
            own = {"rows": "1 + (i * 7919) % 100000"} if offset == 0 else {"nse": "(i % 1000) / 1000.0"}
            _copy(row, first, last, {"id": _uuid_of("i", offset), "job_id": job_id, **shared, **own})
        _vacuum()
        self.copies = size

    def pages(self) -> dict[str, str]:
        source, experiment = self.source.get_absolute_url(), self.experiment.get_absolute_url()
        big = f"project={self.projects[0].id}"
        return {
            "projects": "/projects/",
            "project": self.projects[0].get_absolute_url(),
            "data": "/data/",
            "data, of one project": f"/data/?{big}",
            "data, last page counted": "/data/?page=400",
            "data, last page counted of one project": f"/data/?{big}&page=400",
            "data, by name": "/data/?sort=name",
            "data, longest first": "/data/?sort=-rows",
            "data, failed": "/data/?state=failed",
            "data, search": "/data/?q=narragua",
            "data, search for nothing": "/data/?q=zzzz",
            "data source": source,
            "data source, rows in the middle": f"{source}?row=2001",
            "experiments": "/experiments/",
            "experiments, of one project": f"/experiments/?{big}",
            "experiments, last page counted": "/experiments/?page=400",
            "experiments, by name": "/experiments/?sort=name",
            "experiments, by NSE": "/experiments/?sort=nse",
            "experiments, failed": "/experiments/?state=failed",
            "experiments, search": "/experiments/?q=narragua",
            "experiment": experiment,
        }


def _uuid_of(number: str, kind: int) -> str:
    return f"('0000000{kind}-0000-4000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def _copy(row: Any, first: int, last: int, changed: dict[str, str]) -> None:
    from django.db import connection

    fields = [field.column for field in type(row)._meta.concrete_fields]
    names = ", ".join(f'"{name}"' for name in fields)
    values = ", ".join(changed.get(name, f't."{name}"') for name in fields)
    table = type(row)._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {values} '
            f"FROM \"{table}\" t, generate_series({first}, {last}) i WHERE t.id = '{row.pk}'"
        )


def _vacuum() -> None:
    """What autovacuum does by itself within a minute of such a change."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def measure(get: Callable[[], Any], requests: int) -> tuple[int, list[float]]:
    """How many queries one request makes, and milliseconds of each of `requests`."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(WARM_UP):
        _read(get())
    with CaptureQueriesContext(connection) as queries:
        _read(get())
        count = len(queries)
    times = []
    for _ in range(requests):
        started = time.perf_counter()
        _read(get())
        times.append((time.perf_counter() - started) * 1000)
    return count, times


def _read(response: Any) -> None:
    assert response.status_code == 200, response.status_code
    response.content  # noqa: B018 (a template response is rendered by now; a stream would fail here)


def run(data_root: Path, requests: int) -> list[Figure]:
    from django.test import Client

    data_root.mkdir()
    world = World(data_root)
    client = Client()
    client.force_login(world.reader)
    queries: dict[str, list[int]] = {}
    figures: list[Figure] = []
    for size in SIZES:
        world.grow(size)
        for name, address in world.pages().items():
            count, times = measure(lambda address=address: client.get(address), requests)  # type: ignore[misc]
            queries.setdefault(name, []).append(count)
            figures.append(_figure(name, size, statistics.quantiles(times, n=20)[-1]))
            print(f"  {figures[-1].figure:58s}{figures[-1].value:8.1f} ms  {count} queries", flush=True)
    for name, counts in queries.items():
        constant = len(set(counts)) == 1
        figures.append(Figure(f"{name}: queries", max(counts), "", "the same for every size", constant))
    return figures


def _figure(name: str, size: int, p95_ms: float) -> Figure:
    measured = (f"{name}: p95 among {size:,}", p95_ms, "ms")
    return under(*measured, GOAL_MS) if size == SIZES[-1] else Figure(*measured)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the database is dropped then too
    with throwaway("bench") as files, throwaway_database() as address:
        start_django(address, files.path / "data")
        figures = run(files.path / "data", options.requests)
        from django.db import connections

        connections.close_all()
    show_missed(figures)
    if options.json:
        write(figures, options.json)


if __name__ == "__main__":
    sys.exit(main())
