"""The room's pages in Chromium: they fit, they say nothing on the console, and work without JavaScript."""

from __future__ import annotations

import random
import time

import pytest
from playwright.sync_api import expect

from monitor.performance.models import TransactionGroup, TransactionSample
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.in_browser import Opened, check_fit
from tests.monitor_site.metrics.sending import item, metric
from tests.monitor_site.performance.traced import Json, span, transaction

pytestmark = pytest.mark.browser
ROUTES = ("projects/", "projects/<uuid:project_id>/", "experiments/<uuid:experiment_id>/results/")


def _request(dice: random.Random, at: float, route: str) -> Json:
    lasts = dice.lognormvariate(5, 0.6)
    reads = [span("db", 4 + n, 5 + n, f"SELECT * FROM stations WHERE river_id = {n}") for n in range(6)]
    sql = 'SELECT "projects_project"."id", "projects_project"."name" FROM "projects_project" WHERE "owner_id" = 7'
    return transaction(
        *reads,
        span("db", 12, lasts * 0.5, sql),
        span("db.redis", lasts * 0.5, lasts * 0.55, "GET"),
        span("http.client", lasts * 0.55, lasts * 0.7, "GET https://api.weather.example/v1/forecast"),
        span("template.render", lasts * 0.7, lasts * 0.95, "projects/detail.html"),
        at=at,
        lasts_ms=max(lasts, 30),
        name="/" + route.replace("<uuid:", "{").replace(">", "}"),
        status=dice.choice(["ok"] * 30 + ["internal_error"]),
    )


@pytest.fixture
def traffic(deliver: Delivery) -> None:
    """A day of it, the same in each run."""
    dice, now = random.Random(7), time.time()
    times = [now - 86_000 * n / 150 - 30 for n in range(150)]
    deliver(*(_request(dice, at, dice.choice(ROUTES)) for at in times))
    task = {"name": "experiments.tasks.run_experiment", "op": "queue.task.celery"}
    deliver(*(transaction(at=at, lasts_ms=dice.uniform(900, 9000), **task) for at in times[:20]))
    counted = [
        metric("requests", dice.randint(20, 60), at, route=route, status=status)
        for at in times
        for route in ROUTES
        for status in dice.choices(["200", "404", "500"], [80, 10, 1])
    ]
    trained = [
        metric("training_time", dice.uniform(1, 40), at, kind="distribution", unit="second", model=model)
        for at in times
        for model in ("forest", "ridge")
    ]
    aged = [
        metric(
            "queue_age", dice.uniform(0, 9), at, kind="gauge", unit="second", host="worker-7d9fbb6c5d-x2x9k"
        )
        for at in times
    ]
    deliver(item(*counted), item(*trained, *aged))


def _addresses() -> dict[str, str]:
    group = TransactionGroup.objects.filter(is_task=False).order_by("name")[1]
    sample = TransactionSample.objects.filter(group=group).order_by("-duration_ms")[0]
    return {
        "overview": "/performance/",
        "tasks": "/performance/?tab=tasks",
        "transaction": f"/performance/transactions/{group.pk}/",
        "sample": f"/performance/samples/{sample.pk}/",
        "queries": "/performance/queries/",
        "metrics": "/performance/metrics/",
        "counter": "/performance/metrics/requests/?by=status",
        "distribution": "/performance/metrics/training_time/",
        "gauge": "/performance/metrics/queue_age/?by=host",
    }


@pytest.mark.usefixtures("traffic")
def test_no_page_is_wider_than_the_window(opened: Opened) -> None:
    check_fit(opened("/performance/"), _addresses().values())


@pytest.mark.usefixtures("traffic")
def test_keys_lead_from_the_list_to_a_transaction_and_on_to_a_sample(opened: Opened) -> None:
    page = opened("/performance/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Where the time goes")).to_be_visible()
    page.locator("section", has=page.get_by_role("heading", name="Slowest")).locator(".list a").first.click()
    expect(page.get_by_role("heading", name="Spans")).to_be_visible()
    expect(page.locator(".waterfall-bar").first).to_be_visible()
    widths = page.locator(".waterfall-bar rect:not(.ground)").evaluate_all(
        "bars => bars.map(bar => bar.getBoundingClientRect().width)"
    )
    assert len(widths) == 10
    assert all(width > 0 for width in widths)


@pytest.mark.usefixtures("traffic")
def test_lists_are_sorted_and_narrowed_without_javascript(opened: Opened) -> None:
    page = opened("/performance/", java_script_enabled=False)
    page.get_by_label("Sort").select_option("name")
    page.get_by_label("Search transactions").fill("results")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Metrics").click()
    page.get_by_role("link", name="requests", exact=True).click()
    expect(page.get_by_role("heading", name="By route")).to_be_visible()
