"""When something was received, by a clock that may have jumped by decades: 1970 without a battery, 2100 by a typing error.

What is stored under such a time would be forgotten at once, or never. So a time that cannot be is replaced by the last
one that could; a clock that is wrong by less than a few years is believed.
"""

EARLIEST = 1_735_689_600.0
"""The beginning of 2025: before that there was no monitor."""
LONGEST_SILENCE_S = 5 * 365 * 86400.0
"""A monitor that has received nothing for longer, and then does, takes its first event for one of the past."""


class ReceivedTimes:
    """Seconds since 1970. `last` is the latest time believed so far, 0 when there was none."""

    def __init__(self, last: float) -> None:
        self.last = last

    def believable(self, received: float) -> float:
        """`received`, or what stands for it."""
        if received < EARLIEST or (self.last and received > self.last + LONGEST_SILENCE_S):
            return self.last or EARLIEST
        self.last = max(self.last, received)
        return received
