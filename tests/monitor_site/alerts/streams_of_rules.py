"""For every rule of strategy.toml a stream on which it fires, with the second, and streams just below which it must not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

START = 1_800_000_000
MINUTE, HOUR, DAY = 60, 3600, 86400
Entry = dict[str, Any]
Stream = list[Entry]


@dataclass(frozen=True)
class Rehearsal:
    firing: Stream
    after_s: int
    """From START to the second at which it fires."""
    just_below: tuple[Stream, ...]


def events(
    number: int, last_s: int, category: str = "programming", severity: str = "P3", **more: Any
) -> Stream:
    """So many, the first at START and the last `last_s` after it, evenly between."""
    steps = max(number - 1, 1)
    return [
        event(0 if number == 1 else index * last_s // steps, category=category, severity=severity, **more)
        for index in range(number)
    ]


def event(after_s: float, **more: Any) -> Entry:
    about = {"category": "programming", "severity": "P3", "issue": 1} | more
    return {"kind": "event", "time": START + after_s} | about


def of(kind: str, after_s: float = 0, **more: Any) -> Entry:
    return {"kind": kind, "time": START + after_s} | more


def counted(number: int, window_s: int, **about: Any) -> Rehearsal:
    """`number` within the window; not when one is missing, nor when the last comes as the first one leaves."""
    late = [*events(number, window_s - 1, **about)[:-1], event(window_s, **about)]
    if number == 1:
        return Rehearsal([event(0, **about)], 0, ([event(0, category="validation", severity="P4")],))
    return Rehearsal(
        events(number, window_s - 1, **about), window_s - 1, (events(number - 1, window_s - 1, **about), late)
    )


def rate(window_s: int, total: int, bad: int) -> Rehearsal:
    """The share is reached by two sums at the two ends of the window."""
    ends = [
        of("requests", 0, total=total // 2, bad=bad),
        of("requests", window_s - 1, total=total - total // 2),
    ]
    one_less = [of("requests", 0, total=total // 2, bad=bad - 1), ends[1]]
    parted = [ends[0] | {"total": total // 2}, ends[1] | {"time": START + window_s}]
    return Rehearsal(ends, window_s - 1, (one_less, parted))


def shares(kind: str, bad: int, of_total: int, minimum: int, **about: Any) -> Rehearsal:
    """`bad` of a total are just enough, one fewer are not, and below the minimum nothing is."""
    return Rehearsal(
        [of(kind, total=of_total, bad=bad, **about)],
        0,
        (
            [of(kind, total=of_total, bad=bad - 1, **about)],
            [of(kind, total=minimum - 1, bad=minimum - 1, **about)],
        ),
    )


def burn(bad: int) -> Rehearsal:
    """Of 10,000 requests; 10 are the pace that just lasts."""
    return Rehearsal(
        [of("requests", total=10_000, bad=bad)], 0, ([of("requests", total=10_000, bad=bad - 1)],)
    )


def deployed(after_s: int) -> Stream:
    return [of("deploy", after_s, release="2.0"), *events(11, 59, release="2.0")]


REHEARSALS = {
    "any-p0": counted(1, MINUTE, category="configuration", severity="P0"),
    "server-errors-half": shares("requests", 11, 20, 20),
    "database": counted(1, MINUTE, category="database", severity="P0"),
    "authentication": counted(1, MINUTE, category="authentication", severity="P0"),
    "data-loss": counted(1, MINUTE, category="data_loss", severity="P0"),
    "security": Rehearsal(
        [event(0, category="security", severity="P0")], 0, ([event(0, category="security", severity="P3")],)
    ),
    "main-feature-down": shares("uses", 95, 100, 10, name="projects"),
    "outside-service-down": shares("uses", 95, 100, 10, name="weather"),
    "application-down": Rehearsal(
        [of("probe", 0, name="/livez", bad=1), of("probe", 15, name="/livez", bad=1)],
        15,
        (
            [of("probe", 15 * number, name="/livez", bad=bad) for number, bad in enumerate((1, 0, 1))],
            [of("probe", 0, name="/livez", bad=1), of("probe", 15, name="/readyz", bad=1)],
        ),
    ),
    "critical-errors": counted(10, 5 * MINUTE, severity="P1"),
    "error-rate-5": rate(5 * MINUTE, 100, 5),
    "error-rate-2": rate(15 * MINUTE, 100, 2),
    "error-rate-1": rate(10 * MINUTE, 100, 1),
    "errors-over-10-a-minute": counted(11, MINUTE),
    "errors-50-in-5-minutes": counted(50, 5 * MINUTE),
    "issue-600-an-hour": Rehearsal(
        events(600, HOUR - 1),
        HOUR - 1,
        (
            events(599, HOUR - 1),
            [*events(599, HOUR - 1), event(HOUR - 1, issue=2)],
            [*events(600, HOUR - 1)[:-1], event(HOUR)],
        ),
    ),
    "new-issue": Rehearsal(
        [event(0, new=True, severity="P2")],
        0,
        ([event(0, new=True, severity="P3")], [event(0, severity="P2")]),
    ),
    "regression": Rehearsal([event(0, regressed=True)], 0, ([event(0, new=True)],)),
    "new-release-errors": Rehearsal(
        deployed(0),
        59,
        (deployed(0)[:-1], deployed(0)[1:], deployed(-DAY)),
    ),
    "crash-free-sessions": shares("sessions", 3, 200, 200),
    "ml-processing": counted(5, 10 * MINUTE, category="ml_processing"),
    "content": counted(5, HOUR, category="file"),
    "cache": counted(10, HOUR, category="cache"),
    "queue": counted(5, 10 * MINUTE, category="queue"),
    "outside-services": counted(10, 10 * MINUTE, category="timeout"),
    "configuration": counted(1, 5 * MINUTE, category="resources"),
    "failed-logins": Rehearsal(
        [of("counter", 0, name="failed_logins", value=5), of("counter", 59, name="failed_logins", value=1)],
        59,
        (
            [of("counter", 0, name="failed_logins", value=5)],
            [
                of("counter", 0, name="failed_logins", value=5),
                of("counter", 60, name="failed_logins", value=1),
            ],
            [of("counter", 0, name="page_views", value=6)],
        ),
    ),
    "slow-transactions": Rehearsal(
        [
            of("durations", 0, name="a", durations=[[5.001, 9]]),
            of("durations", 299, name="b", durations=[[6, 1]]),
        ],
        299,
        (
            [of("durations", 0, name="a", durations=[[5.001, 9], [5.0, 3]])],
            [
                of("durations", 0, name="a", durations=[[6, 9]]),
                of("durations", 300, name="b", durations=[[6, 1]]),
            ],
        ),
    ),
    "latency-p95": Rehearsal(
        [of("durations", 0, name="a", durations=[[0.2, 94], [1.03, 6]])],
        0,
        (
            [of("durations", 0, name="a", durations=[[0.2, 95], [1.03, 5]])],
            [of("durations", 0, name="a", durations=[[0.97, 100]])],
            [of("durations", 0, name="a", durations=[[1.03, 49]])],
        ),
    ),
    "latency-growth": Rehearsal(
        [
            of("durations", after_s, name="a", durations=[[seconds, 100]])
            for after_s, seconds in ((0, 0.2), (1800, 0.31))
        ],
        1800,
        (
            [
                of("durations", after_s, name="a", durations=[[seconds, 100]])
                for after_s, seconds in ((0, 0.2), (1800, 0.29))
            ],
            [
                of("durations", 0, name="a", durations=[[0.2, 99]]),
                of("durations", 1800, name="a", durations=[[0.31, 100]]),
            ],
            # The time it is compared with is out of reach.
            [
                of("durations", 0, name="a", durations=[[0.2, 100]]),
                of("durations", 7 * DAY + 1800, name="a", durations=[[0.31, 100]]),
            ],
        ),
    ),
    "missed-check-in": Rehearsal(
        [of("check_in", name="reap", bad=1)], 0, ([of("check_in", name="reap", bad=0)],)
    ),
    "queue-age": Rehearsal(
        [of("gauge", name="queue_age_s", value=600.5)],
        0,
        ([of("gauge", name="queue_age_s", value=600)], [of("gauge", name="queue_length", value=601)]),
    ),
    "cache-hit-ratio": shares("ratio", 41, 200, 200, name="cache_hit_ratio"),
    "events-lost": Rehearsal(
        [of("counter", name="events_lost", value=1)], 0, ([of("counter", name="events_lost", value=0)],)
    ),
    "budget-fast": burn(144),
    "budget-steady": burn(60),
    "budget-slow": burn(11),
}
