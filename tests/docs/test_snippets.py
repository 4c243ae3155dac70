"""The Python that a reader copies out of the pages on `core/` runs as it is printed, imports included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sentry_sdk

from core.sentry.spool import SpoolTransport
from tests.docs import pages


def _run(page: str, number: int = 0, **given: Any) -> dict[str, Any]:
    """What the names of the page's block stand for afterwards; `given` are those that the reader has."""
    block = list(pages.blocks((pages.DOCS / page).read_text(encoding="utf-8"), "python"))[number]
    space = dict(given)
    exec(compile(block, page, "exec"), space)
    return space


def test_a_service_outside_answers() -> None:
    space = _run(
        "resilience.md",
        query="q",
        fetch=lambda query, timeout_s: (query, timeout_s <= 8),
        last_good=lambda *_: None,
    )
    assert space["answer"] == ("q", True)


def test_the_transport_and_the_status_of_the_spool(tmp_path: Path) -> None:
    with sentry_sdk.isolation_scope():
        before = sentry_sdk.get_global_scope().client
        try:
            _run("spool.md", dsn="http://key@127.0.0.1:9/1", BASE_DIR=tmp_path)
            client = sentry_sdk.get_client()
            assert isinstance(client.transport, SpoolTransport)
            client.close(timeout=0)
        finally:
            sentry_sdk.get_global_scope().set_client(before)
    assert _run("spool.md", 1, directory=tmp_path / "var" / "spool" / "sentry")["status"].total("captured") == {}
