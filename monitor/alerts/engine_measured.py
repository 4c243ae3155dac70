"""Which rules a measurement concerns, and under which keys: counters, figures, rates, durations, check-ins, budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from monitor.alerts import measurements as kinds
from monitor.alerts.engine_conditions import (
    MINUTE_S,
    Burn,
    Condition,
    Count,
    Figure,
    Growth,
    Part,
    Slowness,
    Streak,
    counting,
    held_s,
)
from monitor.alerts.engine_episodes import Episodes, Place, Watched
from monitor.alerts.engine_rules import Ranked, RuleIndex
from monitor.alerts.measurements import Measurement
from strategy.model.alerting import AlertRule
from strategy.model.service_levels import Slo
from strategy.model.strategy import Strategy

NEW_RELEASE_S = 86400

COUNTED = ("events", "new_issue", "regression", "counter", "slow_transactions")
_WATCHES = {
    kinds.COUNTER: ("counter",),
    kinds.GAUGE: ("gauge",),
    kinds.RATIO: ("ratio",),
    kinds.REQUESTS: ("error_rate", "burn_rate"),
    kinds.USES: ("feature_failures", "burn_rate"),
    kinds.DURATIONS: ("slow_transactions", "latency_p95", "latency_growth", "burn_rate"),
    kinds.SESSIONS: ("crash_free_sessions", "burn_rate"),
    kinds.CHECK_IN: ("missed_check_in",),
    kinds.PROBE: ("failed_probe",),
    kinds.DEPLOY: (),
}


def matters_s(strategy: Strategy, kind: str) -> int:
    """For how long what has come of a kind can matter to a rule, in seconds."""
    longest = NEW_RELEASE_S if kind == kinds.DEPLOY else 0
    for rule in strategy.alerts:
        if rule.watches in _WATCHES.get(kind, COUNTED[:3]):
            longest = max(longest, held_s(rule) + (rule.baseline_s or 0) + MINUTE_S)
    return longest


class Releases:
    """Which releases were deployed when; one is new for a day."""

    def __init__(self) -> None:
        self._deployed: dict[tuple[int, str, str], float] = {}

    def deployed(self, measurement: Measurement) -> None:
        place = (measurement.project_id, measurement.environment, measurement.release)
        self._deployed[place] = float(int(measurement.time))  # as the seconds in which events count
        self._deployed = {
            each: at for each, at in self._deployed.items() if at > measurement.time - NEW_RELEASE_S
        }

    def state(self) -> list[tuple[int, str, str, float]]:
        return [(*place, at) for place, at in sorted(self._deployed.items())]

    def restore(self, state: Iterable[tuple[int, str, str, float]]) -> None:
        for project_id, environment, release, at in state:
            self._deployed[project_id, environment, release] = at

    def is_new(self, project_id: int, environment: str, release: str, at: float) -> bool:
        since = self._deployed.get((project_id, environment, release))
        return since is not None and since <= at < since + NEW_RELEASE_S


def measured(
    index: RuleIndex, episodes: Episodes, releases: Releases, measurement: Measurement
) -> Iterator[Watched]:
    """Add it wherever it counts, and give what is to be judged again. Sharper rules first."""
    place = (measurement.project_id, measurement.environment)
    second = min(int(measurement.time), episodes.now)
    concerned = [
        ranked
        for watch in _WATCHES[measurement.kind]
        for ranked in index.of_watch(measurement.environment, watch)
        if _names_it(ranked.rule, measurement)
        and (ranked.rule.release != "new" or releases.is_new(*place, measurement.release, second))
    ]
    for ranked in sorted(concerned, key=lambda each: each.rank):
        for key in _keys(ranked, measurement, index):
            yield _add(episodes, ranked, place, key, second, measurement)


def _names_it(rule: AlertRule, measurement: Measurement) -> bool:
    wanted = rule.counter or rule.gauge
    return wanted is None or wanted == measurement.name


def _keys(ranked: Ranked, measurement: Measurement, index: RuleIndex) -> Iterator[str]:
    rule = ranked.rule
    if rule.watches == "burn_rate":
        yield from (slo.name for slo in ranked.slos if _is_of(slo, measurement, index))
    elif rule.watches in ("missed_check_in", "failed_probe"):
        yield measurement.name
    elif rule.watches == "feature_failures":
        yield from {measurement.name} & ranked.features
    elif rule.watches in ("latency_p95", "latency_growth"):
        if not ranked.features or index.features_of(measurement.name) & ranked.features:
            yield measurement.name
    elif rule.watches in ("error_rate", "slow_transactions") and ranked.features:
        yield from sorted(index.features_of(measurement.name) & ranked.features)
    elif rule.release == "new":
        yield measurement.release
    elif rule.per == "all":
        yield "all"
    else:
        yield from filter(None, [_told_apart_by(rule.per, measurement)])


def _told_apart_by(per: str, measurement: Measurement) -> str:
    if per == "route":
        return measurement.name if measurement.kind == kinds.DURATIONS else measurement.route
    return {"user": measurement.user, "client": measurement.client}.get(per, "")


def _is_of(slo: Slo, measurement: Measurement, index: RuleIndex) -> bool:
    """Whether an objective is measured by this."""
    if slo.measures == "feature_success":
        return measurement.kind == kinds.USES and measurement.name in slo.features
    if slo.measures == "error_free_sessions":
        return measurement.kind == kinds.SESSIONS
    wanted = kinds.REQUESTS if slo.measures == "availability" else kinds.DURATIONS
    of_features = not slo.features or bool(index.features_of(measurement.name) & set(slo.features))
    return measurement.kind == wanted and of_features


def _add(
    episodes: Episodes, ranked: Ranked, place: Place, key: str, second: int, measurement: Measurement
) -> Watched:
    watched = episodes.find(ranked, place, key)
    if watched is None:
        watched = episodes.begin(ranked, place, key, condition_of(ranked, key, episodes.now))
    _put(watched.condition, ranked, key, second, measurement)
    return watched


def condition_of(ranked: Ranked, key: str, now: int) -> Condition:
    """A new one for a rule that is watched from second `now` on. Raises KeyError for a key that it does not know."""
    rule = ranked.rule
    if rule.watches == "burn_rate":
        return Burn(rule, _slo(ranked, key).error_budget)
    if rule.watches in COUNTED:
        return counting(rule, now)
    makers: dict[str, Callable[[AlertRule], Condition]] = {
        "gauge": Figure,
        "latency_p95": Slowness,
        "latency_growth": Growth,
        "missed_check_in": Streak,
        "failed_probe": Streak,
    }
    if rule.watches in makers:
        return makers[rule.watches](rule)
    return Part(rule, of_good=rule.watches in ("ratio", "crash_free_sessions"))


def _put(condition: Condition, ranked: Ranked, key: str, second: int, measurement: Measurement) -> None:
    if isinstance(condition, Burn):
        condition.add(second, *_good_or_bad(_slo(ranked, key), measurement))
    elif isinstance(condition, Slowness):
        condition.add(second, measurement.durations)
    elif isinstance(condition, Part):
        condition.add(second, measurement.total, measurement.bad)
    elif isinstance(condition, Streak):
        condition.add(second, bad=measurement.bad > 0)
    elif isinstance(condition, Figure):
        condition.add(second, measurement.value)
    elif isinstance(condition, Count):
        slow = ranked.rule.slower_than_s
        number = measurement.value if slow is None else _slower(measurement, slow)
        condition.add(second, number)


def _good_or_bad(slo: Slo, measurement: Measurement) -> tuple[int, int]:
    """How many in all, and how many of them broke the promise."""
    if slo.measures == "latency":
        return sum(times for _, times in measurement.durations), _slower(measurement, slo.latency_s or 0.0)
    return (
        measurement.total,
        measurement.errored if slo.measures == "error_free_sessions" else measurement.bad,
    )


def _slower(measurement: Measurement, than_s: float) -> int:
    return sum(times for seconds, times in measurement.durations if seconds > than_s)


def _slo(ranked: Ranked, name: str) -> Slo:
    for slo in ranked.slos:
        if slo.name == name:
            return slo
    raise KeyError(name)
