"""The webhook: signed so that the reference implementation of Standard Webhooks and the page's own snippet verify it."""

from __future__ import annotations

import base64
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from monitor.alerts.channels import webhook
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel
from tests.monitor_site.deliveries.messages import letter
from tests.monitor_site.deliveries.receivers import Got, Receiver

RAW = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(RAW).decode()
PAGE = Path(__file__).resolve().parents[3] / "docs" / "monitor" / "channels.md"


def sent(receiver: Receiver, secret: str = SECRET, kind: Kind = Kind.FIRED) -> Got:
    channel = Channel(
        name="webhook",
        kind="webhook",
        url=f"{receiver.url}/in",
        credential=secret,
        allow_private_addresses=True,
    )
    assert webhook.send(webhook.draw(letter(kind)), channel, letter(kind)) == {"webhook_id": "msg_0123456789"}
    return receiver.got[-1]


def test_the_reference_implementation_verifies_it(receiver: Receiver) -> None:
    got = sent(receiver)
    body = Webhook(SECRET).verify(got.body, got.headers)
    assert body["type"] == "alert.fired"
    assert got.headers["idempotency-key"] == got.headers["webhook-id"] == "msg_0123456789"


def test_a_secret_that_is_no_base64_signs_as_it_stands(receiver: Receiver) -> None:
    got = sent(receiver, "a plain secret")
    Webhook(base64.b64encode(b"a plain secret").decode()).verify(got.body, got.headers)


def test_another_body_secret_id_or_time_is_refused(receiver: Receiver) -> None:
    got = sent(receiver)
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    for body, headers, secret in (
        (got.body + b" ", got.headers, SECRET),
        (got.body, got.headers | {"webhook-id": "msg_other"}, SECRET),
        (
            got.body,
            got.headers | {"webhook-timestamp": str(int(got.headers["webhook-timestamp"]) + 1)},
            SECRET,
        ),
        (got.body, got.headers, other),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_an_old_request_is_refused(receiver: Receiver) -> None:
    got = sent(receiver)
    old = datetime.now(UTC) - timedelta(minutes=6)
    signed = webhook.signed_headers("msg_0123456789", got.body, SECRET, old.timestamp())
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(SECRET).verify(got.body, signed)


def test_the_snippet_of_the_page_verifies_it(receiver: Receiver) -> None:
    """It is what people copy, so it is run as it stands."""
    snippet = re.search(r"```python\n(import base64.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert snippet, "docs/monitor/channels.md has no snippet that verifies a signature"
    space: dict[str, Any] = {}
    exec(compile(snippet[1], str(PAGE), "exec"), space)
    verify = space["verify"]
    got = sent(receiver)
    assert verify(got.headers, got.body, SECRET, now=time.time())
    assert not verify(got.headers, got.body + b" ", SECRET, now=time.time())
    assert not verify(got.headers, got.body, SECRET, now=time.time() + 301)
    assert not verify(got.headers, got.body, SECRET, now=time.time() - 301)
    assert not verify(got.headers | {"webhook-signature": "v1,AAAA"}, got.body, SECRET, now=time.time())
    assert not verify({}, got.body, SECRET, now=time.time())


def test_the_body_is_what_the_page_promises(receiver: Receiver) -> None:
    body = sent(receiver).json
    data = body["data"]
    assert set(body) == {"type", "timestamp", "data"}
    assert body["timestamp"] == "2027-01-15T08:00:00+00:00"
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in data if f'"{name}"' not in page] == []
    assert data["links"]["runbook"] == "https://monitor.example.org/alerts/runbooks/database/"
    assert data["details"] == {"value": 12.0, "threshold": 10}


def test_a_broken_secret_is_said_without_being_shown(receiver: Receiver) -> None:
    with pytest.raises(DeliveryError, match="no base64") as failed:
        sent(receiver, "whsec_!!not base64!!")
    assert "!!not" not in failed.value.problem
    assert receiver.got == []
