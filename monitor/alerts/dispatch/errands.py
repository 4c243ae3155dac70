"""One try, from a claimed row to its outcome. What touches the database is done before it, and after it; not here."""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

from monitor.alerts.channels import KINDS
from monitor.alerts.channels.letter import Letter
from monitor.alerts.dispatch.errors import DeliveryError, NotForThisChannelError
from monitor.alerts.dispatch.models import DeliveryAttempt
from monitor.alerts.dispatch.secrets import without_secrets
from strategy.model.alerting import Channel

logger = logging.getLogger(__name__)
Outcome = DeliveryAttempt.Outcome
_DETAIL_MAX = 500


@dataclass(frozen=True, slots=True)
class Errand:
    """A claimed notification, with everything that a thread needs which asks no database."""

    notification_id: int
    attempt_id: int
    channel: Channel
    letter: Letter
    to_outbox: bool
    """Nothing leaves the monitor: it is drawn, and kept where the demo shows it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the try went. Only one of them: `answer` of what was sent, `payload` of what was put into the outbox."""

    errand: Errand
    outcome: Outcome
    took_ms: int
    detail: str = ""
    is_final: bool = False
    """Of a failure: another try is not made."""
    retry_after_s: float | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] | None = None


def carry(errand: Errand) -> Ended:
    """Draw and send. Never raises."""
    started = time.monotonic()

    def ended(outcome: Outcome, detail: str = "", **more: Any) -> Ended:
        told = without_secrets(detail, errand.channel)[:_DETAIL_MAX]
        return Ended(errand, outcome, round((time.monotonic() - started) * 1000), told, **more)

    kind = KINDS[errand.channel.kind]
    try:
        payload = kind.draw(errand.letter)
        if errand.to_outbox:
            return ended(Outcome.SENT, payload=payload)
        return ended(Outcome.SENT, answer=kind.send(payload, errand.channel, errand.letter))
    except NotForThisChannelError as reason:
        return ended(Outcome.WITHDRAWN, str(reason))
    except DeliveryError as error:
        outcome = Outcome.THROTTLED if error.throttled else Outcome.FAILED
        return ended(outcome, error.problem, is_final=error.permanent, retry_after_s=error.retry_after_s)
    except Exception as error:
        # The boundary: whatever a channel or its library raises is this try's failure, and no one else's. The text may
        # hold an address with its secret, so the log gets it without, and the places where it happened.
        problem = without_secrets(f"{type(error).__name__}: {error}", errand.channel)
        places = "".join(traceback.format_tb(error.__traceback__))
        logger.error("Sending through %s failed unexpectedly: %s\n%s", errand.channel.name, problem, places)  # noqa: TRY400
        return ended(Outcome.FAILED, problem)
