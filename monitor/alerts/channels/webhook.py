"""A signed webhook, as https://www.standardwebhooks.com says: HMAC-SHA256 over id, time and body.

The id is the same at each try, so that a receiver can tell what it has already; the time is that of the try, so that
an old request cannot be played again. docs/monitor/channels.md shows how to verify it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import Any

import orjson

from monitor.alerts.channels.letter import Letter
from monitor.alerts.channels.wording import plain
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.dispatch.outgoing import post
from strategy.model.alerting import Channel

_PREFIX = "whsec_"


def draw(letter: Letter) -> dict[str, Any]:
    """The body. Its keys are promised: new ones may come, none goes."""
    message = letter.message
    return {
        "type": f"alert.{message.kind.value}",
        "timestamp": datetime.fromtimestamp(message.at, UTC).isoformat(),
        "data": {
            "title": plain(message.title),
            "thread": message.thread,
            "severity": message.severity,
            "project": plain(message.project),
            "environment": plain(message.environment),
            "rule": message.rule,
            "text": plain(message.text),
            "facts": [{"name": plain(name), "value": plain(value)} for name, value in message.facts],
            "links": {link.name: link.url for link in message.links},
            "details": message.details,
            "roles": list(letter.roles),
        },
    }


def send(payload: dict[str, Any], channel: Channel, letter: Letter) -> dict[str, Any]:
    try:
        body = orjson.dumps(payload)
    except TypeError as error:
        raise DeliveryError(f"The message is no JSON: {error}", permanent=True) from error
    post(
        channel.url or "",
        body,
        timeout_s=channel.timeout_s,
        allow_private=channel.allow_private_addresses,
        headers=signed_headers(letter.key, body, channel.credential or "", time.time()),
    )
    return {"webhook_id": letter.key}


def signed_headers(key: str, body: bytes, secret: str, at: float) -> dict[str, str]:
    """`at` is seconds since 1970. Anything that the monitor calls with a signature uses this."""
    timestamp = str(int(at))
    return {
        "webhook-id": key,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature(secret, key, timestamp, body)}",
        "Idempotency-Key": key,
    }


def signature(secret: str, key: str, timestamp: str, body: bytes) -> str:
    """In base64. A secret that begins with `whsec_` is base64 behind it, any other is taken as it stands."""
    return base64.b64encode(
        hmac.new(_secret_bytes(secret), f"{key}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    ).decode()


def _secret_bytes(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise DeliveryError(
            "The webhook's secret begins with whsec_, and what follows is no base64.", permanent=True
        ) from error
