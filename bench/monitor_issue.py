"""Server time and queries of the issue page, at 100,000 issues and 1,000,000 events.

    script/bench monitor_issue [--at DIRECTORY] [--json FILE] [--requests 200]

DIRECTORY is one that bench/monitor_seed.py has filled; without it, one is filled and thrown away. Each request is for
another issue or event, so that hardly anything is remembered from the one before. To the seeded events come a Django
failure as sentry-sdk sends it, a trace of 200 frames and an event of a megabyte. Requests go through the whole of Django
in this process, with DEBUG off; a figure is the 95th percentile of its requests.
"""

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figures import Figure, under
from bench.monitor_seed import ADMIN, measured_on_seeded

GOAL_MS = 80
LARGE_GOAL_MS = 400
WARM_UP = 5


def client() -> Any:
    from django.test import Client

    from monitor.access.models import User

    made = Client()
    made.force_login(User.objects.get(email=ADMIN))
    return made


def of_random_issues() -> Callable[[], str]:
    """As people come to them: issues by how often they happen, at their newest event."""
    from monitor.issues.models import StoredEvent

    last = StoredEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    chance = random.Random(1)

    def address() -> str:
        event = StoredEvent.objects.filter(pk__gte=chance.randint(1, last)).order_by("pk").first()
        return f"/issues/{event.issue_id}/" if event else "/issues/1/"

    return address


def of_random_events() -> Callable[[], str]:
    """An event in the middle of its issue's."""
    from monitor.issues.models import StoredEvent

    last = StoredEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    chance = random.Random(2)

    def address() -> str:
        event = StoredEvent.objects.filter(pk__gte=chance.randint(1, last)).order_by("pk").first()
        return f"/issues/{event.issue_id}/events/{event.event_id}/" if event else "/issues/1/"

    return address


def of_the_largest_issue() -> Callable[[], str]:
    """Its oldest, middle and newest events: the most rows to count, the most tags."""
    from monitor.issues.models import Issue, StoredEvent

    issue = Issue.objects.order_by("-stored")[0]
    events = StoredEvent.objects.filter(issue=issue).order_by("timestamp")
    some = [bytes(uid).hex() for uid in events.values_list("uid", flat=True)[:: max(issue.stored // 50, 1)]]
    chance = random.Random(3)
    return lambda: f"/issues/{issue.pk}/events/{chance.choice(some)}/"


def of_one(raw: dict[str, Any], query: str = "") -> Callable[[], str]:
    """An event that is delivered for it."""
    from monitor.digest.spooled import digest_spool
    from monitor.ingest.spool import RecordMeta, SpoolWriter
    from monitor.issues.models import StoredEvent
    from monitor.projects.models import Project
    from monitor.protocol import serialise_envelope

    event_id = f"{random.getrandbits(128):032x}"
    raw = {**raw, "event_id": event_id, "timestamp": time.time()}
    with tempfile.TemporaryDirectory() as folder:
        writer = SpoolWriter(Path(folder), min_free_bytes=0)
        meta = RecordMeta(
            project_id=Project.objects.order_by("pk")[0].pk,
            received_at=time.time(),
            key="0" * 32,
            event_id=event_id,
        )
        body = serialise_envelope({"event_id": event_id}, [({"type": "event"}, json.dumps(raw).encode())])
        writer.append(meta, body)
        writer.close()
        digest_spool(Path(folder))
    stored = StoredEvent.objects.get(uid=bytes.fromhex(event_id))
    return lambda: f"/issues/{stored.issue_id}/{query}"


def pages() -> dict[str, tuple[Callable[[], str], int]]:
    from tests.monitor.events.recording import sdk_events
    from tests.monitor_site.issue_page.samples import many_frames, one_megabyte

    return {
        "any issue": (of_random_issues(), GOAL_MS),
        "any event": (of_random_events(), GOAL_MS),
        "the largest issue": (of_the_largest_issue(), GOAL_MS),
        "a Django failure of sentry-sdk": (of_one(sdk_events()["view"]), GOAL_MS),
        "a Django failure, all frames": (of_one(sdk_events()["deep"], "?frames=all"), GOAL_MS),
        "200 frames": (of_one(many_frames(200)), GOAL_MS),
        "an event of a megabyte": (of_one(one_megabyte()), LARGE_GOAL_MS),
    }


def measure(client: Any, address: Callable[[], str], requests: int) -> dict[str, float]:
    """Milliseconds of each request, and of the processor: on a busy machine these say more."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(WARM_UP):
        client.get(address())
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address())
        count = len(queries)
    assert response.status_code == 200, response.status_code
    times, cpu = [], []
    for _ in range(requests):
        target = address()
        started, started_cpu = time.perf_counter(), time.thread_time()
        client.get(target)
        cpu.append((time.thread_time() - started_cpu) * 1000)
        times.append((time.perf_counter() - started) * 1000)
    return {
        "p95": statistics.quantiles(times, n=20)[-1],
        "median": statistics.median(times),
        "processor": statistics.quantiles(cpu, n=20)[-1],
        "queries": count,
        "bytes": len(response.content),
    }


def run(requests: int) -> list[Figure]:
    reader = client()
    figures = []
    for name, (address, goal) in pages().items():
        found = measure(reader, address, requests)
        print(
            f"  {name:32s} p95 {found['p95']:6.1f} ms   median {found['median']:6.1f} ms"
            f"   processor {found['processor']:6.1f} ms   {found['queries']} queries, {found['bytes'] / 1000:,.0f} kB",
            flush=True,
        )
        figures.append(under(f"issue page: {name}, p95", found["p95"], "ms", goal))
    return figures


if __name__ == "__main__":
    measured_on_seeded(run, __doc__, requests=200)
