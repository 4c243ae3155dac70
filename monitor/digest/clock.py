"""What the worker does by the clock, beside the batches: the one list of it.

Each job runs in the worker's second thread, one after the other, in no transaction; it must be quick (under a second,
or in steps), may be late, and must not fall over having run twice or not at all for an hour.
"""

from collections.abc import Callable
from dataclasses import dataclass

from monitor.crons import clock as crons_clock
from monitor.feedback import linking as feedback_linking
from monitor.feedback import storing as feedback_storing
from monitor.releases import keeping as releases_keeping


@dataclass(frozen=True, slots=True)
class ClockJob:
    """`run` gets the time, in seconds since 1970, so that tests need no waiting."""

    name: str
    every_s: float
    run: Callable[[float], None]


JOBS: tuple[ClockJob, ...] = (
    # One a line: each room adds its own.
    ClockJob("releases.forget_old", 3600, releases_keeping.forget_old),
    ClockJob("crons.judge", crons_clock.JUDGE_EVERY_S, crons_clock.judge),
    ClockJob("crons.forget_old", 3600, crons_clock.forget_old),
    ClockJob("feedback.link_waiting", 60, feedback_linking.link_waiting),
    ClockJob("feedback.forget_old", 3600, feedback_storing.forget_old),
)
