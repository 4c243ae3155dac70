"""What happens in the generated month: which release goes out when, and what breaks for how long. Pure and repeatable."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.history import faults
from monitor.history.calendar import Calendar
from monitor.history.faults import Fault

MINUTE_S = 60
PACKAGE = "hydroml"
_LONG_AGO_S = 9 * 86_400
_SUDDEN_S = 6 * 3600


@dataclass(frozen=True, slots=True)
class Outing:
    """That a release went to production at `at`; the same one may go out again, when another is taken back."""

    version: str
    at: float
    is_return: bool = False

    @property
    def release(self) -> str:
        return f"{PACKAGE}@{self.version}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What users notice of a trouble, in the words of the status page; without features, of all of them."""

    title: str
    impact: str
    """none, degraded or down, as the incidents have it."""
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """From `since` to `until`, `share` of what comes to the places of `fault` fails; "everywhere" is every request."""

    fault: Fault
    since: float
    until: float
    share: float
    everywhere: bool = False
    slowness: float = 1.0
    """What durations are multiplied by meanwhile."""
    cause: str = ""
    """One sentence for the review."""
    fix: str = ""
    at_least: float = 0.0
    """So many a minute, however little there is to do."""
    notice: Notice | None = None
    """None: users are told nothing of it."""

    @property
    def is_sudden(self) -> bool:
        """People notice it within the hour; it does not go on for days."""
        return self.until - self.since < _SUDDEN_S

    def holds(self, at: float) -> bool:
        return self.since <= at < self.until

    def concerns(self, place: str) -> bool:
        return place == self.fault.place or (self.everywhere and ".tasks." not in place)


@dataclass(frozen=True)
class Story:
    """All of it, in order of time."""

    calendar: Calendar
    outings: tuple[Outing, ...]
    troubles: tuple[Trouble, ...]
    missed_runs: tuple[float, ...]
    """When the nightly job did not run."""
    returned_resolved_at: float
    """When somebody thought that the error was mended which then came back."""

    def release_at(self, at: float) -> str:
        """What runs in production."""
        return next((one.release for one in reversed(self.outings) if one.at <= at), self.outings[0].release)

    def troubles_at(self, at: float) -> list[Trouble]:
        return [one for one in self.troubles if one.holds(at)]

    def sudden_trouble_at(self, at: float) -> Trouble | None:
        """The shortest of those that people would be told of."""
        sudden = [one for one in self.troubles_at(at) if one.is_sudden]
        return min(sudden, key=lambda one: one.until - one.since, default=None)


def story_of(calendar: Calendar) -> Story:
    """The same events whatever the length: a short history holds them closer together."""
    at = calendar.at
    bad = at(0.33, "10:20", working_day=True)
    outings = (
        Outing("2.3.0", calendar.since - _LONG_AGO_S),
        Outing("2.3.1", at(0.13, "11:05", working_day=True)),
        Outing("2.4.0", bad),
        Outing("2.3.1", bad + 52 * MINUTE_S, is_return=True),
        Outing("2.4.1", bad + 26 * 3600),
        Outing("2.5.0", at(0.57, "14:10", working_day=True)),
        Outing("2.5.1", at(0.66, "09:50", working_day=True)),
        Outing("2.6.0", at(0.83, "10:40", working_day=True)),
        Outing("2.6.1", at(0.95, "13:30")),
    )
    ordered = tuple(sorted((one for one in outings if one.at < calendar.until), key=lambda one: one.at))
    returned = at(0.57, "14:10", working_day=True)
    return Story(
        calendar,
        ordered,
        tuple(sorted(_troubles(calendar, bad, returned), key=lambda one: one.since)),
        (at(0.5, "02:00"), at(0.72, "02:00")),
        returned_resolved_at=at(0.42, "16:20", working_day=True),
    )


_NO_WEATHER = Notice("Weather cannot be imported (generated)", "down", ("weather",))


def _troubles(calendar: Calendar, bad: float, returned: float) -> list[Trouble]:
    at, end = calendar.at, calendar.until
    outage = at(0.45, "14:06", working_day=True)
    cache = at(0.7, "21:12", working_day=True)
    weather = at(0.2, "15:30", working_day=True)
    broken = at(0.77, "11:15", working_day=True)
    knocks = at(0.61, "03:22")
    burn = at(0.83, "10:40", working_day=True)
    return [
        Trouble(
            faults.DATABASE_AWAY, outage, outage + 11 * MINUTE_S, 0.92, everywhere=True, slowness=3.0,
            cause="The disk of the database host was full: a log was not rotated.",
            fix="The log is rotated, and the disk's filling is watched.",
            notice=Notice("HydroML does not answer (generated)", "down"),
        ),
        Trouble(
            faults.CACHE_AWAY, cache, cache + 24 * MINUTE_S, 0.6, slowness=2.2,
            cause="Redis was restarted with more memory than its host had.",
            fix="Its limit is set, and the host has a reserve.",
            notice=Notice("Pages are slower than usual (generated)", "degraded", ("projects",)),
        ),
        Trouble(
            faults.WEATHER_AWAY, weather, weather + 95 * MINUTE_S, 0.97, at_least=1.3,
            cause="The weather service was down; nothing of ours had changed.",
            fix="Imports wait and go on by themselves when it is back.",
            notice=_NO_WEATHER,
        ),
        Trouble(
            faults.BAD_RELEASE, bad + 2 * MINUTE_S, bad + 52 * MINUTE_S, 0.85,
            cause="2.4.0 read the best score of experiments that have no search.",
            fix="Taken back to 2.3.1 after 52 minutes; 2.4.1 asks whether there was a search, and a test does, too.",
            notice=Notice("Pages of experiments do not open (generated)", "degraded", ("experiments",)),
        ),
        Trouble(faults.RETURNED, calendar.since + 3600, at(0.42, "16:20", working_day=True), 0.02, at_least=0.005),
        Trouble(
            faults.RETURNED, returned + 6 * MINUTE_S, max(at(0.66, "09:50", working_day=True), returned + 20 * 3600),
            0.05, at_least=0.02,
        ),
        Trouble(
            faults.SLOW_BURN, burn + 20 * MINUTE_S, at(0.95, "13:30"), 0.1,
            cause="2.6.0 writes exports as another user of the system.",
            fix="2.6.1 writes them as before.",
        ),
        Trouble(faults.FORGED, knocks, knocks + 3 * MINUTE_S, 0.5),
        Trouble(
            faults.BROKEN_FILES, broken, broken + 40 * MINUTE_S, 0.8,
            cause="One agency's files came with columns under other names.",
            fix="The names are known now.",
        ),
        Trouble(faults.WEATHER_AWAY, end - 52 * MINUTE_S, end, 0.9, at_least=1.5, notice=_NO_WEATHER),
        Trouble(faults.BROKEN_FILES, end - 9 * MINUTE_S, end, 0.7, at_least=1.1),
    ]  # fmt: skip
