"""The pages of objectives: what they say, who sees what, and how often they ask the database."""

from __future__ import annotations

import time
from typing import Any

import pytest
import time_machine
from django.test import Client

from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.metrics.sending import item, metric
from tests.monitor_site.slos.conftest import Traffic


@pytest.fixture
def a_bad_day(traffic: Traffic, deliver: Delivery) -> float:
    now = time.time()
    traffic([(now - 3600 * hour - 120, 1000, 1 if hour < 3 else 0) for hour in range(1, 50)])
    deliver(
        {
            "message": "The rating curve is empty",
            "level": "error",
            "timestamp": now - 60,
            "environment": "production",
        }
    )
    return now


def test_the_list_says_each_objective_in_words(as_viewer: Client, a_bad_day: float) -> None:
    page = as_viewer.get("/slos/").content.decode()
    for slo in current_strategy().slos.values():
        assert slo.title in page
    assert "of 49,000 requests were answered" in page
    assert "There were no sessions in the last 30 d." in page


def test_one_with_its_rules_and_what_ate_it(as_viewer: Client, a_bad_day: float) -> None:
    page = as_viewer.get("/slos/availability/").content.decode()
    assert "An error budget burns 14 times too fast" in page
    assert "data/" in page
    assert "The rating curve is empty" in page
    assert "Burn-down" in page


def test_what_ate_a_budget_is_counted_again_where_it_leads(as_viewer: Client, deliver: Delivery) -> None:
    """Routes, features, tasks, releases and pages: so many bad ones of so many."""
    now = time.time()
    deliver(
        item(
            metric("requests", 7, now - 60, route="a/", status="500"),
            metric("requests", 90, now - 60, route="a/", status="200"),
            metric("requests", 5, now - 60, route="b/<int:pk>/", status="503"),
            *(
                metric("feature_uses", number, now - 60, feature=feature, outcome=outcome)
                for feature in current_strategy().features
                for outcome, number in (("ok", 50), ("failed", 4), ("refused", 9))
            ),
            metric("tasks", 3, now - 60, task="data_tools.tasks.process", outcome="failed"),
            metric("tasks", 2, now - 60, task="data_tools.tasks.process", outcome="ok"),
        ),
        ("sessions", {"aggregates": [{"started": now - 60, "exited": 90, "errored": 6, "crashed": 4}],
                      "attrs": {"release": "hydroml@1.0.0", "environment": "production"}}),
        *(_transaction(now - 60, length_s) for length_s in (0.01, 0.02, 30.0)),
    )  # fmt: skip
    kinds = set()
    with time_machine.travel(now, tick=False):
        for name in current_strategy().slos:
            page = as_viewer.get(f"/slos/{name}/").context
            assert page["eaters"], name
            for eater in (*page["eaters"], *page["tasks"]):
                behind = as_viewer.get(eater.url)
                assert behind.status_code == 200, eater.url
                assert _counted_again(behind.context) == (eater.bad, eater.total), (name, eater)
            kinds.add(page["eater_kind"])
    assert kinds == {"Route", "Feature", "Release", "Page"}


def _counted_again(page: Any) -> tuple[float, float]:
    """Bad ones and all of them, by the page that an eater leads to."""
    if "parts" in page:
        counted = {part.value: part.figure for part in page["parts"] if part.value != "refused"}
        bad = sum(number for value, number in counted.items() if value == "failed" or value[0] == "5")
        return bad, sum(counted.values())
    if "release" in page:
        return page["health"].sessions - page["health"].healthy, page["health"].sessions
    return page["sums"].count - page["sums"].quick, page["sums"].count


def _transaction(at: float, length_s: float) -> dict[str, Any]:
    trace = {
        "trace_id": f"{int(length_s * 100):032x}",
        "span_id": f"{int(length_s * 100):016x}",
        "op": "http.server",
    }
    return {
        "type": "transaction",
        "transaction": "/projects/",
        "environment": "production",
        "start_timestamp": at - length_s,
        "timestamp": at,
        "contexts": {"trace": trace},
    }


def test_every_measure_has_its_page(as_viewer: Client, deliver: Delivery) -> None:
    for name in current_strategy().slos:
        page = as_viewer.get(f"/slos/{name}/")
        assert page.status_code == 200
        assert "Nothing was counted yet" in page.content.decode()
    deliver(item(metric("tasks", 3, time.time() - 60, task="data_tools.tasks.process", outcome="failed")))
    deliver(item(metric("feature_uses", 3, time.time() - 60, feature="data", outcome="failed")))
    page = as_viewer.get("/slos/data_pipeline/").content.decode()
    assert "data_tools.tasks.process" in page
    assert "Data sources" in page
    assert as_viewer.get("/slos/nothing/").status_code == 404


def test_where_people_are_told_unless_the_address_says_otherwise(
    as_viewer: Client, deliver: Delivery, a_bad_day: float
) -> None:
    deliver(item(metric("requests", 7, time.time() - 60, route="a/", status="500", environment="staging")))

    def counted(query: str) -> Any:
        return as_viewer.get(f"/slos/availability/{query}").context["one"].counted.total

    assert counted("") == 49_000
    assert counted("?environment=") == 49_007
    assert counted("?environment=staging") == 7


def test_of_other_projects_nothing_is_counted(
    as_viewer: Client, deliver: Delivery, other_project: Project
) -> None:
    deliver(
        item(metric("requests", 7, time.time() - 60, route="secret/", status="500")), project=other_project
    )
    page = as_viewer.get("/slos/availability/").content.decode()
    assert "secret/" not in page
    assert "Nothing was counted yet" in page
    assert as_viewer.get("/slos/?project=other").status_code == 404


def test_how_often_the_database_is_asked(
    as_viewer: Client,
    a_bad_day: float,
    deliver: Delivery,
    traffic: Traffic,
    django_assert_max_num_queries: Any,
) -> None:
    """Statements past Django's cursors are not counted here; their number is that of windows and objectives."""
    for path in ("/slos/", "/slos/availability/", "/slos/user_errors/", "/slos/quick_pages/"):
        with django_assert_max_num_queries(40) as before:
            as_viewer.get(path)
        for number in range(5):
            deliver({"message": f"another {number}", "level": "error", "environment": "production"})
        traffic([(time.time() - 60 * minute - 60, 10, 1) for minute in range(30)])
        with django_assert_max_num_queries(len(before)):
            as_viewer.get(path)
