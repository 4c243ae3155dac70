"""What rules look at besides events: sums by the minute, figures, check-ins, probes, deploys, each as one small value."""

from __future__ import annotations

from dataclasses import dataclass, replace

COUNTER = "counter"
GAUGE = "gauge"
RATIO = "ratio"
REQUESTS = "requests"
USES = "uses"
DURATIONS = "durations"
SESSIONS = "sessions"
CHECK_IN = "check_in"
PROBE = "probe"
DEPLOY = "deploy"
KINDS = (COUNTER, GAUGE, RATIO, REQUESTS, USES, DURATIONS, SESSIONS, CHECK_IN, PROBE, DEPLOY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One thing measured. Times are seconds since 1970; a sum over a minute stands at the minute's start."""

    kind: str
    time: float
    received: float
    environment: str
    project_id: int = 1
    release: str = ""
    name: str = ""
    """Of the counter, gauge or ratio; the route or task of requests and durations; the feature of uses; the job of a
    check-in; the path of a probe."""
    value: float = 0.0
    """What a counter rose by, or the gauge's figure."""
    total: int = 0
    """Requests, uses, sessions, or look-ups of a ratio."""
    bad: int = 0
    """Those answered with 5xx, that failed, that crashed, that missed. Of a check-in or probe: 1 when it did not come
    or was no good answer, else 0."""
    errored: int = 0
    """Sessions that met an error of ours, crashed or not."""
    durations: tuple[tuple[float, int], ...] = ()
    """Seconds, and how many took so long."""
    route: str = ""
    """What a counter is told apart by (`per`), where its sender says."""
    user: str = ""
    client: str = ""

    def plus(self, other: Measurement) -> Measurement:
        """Both as one: sums of the same thing and time."""
        return replace(
            self,
            received=max(self.received, other.received),
            value=self.value + other.value,
            total=self.total + other.total,
            bad=self.bad + other.bad,
            errored=self.errored + other.errored,
        )
