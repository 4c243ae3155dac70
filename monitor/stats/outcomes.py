"""What became of what was sent: the names of outcomes, and the one way to count them. Read by the system page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from monitor.digest.sql import database

ACCEPTED = "accepted"
"""Answered with 200, and in the spool."""
REFUSED = "refused"
"""Not taken, for `reason`."""
DIGESTED = "digested"
"""Stored."""
SAMPLED = "sampled"
"""Counted; a flood has left its payload out."""
DUPLICATE = "duplicate"
"""Came again, and was counted before."""
POISON = "poison"
"""Could not be digested for `reason`, and was set aside."""
NOT_KEPT = "not_kept"
"""Read and counted, and nobody here keeps it: `reason` says what it was."""
CLIENT_DISCARD = "client_discard"
"""What a client says that it dropped itself, for its `reason`."""

OutcomeKey = tuple[int, int, str, str, str]
"""Project (0: none that is known), minutes since 1970, outcome, data category, reason."""
Outcomes = Counter[OutcomeKey]

_WORD = re.compile(r"[a-z0-9_.:-]+")
_ADD = (
    "INSERT INTO stats_outcomecount (project_id, minute, outcome, category, reason, quantity)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (project_id, minute, outcome, category, reason)"
    " DO UPDATE SET quantity = quantity + excluded.quantity"
)


def word(text: object, longest: int) -> str:
    """As a column may hold it: senders choose these words, and a column must not become their diary."""
    lower = text.lower()[:longest] if isinstance(text, str) else ""
    return lower if _WORD.fullmatch(lower) else "other"


def count_outcomes(outcomes: Mapping[OutcomeKey, int]) -> None:
    """In the transaction that stores what they tell of."""
    rows = [(*key, quantity) for key, quantity in sorted(outcomes.items()) if quantity > 0]
    database().executemany(_ADD, rows)
