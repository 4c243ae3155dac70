"""What makes an alert, and through what people are told."""

from collections.abc import Iterator

from strategy.kinds import Choice, Flag, Name, Text, Written
from strategy.model.watches import CONDITIONS, WATCHES, Quantity, Threshold, Watch
from strategy.problems import Misfit
from strategy.quantities import Duration as Length
from strategy.quantities import Latency, Whole
from strategy.schema import Listed, Mapped, key, section

_VARIABLE = Written(r"[A-Z][A-Z0-9_]*", "the name of an environment variable")
_ID = Written(r"[a-z0-9-]+", "small letters, digits and hyphens")
_RUNBOOK = Written(r"docs/runbooks/[a-z0-9_]+\.md", "docs/runbooks/<name>.md")

# Each kind with the keys that it cannot do without.
CHANNEL_KINDS = {
    "slack": ("url",),
    "email": ("to",),
    "pagerduty": ("credential",),
    "webhook": ("url", "credential"),
    "discord": ("url",),
    "github": ("to", "credential"),
    "apprise": ("url",),
}


@section
class Channel:
    """A way to tell people."""

    name: str
    kind: str = key("What speaks to it.", Choice(tuple(CHANNEL_KINDS)))
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

    def misfits(self, written: set[str]) -> Iterator[Misfit]:
        """A channel that is used needs what it speaks to."""
        if not self.enabled:
            return
        for each in CHANNEL_KINDS[self.kind]:
            if not getattr(self, each):
                variable = self.from_env.get(each)
                way_out = (
                    f"Set {variable}"
                    if variable
                    else f"Add {each}, or from_env = {{ {each} = ... }} when it is a secret"
                )
                message = f"The channel is enabled, and a {self.kind} channel needs {each}."
                yield Misfit("enabled", message, f"{way_out}; or set enabled = false.")


@section
class AlertRule:
    """When to tell whom. An episode begins when the rule holds and ends when it no longer does."""

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
    yields_to: tuple[str, ...] = key(
        "Rules that say the same more sharply: while one of them is active, this one is silent.",
        Listed(Name("alerts")),
        default=(),
    )
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

    def misfits(self, written: set[str]) -> Iterator[Misfit]:
        """What does not go with what the rule watches."""
        watch = self.watch
        for each in watch.needs:
            if each not in written:
                yield Misfit(
                    each, f"A rule that watches {self.watches} needs {each}.", f"It looks at {watch.meaning}."
                )
        allowed = {*watch.needs, *watch.may}
        for each in sorted((written & CONDITIONS) - allowed):
            hint = f"Take it out; what goes with it: {', '.join(sorted(allowed)) or 'nothing'}."
            yield Misfit(each, f"{each} says nothing to a rule that watches {self.watches}.", hint)
        if self.threshold is not None:
            yield from watch.threshold_misfits(self.threshold)
        if self.window_s and self.short_window_s and self.short_window_s >= self.window_s:
            yield Misfit(
                "short_window", "The short window is not shorter than the window.", "An hour and 5m go well."
            )
