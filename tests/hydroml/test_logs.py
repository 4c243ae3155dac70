"""Log lines as they are written: one JSON object each, with the ids, without what an address carries."""

from __future__ import annotations

import json
import logging

import pytest
import structlog
from pytest_django.fixtures import Settings

from hydroml.logs import LOGGING
from tests.core.wire import WsgiClient


def test_a_line_tells_the_request_without_what_its_address_carries(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.core.failing_site"
    options = {name: value for name, value in LOGGING["formatters"]["structured"].items() if name != "()"}
    options["processors"] = [*options["processors"][:-1], structlog.processors.JSONRenderer()]
    formatter = structlog.stdlib.ProcessorFormatter(**options)
    with caplog.at_level(logging.INFO):
        WsgiClient()("/fine?token=otter-1-otter&page=2", headers={"X-Request-ID": "request-0001"})
    lines = [json.loads(formatter.format(record)) for record in caplog.records]
    assert {line["request"] for line in lines} == {"GET /fine?token=[Filtered]&page=2"}
    assert {line["request_id"] for line in lines} == {"request-0001"}
