"""Series, totals and what Prometheus reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from monitor.access import tokens
from monitor.access.models import User
from monitor.projects.models import Project
from monitor.stats.models import OutcomeCount
from tests.monitor_site.api.conftest import Caller, CallerOf, Full

NOW = int(time.time())


@pytest.fixture
def counted(project: Project, other_project: Project) -> Iterator[None]:
    hour = NOW // 3600 * 60

    def add(
        minute: int, outcome: str, category: str, reason: str, quantity: int, of: Project = project
    ) -> None:
        OutcomeCount.objects.create(
            project_id=of.pk,
            minute=minute,
            outcome=outcome,
            category=category,
            reason=reason,
            quantity=quantity,
        )

    add(hour, "accepted", "error", "", 7)
    add(hour - 60, "accepted", "error", "", 5)
    add(hour - 60, "accepted", "transaction", "", 100)
    add(hour - 60, "refused", "error", "rate_limited", 2)
    add(hour - 60, "refused", "default", "unknown_key", 1)
    add(hour - 60, "digested", "error", "", 5)
    add(hour - 60 * 30, "accepted", "error", "", 1000)
    add(hour - 60, "accepted", "error", "", 9, of=other_project)
    with time_machine.travel(NOW):
        yield


def test_the_series_that_is_published_works_as_published(counted: None, as_script: Caller) -> None:
    path = "projects/hydroml/hydroml/stats/"
    series = as_script.get(path, stat="received", since="1d", resolution="1h")
    assert len(series) in (24, 25)
    assert [times for _, times in series[-2:]] == [8, 7]
    assert sum(times for _, times in series) == 15
    assert all(moment % 3600 == 0 for moment, _ in series)
    rejected = as_script.get(path, stat="rejected", since=str(NOW - 86_400), until=str(NOW), resolution="1d")
    assert sum(times for _, times in rejected) == 3
    assert sum(times for _, times in as_script.get(path, stat="blacklisted")) == 0
    assert sum(times for _, times in as_script.get(path, since="3d", resolution="1d")) == 1015
    fine = as_script.get(path, since=datetime.fromtimestamp(NOW - 7200, UTC).isoformat(), resolution="10s")
    assert sum(times for _, times in fine) == 15
    assert fine[1][0] - fine[0][0] == 10


def test_outcomes_by_whatever_is_asked_for(counted: None, as_script: Caller) -> None:
    def totals(*by: str, **which: Any) -> dict[tuple[Any, ...], int]:
        found = as_script.get(
            "organizations/hydroml/stats_v2/",
            groupBy=list(by),
            field="sum(quantity)",
            statsPeriod="1d",
            **which,
        )
        assert all(
            len(group["series"]["sum(quantity)"]) == len(found["intervals"]) for group in found["groups"]
        )
        return {
            tuple(group["by"][name] for name in by): group["totals"]["sum(quantity)"]
            for group in found["groups"]
        }

    assert totals("outcome", project="hydroml", category="error") == {("accepted",): 12, ("rate_limited",): 2}
    assert totals("outcome", "reason", project="hydroml", outcome="invalid") == {
        ("invalid", "unknown_key"): 1
    }
    assert totals("project", category="error") != totals("project", category="error", outcome="accepted")
    assert totals(project="other") == {(): 9}


def test_the_summary_names_each_project(counted: None, as_script: Caller) -> None:
    found = as_script.get("organizations/hydroml/stats-summary/", statsPeriod="1d", category="error")
    by_slug = {one["slug"]: one["stats"] for one in found["projects"]}
    assert by_slug["other"] == [
        {"category": "error", "outcomes": {"accepted": 9}, "totals": {"sum(quantity)": 9}}
    ]
    assert by_slug["hydroml"][0]["totals"] == {"sum(quantity)": 14}


def test_what_nobody_may_see_is_not_counted(counted: None, caller_of: CallerOf, member: User) -> None:
    caller = caller_of(member)
    found = caller.get("organizations/hydroml/stats_v2/", groupBy="project", statsPeriod="1d")
    assert len(found["groups"]) == 1
    assert caller("GET", "organizations/hydroml/stats_v2/", project="other").status_code == 404


def _metrics(bearer: str) -> Any:
    return Client().get("/metrics", headers={"Authorization": f"Bearer {bearer}"} if bearer else {})


def test_prometheus_reads_what_was_sent_and_what_became_of_it(full: Full, admin: User) -> None:
    OutcomeCount.objects.create(
        project_id=0, minute=NOW // 60, outcome="refused", category="error", reason='odd"\n', quantity=3
    )
    response = _metrics(tokens.create(admin, "prometheus", ["metrics:read"])[1])
    assert response.status_code == 200
    families = {one.name: one for one in text_string_to_metric_families(response.content.decode())}
    samples = {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in families.values()
        for one in family.samples
    }
    assert samples["hydroml_monitor_digested_total", (("category", "error"),)] == 3
    assert samples["hydroml_monitor_refused_total", (("category", "error"), ("reason", 'odd"\n'))] == 3
    assert sum(one.value for one in families["hydroml_monitor_issues"].samples) == 2
    assert samples["hydroml_monitor_spool_segments", ()] == 0
    assert {one.labels["part"] for one in families["hydroml_monitor_size_bytes"].samples} == {
        "database", "payloads", "spool",
    }  # fmt: skip
    assert families["hydroml_monitor_refused"].type == "counter"
    assert families["hydroml_monitor_info"].samples[0].labels["organization"] == "hydroml"
    assert "HydroML" not in response.content.decode()


def test_what_was_before_the_month_counts_no_more(project: Project, admin: User) -> None:
    start = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    minute = int(start.timestamp()) // 60
    for place, quantity in ((minute - 60, 100), (minute, 4)):
        OutcomeCount.objects.create(
            project_id=project.pk, minute=place, outcome="accepted", category="error", quantity=quantity
        )
    text = _metrics(tokens.create(admin, "prometheus", ["metrics:read"])[1]).content.decode()
    assert 'hydroml_monitor_accepted_total{category="error"} 4.0' in text


def test_the_figures_need_a_token_with_their_scope(project: Project, admin: User, as_admin: Client) -> None:
    assert _metrics("").status_code == 401
    assert _metrics("sntryu_x").status_code == 401
    assert _metrics(tokens.create(admin, "x", ["org:read"])[1]).status_code == 403
    assert as_admin.get("/metrics").status_code == 401
