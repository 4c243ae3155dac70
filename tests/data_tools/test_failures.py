"""What a failing page of a data source tells its user and its developers."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from data_tools.models import DataSource
from tests.core.wire import reporting

pytestmark = pytest.mark.django_db


def test_a_plot_whose_file_is_gone_answers_json_with_the_id_that_the_event_carries(
    owner_client: Client, ready: DataSource
) -> None:
    (settings.DATA_ROOT / ready.parquet_path).unlink()
    with reporting() as sent:
        answer = owner_client.get(reverse("data:plot", args=[ready.id]))
    assert answer.status_code == 500
    said = answer.json()
    assert said["success"] is False
    (event,) = sent.errors
    assert event["tags"]["error_id"] == said["error_id"] == answer.headers["X-Error-Id"]
    assert event["tags"]["route"] == "data/<uuid:source_id>/plot.json"
    assert event["contexts"]["ids"] == {"datasource_id": str(ready.id)}
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is True


def test_what_the_user_did_is_a_breadcrumb_of_what_fails_after_it(
    owner_client: Client, ready: DataSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> str:
        raise RuntimeError("no address")

    monkeypatch.setattr(DataSource, "get_absolute_url", refuses)
    with reporting() as sent, pytest.raises(RuntimeError):
        owner_client.post(reverse("data:rename", args=[ready.id]), {"name": "Otter creek"})
    (event,) = sent.errors
    steps = [crumb for crumb in event["breadcrumbs"]["values"] if crumb["category"] == "user"]
    assert steps[-1]["message"] == "data source renamed"
    assert steps[-1]["data"]["project_id"] == str(ready.project_id)
    assert "Otter creek" not in str(steps)
