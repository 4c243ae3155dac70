from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.core.wire import AsgiClient, WsgiClient


@pytest.fixture
def failing_site(settings: Settings) -> None:
    """The site whose views fail, without DEBUG."""
    settings.ROOT_URLCONF = "tests.core.failing_site"
    settings.DEBUG = False
    settings.ERROR_PAGES = {"SUPPORT_EMAIL": "help@hydroml.example", "SEARCH_URL": "projects:list"}


@pytest.fixture(params=[WsgiClient, AsgiClient], ids=["wsgi", "asgi"])
def call(request: pytest.FixtureRequest) -> Any:
    return request.param()
