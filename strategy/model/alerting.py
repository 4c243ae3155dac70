"""What makes an alert, and through what people are told."""

from strategy.kinds import Choice, Flag, Name, Text, Written
from strategy.model.watches import CONDITIONS, WATCHES, Quantity, Threshold, Watch
from strategy.quantities import Duration as Length
from strategy.quantities import Latency, Whole
from strategy.schema import Listed, Mapped, key, section

_VARIABLE = Written(r"[A-Z][A-Z0-9_]*", "the name of an environment variable")
_ID = Written(r"[a-z0-9-]+", "small letters, digits and hyphens")
_RUNBOOK = Written(r"docs/runbooks/[a-z0-9_]+\.md", "docs/runbooks/<name>.md")

CHANNEL_KINDS = ("slack", "email", "pagerduty", "webhook", "discord", "github", "apprise")


@section
class Channel:
    """A way to tell people."""

    name: str
    kind: str = key("What speaks to it.", Choice(CHANNEL_KINDS))
    enabled: bool = key("Whether it is used.", Flag(), default=True)
    to: tuple[str, ...] = key(
        "Slack: the channel; email: addresses; GitHub: owner/repository.", Listed(Text()), default=()
    )
    url: str | None = key("Its address.", Text(), secret=True, default=None)
    credential: str | None = key("Its key, token or signing secret.", Text(), secret=True, default=None)
    tells_resolved: bool = key("Whether it also says when the alert is over.", Flag(), default=True)
    timeout_s: int = key("Longest wait for an answer.", Length(), name="timeout", default=10)
    attempts: int = key(
        "Tries, further and further apart, before a delivery has failed.", Whole(1, 20), default=6
    )
    allow_private_addresses: bool = key("Whether it may be inside our own network.", Flag(), default=False)
    from_env: dict[str, str] = key(
        "Keys of this channel that an environment variable sets.", Mapped(_VARIABLE), default_factory=dict
    )


@section
class AlertRule:
    """When to tell whom. An alert is told once per episode: it begins when the rule holds and ends when it no longer does."""

    id: str = key("Its name, which notifications and incidents refer to.", _ID)
    title: str = key("What the notification says.", Text())
    watches: str = key("What it looks at.", Choice(tuple(WATCHES)))
    severity: str = key("How bad it is when it fires.", Name("severities"))
    runbook: str = key("What to do, step by step.", _RUNBOOK)
    cooldown_s: int = key("How long after an episode no new one is told.", Length(), name="cooldown")
    threshold: Quantity | None = key("Where it begins to hold.", Threshold(), default=None)
    fires: str = key(
        "At the threshold and beyond, only over it, or only under it.",
        Choice(("at", "over", "under")),
        default="at",
    )
    window_s: int | None = key("The time that is looked at.", Length(), name="window", default=None)
    short_window_s: int | None = key(
        "The second, short window of a burn rate: both must hold, so that the alert ends soon.",
        Length(),
        name="short_window",
        default=None,
    )
    baseline_s: int | None = key(
        "The time before the window that it is compared with.", Length(), name="baseline", default=None
    )
    slower_than_s: float | None = key("What counts as slow.", Latency(), name="slower_than", default=None)
    minimum: int = key(
        "Below so many requests, sessions or uses in the window it says nothing.",
        Whole(1, 10_000_000),
        default=1,
    )
    categories: tuple[str, ...] = key("Only events of these.", Listed(Name("categories")), default=())
    severities: tuple[str, ...] = key("Only events of these.", Listed(Name("severities")), default=())
    tags: dict[str, str] = key("Only events with these tags.", Mapped(Text()), default_factory=dict)
    release: str = key(
        "Any release, or only one deployed within the last 24 h.", Choice(("any", "new")), default="any"
    )
    per: str = key(
        "What is counted together.", Choice(("all", "issue", "route", "user", "client")), default="all"
    )
    features: tuple[str, ...] = key(
        "Each of these alone; without it all traffic.", Listed(Name("features")), default=()
    )
    slos: tuple[str, ...] = key(
        "The objectives whose budget is watched, each alone.", Listed(Name("slos")), default=()
    )
    counter: str | None = key("The name of the counter.", Text(), default=None)
    gauge: str | None = key("The name of the measured figure.", Text(), default=None)
    environments: tuple[str, ...] = key(
        "Only there; without it wherever `alerts` is true.", Listed(Name("environments")), default=()
    )
    channels: tuple[str, ...] = key("Instead of the severity's.", Listed(Name("channels")), default=())
    enabled: bool = key("Whether it is evaluated.", Flag(), default=True)
    from_env: dict[str, str] = key(
        "Keys of this rule that an environment variable overrides.", Mapped(_VARIABLE), default_factory=dict
    )

    @property
    def watch(self) -> Watch:
        return WATCHES[self.watches]

    def misfits(self, written: set[str]) -> list[tuple[str, str]]:
        """Which of the keys `written` in the file do not go with what it watches: (key, reason)."""
        watch = self.watch
        wrong = [
            (each, f"a rule that watches {self.watches} needs {each}")
            for each in watch.needs
            if each not in written
        ]
        allowed = {*watch.needs, *watch.may}
        for each in sorted((written & CONDITIONS) - allowed):
            wrong.append((each, f"{each} says nothing to a rule that watches {self.watches}"))
        return wrong

    def threshold_misfit(self) -> str | None:
        """Why the threshold does not go with what is watched, or None."""
        watch, threshold = self.watch, self.threshold
        if threshold is None or watch.unit is None:
            return None
        bare_share = watch.unit == "share" and threshold.unit == "number"
        if threshold.unit != watch.unit and not bare_share:
            return f"the threshold is a {threshold.unit}, but {watch.meaning} is a {watch.unit}"
        if not watch.minimum <= threshold.value <= watch.maximum:
            return f"the threshold {threshold.value:g} is not between {watch.minimum:g} and {watch.maximum:g}"
        return None
