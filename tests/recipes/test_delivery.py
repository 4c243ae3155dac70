"""An event id is no receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sentry_sdk

from core.sentry import send_feedback
from tests.recipes.process import in_a_process
from tests.recipes.stage import DSN, ours, plain, set_up


def _while_the_host_is_away(spool: Path | None) -> tuple[bool, int | None]:
    """Whether capturing gave an id, and how many envelopes there still are once the SDK has given up."""
    if spool is None:
        sentry_sdk.init(dsn=DSN, transport=None)
    else:
        from core.sentry.spool import make_spool_transport

        set_up()
        sentry_sdk.get_client().close(timeout=0)
        options: dict[str, Any] = {"dsn": DSN, "transport": make_spool_transport(spool)}
        sentry_sdk.init(**options)
    event_id = sentry_sdk.capture_message("hello", level="error")
    sentry_sdk.get_client().close(timeout=2.0)
    return event_id is not None, len(list(spool.rglob("*.envelope"))) if spool else None


def test_what_is_captured_while_the_host_is_away_is_gone(tmp_path: Path) -> None:
    given, _ = in_a_process(_while_the_host_is_away, None)
    assert given, "the caller is told an id all the same, and nothing is kept anywhere"
    assert in_a_process(_while_the_host_is_away, tmp_path) == (True, 1)


def _feedback(is_ours: bool) -> tuple[list[str], int]:
    transport = ours() if is_ours else plain()
    if is_ours:
        send_feedback("It broke when I saved.")
    else:
        feedback: Any = {"type": "feedback", "contexts": {"feedback": {"message": "It broke when I saved."}}}
        sentry_sdk.capture_event(feedback)
    kinds = [item.headers["type"] for envelope in transport.envelopes for item in envelope.items]
    return kinds, len(transport.errors)


def test_feedback_given_to_capture_event_is_sent_as_an_error() -> None:
    assert in_a_process(_feedback, False) == (["event"], 1)
    assert in_a_process(_feedback, True) == (["feedback"], 0)
