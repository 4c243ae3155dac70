"""What is measured is sent, with what it was and how it ended."""

from __future__ import annotations

from typing import Any

import pytest
import sentry_sdk

from core.errors import UserInputError
from core.sentry.measures import gauge, measure, timed
from tests.core.wire import MemoryTransport, reporting


def _sent(transport: MemoryTransport) -> list[dict[str, Any]]:
    sentry_sdk.flush()
    return [metric for item in transport.items("trace_metric") for metric in item["items"]]


def test_figures_are_sent_with_their_unit_and_labels() -> None:
    with reporting(SENTRY_TRACES_SAMPLE_RATE="0") as transport:
        gauge("queue_age_s", 12.5, unit="second", queue="training")
        measure("upload_size", 900, unit="byte")
        found = _sent(transport)
    assert [(one["name"], one["type"], one["value"], one["unit"]) for one in found] == [
        ("queue_age_s", "gauge", 12.5, "second"),
        ("upload_size", "distribution", 900, "byte"),
    ]
    assert found[0]["attributes"]["queue"]["value"] == "training"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, "ok"), (UserInputError("A column is missing."), "refused"), (RuntimeError("broken"), "failed")],
)
def test_what_is_timed_says_how_it_ended_and_raises_what_was_raised(
    error: Exception | None, outcome: str
) -> None:
    with reporting(SENTRY_TRACES_SAMPLE_RATE="0") as transport:
        if error is None:
            with timed("training_time_s", kind="trial"):
                pass
        else:
            with pytest.raises(type(error)), timed("training_time_s", kind="trial"):
                raise error
        [found] = _sent(transport)
    assert (found["name"], found["type"], found["unit"]) == ("training_time_s", "distribution", "second")
    assert found["value"] >= 0
    labels = {key: found["attributes"][key]["value"] for key in ("kind", "outcome")}
    assert labels == {"kind": "trial", "outcome": outcome}


def test_without_a_dsn_nothing_is_measured_and_nothing_fails() -> None:
    gauge("a", 1)
    with timed("b"):
        pass
