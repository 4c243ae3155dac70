"""What events cost, where somebody has said what one costs (MONITOR_EVENT_COST): at a paid service, say."""

from __future__ import annotations

from django.conf import settings


def cost_of(events: float) -> float | None:
    """In MONITOR_EVENT_CURRENCY; None where no cost is set."""
    cost: float = settings.EVENT_COST
    return events * cost if cost else None


def money(amount: float | None) -> str:
    """`12.30 EUR`; a dash for nothing known."""
    return "–" if amount is None else f"{amount:,.2f} {settings.EVENT_CURRENCY}"


def cost_words(events: float) -> str:
    """As the end of a sentence, or nothing."""
    amount = cost_of(events)
    return "" if amount is None else f", which costs {money(amount)}"
