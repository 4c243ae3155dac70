"""Server time and queries of the issue list, at 100,000 issues and 1,000,000 events.

    script/bench monitor_list [--at DIRECTORY] [--json FILE] [--requests 100]

DIRECTORY is one that bench/monitor_seed.py has filled; without it, one is filled and thrown away. Requests go through the
whole of Django in this process, with DEBUG off; a figure is the 95th percentile of its requests. The member's figures
are those of somebody who sees six of the twenty projects, so that each query has to leave issues out.
"""

import statistics
import time
from typing import Any

from bench.figures import Figure, under
from bench.monitor_seed import ADMIN, measured_on_seeded

GOAL_MS = 60
WARM_UP = 3
MEMBERS_PROJECTS = 5
SEARCHES = {
    "list": "",
    "list, of one small project": "project=project-7",
    "list, in production": "environment=production",
    "list, 30 days": "period=30d",
    "list, by events": "sort=events",
    "list, by users": "sort=users",
    "list, by severity": "sort=severity",
    "list, last page": "page=40",
    "list, all, by events": "q=&sort=events",
    "text, rare": "q=is:unresolved+{word}",
    "text, in one of twelve": "q=is:unresolved+keyerror",
    "text, in most": "q=is:unresolved+error",
    "text, in most, by events": "q=is:unresolved+error&sort=events",
    "text, nowhere": "q=is:unresolved+qqqqqq",
    "text of two characters": "q=is:unresolved+qu&sort=events",
    "tag, rare": "q=is:unresolved+customer:customer-77",
    "tag, common": "q=is:unresolved+environment:production",
    "tag, common, by events": "q=is:unresolved+environment:production&sort=events",
    "tag, not this one": "q=is:unresolved+!environment:production",
    "tag, by pattern": "q=is:unresolved+transaction:transaction-1*",
    "has a tag": "q=is:unresolved+has:task_name&sort=users",
    "two tags": "q=is:unresolved+environment:production+release:1.5.0",
    "category and severity": "q=is:unresolved+category:database+severity:P0",
    "new in a release": "q=is:new+firstRelease:1.5.0",
    "often, lately": "q=is:unresolved+times:>100+lastSeen:-24h",
    "everything at once": "q=is:unresolved+error+environment:production+level:error+times:>2&sort=events",
}


def clients() -> dict[str, Any]:
    from django.test import Client

    from monitor.access.models import Role, User
    from monitor.projects.models import Project

    member, _ = User.objects.get_or_create(email="member@hydroml.example", defaults={"role": Role.MEMBER})
    member.projects.set(Project.objects.order_by("pk")[:MEMBERS_PROJECTS])
    member.projects.add(Project.objects.get(slug="project-7"))
    made = {"admin": Client(), "member": Client()}
    made["admin"].force_login(User.objects.get(email=ADMIN))
    made["member"].force_login(member)
    return made


def measure(client: Any, query: str, requests: int) -> tuple[int, int, list[float], list[float]]:
    """Rows shown, queries made, milliseconds of each request, and of the processor: on a busy machine these say more."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(WARM_UP):
        client.get(f"/issues/?{query}")
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/issues/?{query}")
        count = len(queries)
    assert response.status_code == 200, response.status_code
    times, cpu = [], []
    for _ in range(requests):
        started, started_cpu = time.perf_counter(), time.thread_time()
        client.get(f"/issues/?{query}")
        cpu.append((time.thread_time() - started_cpu) * 1000)
        times.append((time.perf_counter() - started) * 1000)
    return response.content.count(b"data-item"), count, times, cpu


def run(requests: int) -> list[Figure]:
    from monitor.issues.models import Issue

    word = Issue.objects.values_list("value", flat=True)[500].split()[-1]
    figures = []
    for who, client in clients().items():
        for name, form in SEARCHES.items():
            query = form.format(word=word)
            shown, queries, times, cpu = measure(client, query, requests)
            p95 = statistics.quantiles(times, n=20)[-1]
            middle = statistics.median(times)
            cpu_p95 = statistics.quantiles(cpu, n=20)[-1]
            print(
                f"  {who:7s} {name:28s} p95 {p95:6.1f} ms   median {middle:6.1f} ms   processor {cpu_p95:6.1f} ms"
                f"   {shown:2d} rows, {queries} queries",
                flush=True,
            )
            figures.append(under(f"issue list, {who}: {name}, p95", p95, "ms", GOAL_MS))
    return figures


if __name__ == "__main__":
    measured_on_seeded(run, __doc__, requests=100)
