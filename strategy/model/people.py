"""Who mends what, and who is told when."""

from strategy.kinds import Choice, Flag, Name, Text, TimeZone, Written
from strategy.quantities import Duration as Length
from strategy.quantities import Whole
from strategy.schema import Listed, key, section

_TIME = Written(r"(?:[01]\d|2[0-3]):[0-5]\d", 'a time of day, as in "09:00"')
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@section
class Role:
    """Somebody who can be told; who holds the role is kept in the monitor, not in this file."""

    name: str
    title: str = key("What people call it.", Text())
    digest: bool = key("Whether it gets the daily digest.", Flag(), default=False)
    rota: bool = key("Whether it is held in turns; the others by one person.", Flag(), default=False)


@section
class Owner:
    """A team that mends the errors of its categories and paths."""

    name: str
    title: str = key("What people call it.", Text())
    role: str = key("The role that answers for it.", Name("roles"))
    paths: tuple[str, ...] = key(
        "Files whose errors are theirs, as globs; the longest that fits wins over the category's owner.",
        Listed(Text("a glob of paths")),
        default=(),
    )


@section
class OnCall:
    """How the rota turns."""

    turn_s: int = key("How long one turn is.", Length(), name="turn", default=7 * 86400)
    hand_over_day: str = key("The day of the hand-over.", Choice(_DAYS), default="mon")
    hand_over_at: str = key("Its time, in business hours' time zone.", _TIME, default="09:00")
    checklist: tuple[str, ...] = key("What is handed over.", Listed(Text()), default=())


@section
class BusinessHours:
    """When people are at work: escalation and digests go by it."""

    time_zone: str = key("Of all times in this file.", TimeZone(), default="UTC")
    days: tuple[str, ...] = key("Working days.", Listed(Choice(_DAYS), at_least=1), default=_DAYS[:5])
    start: str = key("Start of the working day.", _TIME, default="09:00")
    end: str = key("End of the working day.", _TIME, default="18:00")


@section
class QuietHours:
    """When alerts that can wait, wait: those of severities with `heeds_quiet_hours`."""

    start: str = key("From this time.", _TIME, default="20:00")
    end: str = key("Until this time, the next day when it is earlier.", _TIME, default="08:00")
    weekends: bool = key("Whether days that are no working days are quiet as a whole.", Flag(), default=True)


@section
class EscalationStep:
    """Who is told next while nobody has dealt with an incident."""

    severities: tuple[str, ...] = key("For incidents of these.", Listed(Name("severities"), at_least=1))
    after_s: int = key("Time since the incident opened.", Length(), name="after")
    roles: tuple[str, ...] = key("Who is told.", Listed(Name("roles"), at_least=1))
    channels: tuple[str, ...] = key("Through what.", Listed(Name("channels"), at_least=1))
    until: str = key(
        "What stops it: the incident is acknowledged, or only that it is resolved.",
        Choice(("acknowledged", "resolved")),
        default="acknowledged",
    )
    business_hours_only: bool = key(
        "Whether the clock stands still outside business hours.", Flag(), default=False
    )
    repeat: int = key("How often it is told again, at the same distance.", Whole(0, 100), default=0)
