"""Which events of a flood keep their payload. Counts are exact whatever is decided here.

An issue keeps its first 100 of an hour, then one in 10 until there were 1,000, one in 100 until 10,000, and so on: 90 for
each further power of ten. And whatever the rate, one every five minutes, so that there is always a new one to look at.
"""

QUIET_S = 300.0


def keeps_payload(number: int, since_kept_s: float, *, first: int) -> bool:
    """`number`: events of the issue in this hour before this one; `first`: how many are kept without a question."""
    if number < first or abs(since_kept_s) >= QUIET_S:
        return True
    step = 10
    while number >= first * step:
        step *= 10
    return number % step == 0
