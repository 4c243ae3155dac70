"""What is promised, and what it is measured by."""

from collections.abc import Iterator

from strategy.kinds import Choice, Flag, Name, Text, Written
from strategy.problems import Misfit
from strategy.quantities import Duration as Length
from strategy.quantities import Latency, Share, Whole
from strategy.schema import Listed, Mapped, key, section


@section
class Feature:
    """Something that users do, with the routes and tasks that do it: the denominators of rates and objectives."""

    name: str
    title: str = key("What users call it.", Text())
    routes: tuple[str, ...] = key(
        "URL names (app:name) whose requests count; app:* is all of an app.",
        Listed(Written(r"[\w-]+(:[\w-]+)*(:\*)?", "a URL's name, as in projects:detail or projects:*")),
        default=(),
    )
    tasks: tuple[str, ...] = key(
        "Celery tasks that count, by full name.",
        Listed(Written(r"[\w.]+(\.\*)?", "a task's full name, or data_tools.tasks.*")),
        default=(),
    )
    critical: bool = key("Whether the application is useless without it.", Flag(), default=False)

    def misfits(self, written: set[str]) -> Iterator[Misfit]:
        """A feature that nothing does cannot be counted."""
        if not self.routes and not self.tasks:
            yield Misfit(
                "title", "The feature has neither routes nor tasks.", "Name what users call when they use it."
            )


@section
class Slo:
    """A service-level objective; what it leaves open is the error budget."""

    name: str
    title: str = key("What it promises, in words.", Text())
    measures: str = key(
        "What is good: a request not answered with 5xx; a use of a feature that succeeds; a session without our errors; "
        "a request answered within `latency`.",
        Choice(("availability", "feature_success", "error_free_sessions", "latency")),
    )
    goal: float = key("The share of good ones.", Share())
    window_s: int = key("Over which it is counted.", Length(), name="window", default=30 * 86400)
    features: tuple[str, ...] = key(
        "Only these; without it all traffic.", Listed(Name("features")), default=()
    )
    latency_s: float | None = key("What is quick enough.", Latency(), name="latency", default=None)

    @property
    def error_budget(self) -> float:
        """The share that may be bad."""
        return round(1 - self.goal, 10)

    def misfits(self, written: set[str]) -> Iterator[Misfit]:
        """What the measure needs, and a goal that leaves room."""
        if self.measures == "latency" and self.latency_s is None:
            yield Misfit(
                "measures",
                "An objective of latency needs latency.",
                'Say what is quick enough: latency = "1s".',
            )
        if self.measures == "feature_success" and not self.features:
            yield Misfit(
                "measures",
                "An objective of feature_success needs features.",
                "Name them, as [features] has them.",
            )
        if not 0.5 <= self.goal < 1:
            hint = 'A goal of 100 % leaves no budget and alerts on the first error: write "99.9%".'
            yield Misfit("goal", f"The goal {self.goal:.10g} is not between 50 % and below 100 %.", hint)


@section
class Goals:
    """How good our own handling is to be; the figures are computed from incidents."""

    detect_s: int = key("From first event to alert, mean (MTTD).", Length(), name="detect", default=120)
    acknowledge_s: int = key(
        "From alert to somebody dealing with it, mean (MTTA).", Length(), name="acknowledge", default=300
    )
    resolve_s: int = key("From start to solved, mean of all (MTTR).", Length(), name="resolve", default=1800)
    resolve_by_severity_s: dict[str, int] = key(
        "The same for each severity.",
        Mapped(Length(), keys="severities"),
        name="resolve_by_severity",
        default_factory=dict,
    )
    resolved_in_time: float = key(
        "Share of incidents solved within their severity's time.", Share(), default=0.95
    )
    recurrence: float = key("Share of incidents that come back, at most.", Share(), default=0.05)
    coverage: float = key("Share of events that have a category, at least.", Share(), default=0.95)
    false_positives: float = key("Share of alerts that were of no use, at most.", Share(), default=0.05)


@section
class Rollback:
    """When a new release is to be taken back. Once for each release, with the proof in the incident."""

    enabled: bool = key("Whether releases are watched.", Flag(), default=True)
    mode: str = key(
        "Only say what would be done; ask a person; or do it.",
        Choice(("dry_run", "confirm", "automatic")),
        default="dry_run",
    )
    watch_s: int = key("How long after a deploy.", Length(), name="watch", default=3600)
    window_s: int = key("The time that is looked at.", Length(), name="window", default=600)
    error_rate: float = key("Requests answered with 5xx, at most.", Share(), default=0.05)
    crash_free: float = key("Sessions without a crash, at least.", Share(), default=0.99)
    minimum: int = key(
        "Requests or sessions without which nothing is concluded.", Whole(1, 10_000_000), default=200
    )
    confirmed_by: tuple[str, ...] = key("Who may confirm.", Listed(Name("roles")), default=())
    command: tuple[str, ...] = key(
        "A local command, with its arguments; no shell.", Listed(Text()), default=()
    )
    url: str | None = key("A webhook.", Text(), secret=True, default=None)
    credential: str | None = key("What its calls are signed with.", Text(), secret=True, default=None)
    allow_private_addresses: bool = key(
        "Whether the webhook may be inside our own network.", Flag(), default=False
    )
    from_env: dict[str, str] = key(
        "Keys that an environment variable sets.",
        Mapped(Written(r"[A-Z][A-Z0-9_]*", "the name of an environment variable")),
        default_factory=dict,
    )


@section
class Probes:
    """The monitor asks the application how it is, and tells somebody else that it is alive itself."""

    paths: tuple[str, ...] = key(
        "What is asked.",
        Listed(Written(r"/.*", "a path from /")),
        default=(
            "/livez",
            "/readyz",
        ),
    )
    every_s: int = key("How often.", Length(), name="every", default=15)
    timeout_s: int = key("Longest wait.", Length(), name="timeout", default=5)
    heartbeat_every_s: int = key(
        "How often the monitor calls its own watcher.", Length(), name="heartbeat_every", default=60
    )
    heartbeat_url: str | None = key("The address of that watcher.", Text(), secret=True, default=None)
    from_env: dict[str, str] = key(
        "Keys that an environment variable sets.",
        Mapped(Written(r"[A-Z][A-Z0-9_]*", "the name of an environment variable")),
        default_factory=dict,
    )
