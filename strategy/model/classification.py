"""How errors are told apart: severities, categories, what is ignored, bursts, fingerprints."""

import re
from collections.abc import Iterator

from strategy.kinds import Choice, Flag, Name, Text, Written
from strategy.model.class_names import ClassName, DottedClass, FingerprintPart
from strategy.problems import Misfit
from strategy.quantities import Duration, OneOf, Whole
from strategy.schema import Listed, key, section

__all__ = ["Burst", "Category", "ClassName", "FingerprintRule", "Ignored", "Severity"]

SEVERITY_NAMES = ("P0", "P1", "P2", "P3", "P4")
"""All five are told apart everywhere, the worst first."""

PAGE_STATUSES = (400, 403, 404, 429, 500, 503)
"""The statuses that have an error page."""


@section
class Severity:
    """How bad an error is, and so how soon who is told. It is a tag: the event's level stays `error`."""

    name: str
    label: str = key("The word for it.", Choice(("critical", "high", "medium", "low", "info")))
    description: str = key("What belongs here, in a sentence.", Text())
    respond_s: int | None = key(
        "Time until someone has answered; None stands for the weekly review.",
        Duration("weekly review"),
        name="respond",
    )
    resolve_s: int | None = key(
        "Time until it is solved; None stands for the weekly review.",
        Duration("weekly review"),
        name="resolve",
    )
    channels: tuple[str, ...] = key("Where alerts of this severity go.", Listed(Name("channels")), default=())
    recipients: tuple[str, ...] = key("The roles that are told.", Listed(Name("roles")), default=())
    opens_incident: bool = key("Whether an alert of it opens an incident.", Flag(), default=False)
    heeds_quiet_hours: bool = key(
        "Whether its alerts wait until the quiet hours are over.", Flag(), default=False
    )

    @property
    def rank(self) -> int:
        """0 for P0, which is the worst."""
        return SEVERITY_NAMES.index(self.name)

    def misfits(self, written: set[str]) -> Iterator[Misfit]:
        """Nobody resolves what nobody has looked at."""
        if self.respond_s is None and self.resolve_s is not None:
            yield Misfit(
                "resolve",
                "It is to be resolved before anyone responds.",
                'Give respond a time, or resolve "weekly review".',
            )
        elif self.respond_s is not None and self.resolve_s is not None and self.resolve_s < self.respond_s:
            yield Misfit(
                "resolve", "The time to resolve is shorter than the time to respond.", "Make it longer."
            )


@section
class Category:
    """A row of the one complete table: what an error is, who mends it, and what happens meanwhile."""

    name: str
    description: str = key("What belongs here, in a sentence.", Text())
    severity: str = key("How bad one of it is.", Name("severities"))
    owner: str = key("The team that mends it.", Name("owners"))
    retryable: bool = key("Whether a task tries again; `final` lists the exceptions to it.", Flag())
    http_status: int = key("The error page that a visitor gets.", OneOf(PAGE_STATUSES))
    runbook: str = key(
        "What to do, step by step.", Written(r"docs/runbooks/[a-z0-9_]+\.md", "docs/runbooks/<category>.md")
    )
    expected: bool = key(
        "The user's to mend: logged and counted, never sent as an event.", Flag(), default=False
    )
    fingerprint: tuple[str, ...] | None = key(
        "How events are grouped; without it Sentry decides by stack trace.",
        Listed(FingerprintPart(), at_least=1),
        default=None,
    )
    classes: tuple[ClassName, ...] = key(
        "The classes that belong here, with all their subclasses; the most specific wins.",
        Listed(DottedClass()),
        default=(),
    )
    final: tuple[ClassName, ...] = key(
        "Classes that another try never mends, though the category is retryable.",
        Listed(DottedClass()),
        default=(),
    )


@section
class Ignored:
    """A class that is never sent one by one, and why; still logged and counted."""

    cls: ClassName = key("The class, with its subclasses.", DottedClass(), name="class")
    reason: str = key("Why it is no error of ours.", Text())
    burst: str | None = key(
        "The burst that many of them make; without it they are never suspicious.",
        Name("bursts"),
        default=None,
    )


@section
class Burst:
    """Many harmless things from one client in a short time make one event."""

    name: str
    description: str = key("What it may mean, in a sentence.", Text())
    count: int = key("How many within the window.", Whole(2, 100_000))
    window_s: int = key("The window.", Duration(), name="window")
    cooldown_s: int = key("How long the same client makes no second event.", Duration(), name="cooldown")
    category: str = key("The category of the event.", Name("categories"))
    severity: str | None = key(
        "Its severity, where it differs from the category's.", Name("severities"), default=None
    )
    per: str = key("What is counted together.", Choice(("client", "account", "all")), default="client")


@section
class FingerprintRule:
    """An explicit group for an outage, whatever the stack trace. The first rule that fits wins."""

    id: str = key("Its name.", Written(r"[a-z0-9-]+", "small letters, digits and hyphens"))
    reason: str = key("Why these belong together.", Text())
    classes: tuple[ClassName, ...] = key(
        "Fits when any exception of the cause chain is one of these.", Listed(DottedClass(), at_least=1)
    )
    fingerprint: tuple[str, ...] = key(
        "The group. Without {{ default }}, which can only split.", Listed(FingerprintPart(), at_least=1)
    )

    def misfits(self, written: set[str]) -> Iterator[Misfit]:
        """A list with {{ default }} splits what it should merge."""
        if any("default" in re.findall(r"\{\{\s*(.*?)\s*\}\}", part) for part in self.fingerprint):
            hint = "Take it out: a fingerprint that contains it can only split groups, never merge them."
            yield Misfit("fingerprint", "An explicit group contains {{ default }}.", hint)
