"""Takes feedback and user reports out of what was received."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from monitor.digest.collecting import Origin
from monitor.feedback.linking import link
from monitor.feedback.reading import Arrived, feedback_of, user_report_of
from monitor.feedback.storing import keep
from monitor.protocol import Item
from monitor.protocol.json_payload import load_object
from monitor.stats.outcomes import DIGESTED, DUPLICATE, Outcomes, count_outcomes


class FeedbackCollector:
    """After the room of issues, so that an event of the same batch is found."""

    item_types: ClassVar[frozenset[str]] = frozenset({"feedback", "user_report"})
    own_outcomes: ClassVar[bool] = True

    def __init__(self) -> None:
        self._arrived: list[Arrived] = []

    def take(self, item: Item, origin: Origin) -> None:
        """Raises ValueError, ProtocolError for what says nothing."""
        raw = load_object(item.payload)
        self._arrived.append((feedback_of if item.type == "feedback" else user_report_of)(raw, origin))

    def store(self) -> None:
        """See Collector."""
        outcomes: Outcomes = Counter()
        kept = []
        for one in self._arrived:
            feedback = keep(one)
            if feedback is not None:
                kept.append(feedback)
            outcome = DUPLICATE if feedback is None else DIGESTED
            outcomes[one.project_id, int(one.received // 60), outcome, "feedback", ""] += 1
        link(kept)
        count_outcomes(outcomes)

    def stored(self) -> None:
        """Nobody waits for it."""
