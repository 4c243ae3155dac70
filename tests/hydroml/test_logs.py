"""Log lines as they are written: one JSON object each, with the ids, without what an address carries."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog
from celery.worker.consumer import consumer
from pytest_django.fixtures import Settings

from hydroml.logs import LOGGING
from tests.core.wire import WsgiClient


def structured(records: list[logging.LogRecord]) -> list[dict[str, Any]]:
    options = {name: value for name, value in LOGGING["formatters"]["structured"].items() if name != "()"}
    options["processors"] = [*options["processors"][:-1], structlog.processors.JSONRenderer()]
    formatter = structlog.stdlib.ProcessorFormatter(**options)
    return [json.loads(formatter.format(record)) for record in records]


@pytest.mark.parametrize(
    ("template", "arguments", "kept"),
    [
        (consumer.UNKNOWN_TASK_ERROR, ("'no.task'", "otter", "{'argsrepr': 'otter'}", {}), "'no.task'"),
        (consumer.INVALID_TASK_ERROR, ("no arguments", "otter"), "no arguments"),
        (consumer.UNKNOWN_FORMAT, ("otter",), "unknown message"),
        (
            consumer.MESSAGE_DECODE_ERROR,
            (ValueError("padding"), "json", "utf-8", "{'argsrepr': 'otter'}", "otter"),
            "padding",
        ),
    ],
)
def test_a_message_that_celery_cannot_use_is_told_without_what_is_in_it(
    caplog: pytest.LogCaptureFixture, template: str, arguments: tuple[Any, ...], kept: str
) -> None:
    consumer.logger.error(template, *arguments)
    (line,) = structured(caplog.records)
    assert kept in line["event"]
    assert "otter" not in str(line)


def test_a_line_tells_the_request_without_what_its_address_carries(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.core.failing_site"
    with caplog.at_level(logging.INFO):
        WsgiClient()("/fine?token=otter-1-otter&page=2", headers={"X-Request-ID": "request-0001"})
    lines = structured(caplog.records)
    assert {line["request"] for line in lines} == {"GET /fine?token=[Filtered]&page=2"}
    assert {line["request_id"] for line in lines} == {"request-0001"}
