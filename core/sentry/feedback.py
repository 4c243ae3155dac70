"""What the user says on the error page, attached to the event: the SDK has no call for it.

The contact address is the one thing that is not scrubbed, since it was given to be answered. All else is.
"""

from __future__ import annotations

import datetime
import uuid

import sentry_sdk
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from core.sentry.filters import get_filters

MAX_MESSAGE_LENGTH = 4096
MAX_CONTACT_LENGTH = 254


def send_feedback(
    message: str,
    *,
    event_id: str | None = None,
    name: str | None = None,
    contact_email: str | None = None,
    url: str | None = None,
) -> str | None:
    """Send a user's words, linked to `event_id`. Returns the feedback's own id, or None when nothing is sent.

    Raises ValueError for an empty message or an `event_id` that is none.
    """
    words = message.strip()
    if not words:
        raise ValueError("The feedback is empty; write what you were doing when it happened.")
    client = sentry_sdk.get_client()
    if client.transport is None:
        return None
    scrub = get_filters().scrub
    feedback = {
        "message": scrub(words[:MAX_MESSAGE_LENGTH]),
        "name": scrub(name.strip()[:100]) if name else None,
        "contact_email": contact_email.strip()[:MAX_CONTACT_LENGTH] if contact_email else None,
        "url": scrub(url) if url else None,
        "associated_event_id": _event_id(event_id) if event_id else None,
        "source": "error_page",
    }
    feedback_id = uuid.uuid4().hex
    event = {
        "event_id": feedback_id,
        "timestamp": datetime.datetime.now(datetime.UTC).isoformat(),
        "platform": "python",
        "level": "info",
        "release": client.options["release"] or None,
        "environment": client.options["environment"],
        "contexts": {"feedback": {name: value for name, value in feedback.items() if value}},
    }
    envelope = Envelope(headers={"event_id": feedback_id})
    envelope.add_item(Item(payload=PayloadRef(json=event), type="feedback"))
    client.transport.capture_envelope(envelope)
    return feedback_id


def _event_id(text: str) -> str:
    try:
        return uuid.UUID(text).hex
    except ValueError:
        raise ValueError(f"{text!r} is no event id: it has 32 hexadecimal digits.") from None
