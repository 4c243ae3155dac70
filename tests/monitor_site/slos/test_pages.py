"""The pages of objectives: what they say, who sees what, and how often they ask the database."""

from __future__ import annotations

import time
from typing import Any

import pytest
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
