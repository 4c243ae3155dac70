"""What leaves the process, from where, how much of it, and what is taken out before."""

from strategy.kinds import Flag, Name, Pattern, Text, Written
from strategy.quantities import Duration as Length
from strategy.quantities import Number, Share, Whole
from strategy.schema import Listed, Mapped, Table, key, section

_FIELD_NAME = Written(r"[a-z0-9_]+", "a name in small letters, digits and underscores")
_HEADER = Written(r"[a-z0-9-]+", "a header's name in small letters")
_HOST = Written(r"(\*\.)?[a-z0-9.-]+|\[[0-9a-f:]+\]", "a host's name; *.example.org is every host below it")


@section
class Environment:
    """A place where the application runs; SENTRY_ENVIRONMENT must name one of them."""

    name: str
    description: str = key("What it is for.", Text())
    release_required: bool = key(
        "Whether starting without SENTRY_RELEASE is an error.", Flag(), default=False
    )
    alerts: bool = key("Whether rules are evaluated for it and people are told.", Flag(), default=False)


@section
class Sending:
    """Where events and trace headers may go."""

    allowed_hosts: tuple[str, ...] = key(
        "The hosts that a DSN may name; empty allows every host.", Listed(_HOST), default=()
    )
    trace_targets: tuple[str, ...] = key(
        "Hosts that outgoing trace headers go to; nobody else gets them.", Listed(_HOST), default=()
    )


@section
class Scrubbing:
    """What is taken out of everything that is sent, beyond what the scrubber knows by itself."""

    names: tuple[str, ...] = key(
        "Field names; a name that contains one of these is one too.", Listed(_FIELD_NAME), default=()
    )
    patterns: dict[str, str] = key(
        "Regular expressions for values, by name of what they find.", Mapped(Pattern()), default_factory=dict
    )
    allowed_headers: tuple[str, ...] = key(
        "Request headers that are sent; all others are left out.", Listed(_HEADER), default=()
    )
    max_string: int = key("Longest text, in characters.", Whole(64, 1_000_000), default=4096)
    max_depth: int = key("Deepest nesting.", Whole(1, 50), default=8)
    max_breadth: int = key("Most entries of one list or table.", Whole(1, 10_000), default=100)
    max_breadcrumbs: int = key("Most breadcrumbs of one event.", Whole(0, 1000), default=50)
    max_frame_locals: int = key("Most local variables of one stack frame.", Whole(0, 500), default=20)
    max_event_bytes: int = key("Largest whole event.", Whole(10_000, 1_000_000), default=200_000)


@section
class Flood:
    """A flood of one error is thinned to what this token bucket lets through; the next one sent says how many were not."""

    burst: int = key("How many of one fingerprint go out at once.", Whole(1, 100_000), default=20)
    per_second: float = key("How many a second after that.", Number(0.001, 10_000), default=0.2)
    never: tuple[str, ...] = key(
        "Severities that are never thinned.", Listed(Name("severities")), default=("P0", "P1")
    )


@section
class Sampling:
    """How much is sent. Error events do not depend on the sampling of traces."""

    traces: dict[str, float] = key(
        "Share of traces by environment.", Mapped(Share(), keys="environments"), default_factory=dict
    )
    never_traced: tuple[str, ...] = key(
        "Beginnings of paths that are never traced.", Listed(Written(r"/.*", "a path from /")), default=()
    )
    never_traced_tasks: tuple[str, ...] = key(
        "Tasks that are never traced.", Listed(Text("a task's name")), default=()
    )
    flood: Flood = key("Floods of one error.", Table(Flood), default_factory=Flood)


@section
class Spool:
    """What could not be delivered waits on disk, within these bounds."""

    max_bytes: int = key(
        "Largest size; transactions are dropped first, errors and feedback last.",
        Whole(100_000),
        default=200_000_000,
    )
    max_age_s: int = key(
        "Older envelopes are dropped and counted.", Length(), name="max_age", default=7 * 86400
    )
