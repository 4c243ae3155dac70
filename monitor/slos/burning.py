"""Arithmetic of error budgets: what is left, and when it ends if things go on as they do. No database, no clock.

A budget is the share of a window's requests (uses, sessions, pages) that may go wrong; The Site Reliability Workbook,
chapters 2 and 5 (https://sre.google/workbook/alerting-on-slos/).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def budget_left(total: float, bad: float, budget: float) -> float | None:
    """The share of the budget that is left; below 0 when more went wrong than may. None when there was nothing."""
    return 1 - bad / (total * budget) if total else None


def burn_down(total: Sequence[float], bad: Sequence[float], budget: float) -> list[float | None]:
    """What was left after each step, of the budget that all steps together have: from 1 down to what is left now.
    Whole just before the first traffic, and None before that."""
    allowed = sum(total) * budget
    if not allowed:
        return [None] * len(total)
    began = next(place for place, number in enumerate(total) if number)
    spent = list(accumulate(bad))
    left = [None if place < began else 1 - gone / allowed for place, gone in enumerate(spent)]
    return [*left[: began - 1], 1.0, *left[began:]] if began else left


def steps_left(total: Sequence[float], bad: Sequence[float], budget: float, bad_share: float) -> float | None:
    """After how many steps the budget is used up when traffic goes on as on average, and this share of it goes wrong.

    The window slides: what went wrong in its oldest step is forgiven when that step leaves. So a pace that is allowed
    may still use it up, on top of what was spent before; and None, "it lasts", is said only after a whole window more.
    """
    began = next((place for place, number in enumerate(total) if number), len(total))
    known = len(total) - began
    if not known:
        return None
    mean = sum(total) / known
    before = budget_left(sum(total), sum(bad), budget)
    if before is None or before <= 0:
        return 0.0
    kept_total, kept_bad = sum(total), sum(bad)
    for step in range(1, len(total) + 1):
        kept_total += mean - total[step - 1]
        kept_bad += mean * bad_share - bad[step - 1]
        left = budget_left(kept_total, kept_bad, budget)
        if left is not None and left < -1e-9:
            return step - 1 + before / (before - left)
        before = max(left or 0.0, 0.0)
    return None
