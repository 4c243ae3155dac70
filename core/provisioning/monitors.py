"""Rules that look at a whole project's numbers, as Sentry's metric monitors (`detectors` in its API).

What a monitor may say is in the published description of `POST /projects/{}/detectors/`; that crash rates are dataset
`metrics` with query type 2, and that a condition may be `lt`, is how Sentry's own pages write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.provisioning.marks import Mark
from core.provisioning.routes import transactions_of
from core.provisioning.sources import REQUESTS, TASKS, counted_events, failures, of_spans
from core.provisioning.wanted import Json, Place, Wanted, Wish
from strategy.model.alerting import AlertRule
from strategy.model.service_levels import Slo
from strategy.model.strategy import Strategy

HIGH, OK = 75, 0
_LONGEST_S = 86400
_CRASH_WINDOWS_S = (1800, 3600, 7200, 14400, 43200, 86400)
_CRASH_FREE = "percentage(sessions_crashed, sessions) AS _crash_rate_alert_aggregate"
_SAMPLED = "It is computed from sampled traces, scaled up; the strategy's is counted in the process, without a sample"


def monitors_of(
    strategy: Strategy, rule: AlertRule, environment: str, suffix: str, place: Place, wish: Wish
) -> list[Wanted]:
    """The monitors that stand for `rule`; none when it is no rule of numbers, or cannot be said. Gaps go to `wish`.

    `suffix` keeps the keys of several environments apart.
    """
    made = _MAKERS.get(rule.watches)
    if made is None or (rule.watches == "events" and not is_project_wide(rule)):
        return []
    if rule.watches not in {"burn_rate", "crash_free_sessions"} and (rule.window_s or 0) > _LONGEST_S:
        wish.miss(
            rule.id, "The longest window of a metric monitor is a day.", "A shorter window, or the monitor."
        )
        return []
    mark = Mark(place.project)
    return [
        Wanted(
            "monitor",
            key + suffix,
            {
                **_body(rule, strategy, condition, config),
                "name": mark.name(title, key + suffix),
                "data_sources": [{**source, "environment": environment}],
            },
        )
        for key, title, source, condition, config in made(strategy, rule, wish)
    ]


def is_project_wide(rule: AlertRule) -> bool:
    """Whether a rule of events counts over all issues: one event is seen as well by an alert, and sooner."""
    return rule.per == "all" and rule.release == "any" and bool(rule.threshold and rule.threshold.value > 1)


_Made = Iterator[tuple[str, str, Json, tuple[str, float], Json]]
_STATIC: Json = {"detectionType": "static"}


def _events(strategy: Strategy, rule: AlertRule, wish: Wish) -> _Made:
    query = " ".join(["is:unresolved", *_tags(rule)])
    # A flood is thinned in the process; only the monitor adds what was held back.
    if not set(rule.severities) <= set(strategy.sampling.flood.never) or not rule.severities:
        wish.miss(
            rule.id,
            "Sentry counts events that arrive; those that the process held back in a flood are a tag `suppressed`.",
            "Made all the same: a flood lets 20 at once and one in five seconds through, which most thresholds see.",
        )
    yield rule.id, rule.title, counted_events(query, rule.window_s), _above(rule), _STATIC


def _error_rate(strategy: Strategy, rule: AlertRule, wish: Wish) -> _Made:
    _rate_gap(rule, wish)
    yield rule.id, rule.title, failures(REQUESTS, rule.window_s), _above(rule), _STATIC


def _feature_failures(strategy: Strategy, rule: AlertRule, wish: Wish) -> _Made:
    _rate_gap(rule, wish)
    for name in rule.features:
        query = _of_feature(strategy, name)
        if query is None:
            wish.miss(
                f"{rule.id}/{name}", "None of its routes is in this project's URLs.", "Mend [features]."
            )
            continue
        title = f"{rule.title}: {strategy.features[name].title}"
        yield f"{rule.id}.{name}", title, failures(query, rule.window_s), _above(rule), _STATIC


def _slow(strategy: Strategy, rule: AlertRule, wish: Wish) -> _Made:
    wish.miss(rule.id, f"{_SAMPLED}.", "Made all the same.")
    query = f"{REQUESTS} span.duration:>{round((rule.slower_than_s or 0) * 1000)}ms"
    yield (
        rule.id,
        rule.title,
        of_spans("count(span.duration)", query, rule.window_s),
        _above(rule),
        _STATIC,
    )


def _p95(strategy: Strategy, rule: AlertRule, wish: Wish) -> _Made:
    why = f"A metric monitor has no group-by: it watches p95 of all pages, not of each. {_SAMPLED}."
    wish.miss(rule.id, why, "Made for all pages together; the dashboards have a table by page.")
    milliseconds = ("gt", (rule.threshold.value if rule.threshold else 0) * 1000)
    yield (
        rule.id,
        rule.title,
        of_spans("p95(span.duration)", REQUESTS, rule.window_s),
        milliseconds,
        _STATIC,
    )


def _growth(strategy: Strategy, rule: AlertRule, wish: Wish) -> _Made:
    delta = rule.baseline_s or 0
    allowed = (300, 900, 3600, 86400, 604800, 2592000)
    nearest = min(allowed, key=lambda each: abs(each - delta))
    why = f"Sentry compares with one window, {nearest // 3600} h ago, and for all pages together."
    wish.miss(rule.id, why, "Made as a change monitor.")
    # Sentry's figure is now / then in percent: half again as slow is 150.
    percent = ("gt", 100 * (1 + (rule.threshold.value if rule.threshold else 0)))
    config = {"detectionType": "percent", "comparisonDelta": nearest}
    yield rule.id, rule.title, of_spans("p95(span.duration)", REQUESTS, rule.window_s), percent, config


def _crash_free(strategy: Strategy, rule: AlertRule, wish: Wish) -> _Made:
    window = min((each for each in _CRASH_WINDOWS_S if each >= (rule.window_s or 0)), default=_LONGEST_S)
    if rule.minimum > 1 or window != rule.window_s:
        why = f"The monitor has no smallest number of sessions ({rule.minimum}), and its window is {window // 60} min."
        wish.miss(rule.id, why, "Made all the same; at night it may speak for few sessions.")
    source = {
        "aggregate": _CRASH_FREE, "dataset": "metrics", "eventTypes": [], "query": "", "queryType": 2,
        "timeWindow": window,
    }  # fmt: skip
    share = (rule.threshold.value if rule.threshold else 0) * 100
    yield rule.id, rule.title, source, ("lt", share), _STATIC


def _burn_rate(strategy: Strategy, rule: AlertRule, wish: Wish) -> _Made:
    for name in rule.slos:
        slo = strategy.slos[name]
        key = f"{rule.id}.{name}"
        query = _budget_query(strategy, slo)
        limit = (rule.threshold.value if rule.threshold else 0) * slo.error_budget
        if query is None or (rule.window_s or 0) > _LONGEST_S or limit >= 1:
            why = _no_budget(slo, rule)
            wish.miss(
                key, why, f"The monitor's page of objectives; in Sentry, the dashboard of {slo.measures}."
            )
            continue
        why = "Sentry knows no objective: a share over one window stands for the burn rate, without the short window."
        wish.miss(key, why, f"Made as: failures over {limit:.3%} in {(rule.window_s or 0) // 3600} h.")
        yield (
            key,
            f"{rule.title}: {slo.title}",
            failures(query, rule.window_s),
            ("gt", round(limit, 8)),
            _STATIC,
        )


def _no_budget(slo: Slo, rule: AlertRule) -> str:
    if (rule.window_s or 0) > _LONGEST_S:
        return "The longest window of a metric monitor is a day."
    if slo.measures in {"latency", "error_free_sessions"}:
        return f"A share of {slo.measures} needs two numbers and their quotient; a monitor has one aggregate."
    return "It would be over 100 % of requests, or none of its routes is in this project's URLs."


def _budget_query(strategy: Strategy, slo: Slo) -> str | None:
    if slo.measures == "availability":
        return REQUESTS
    if slo.measures == "feature_success":
        found = [query for name in slo.features for query in _transactions(strategy, name)]
        return f"is_transaction:true transaction:[{','.join(found)}]" if found else None
    return None


def _of_feature(strategy: Strategy, name: str) -> str | None:
    found = _transactions(strategy, name)
    feature = strategy.features[name]
    if not found:
        return None
    where = TASKS if not feature.routes else REQUESTS if not feature.tasks else "is_transaction:true"
    return f"{where} transaction:[{','.join(found)}]"


def _transactions(strategy: Strategy, name: str) -> list[str]:
    feature = strategy.features[name]
    return [*transactions_of(feature.routes), *feature.tasks]


def _rate_gap(rule: AlertRule, wish: Wish) -> None:
    least = f", and there is no smallest number of requests ({rule.minimum})" if rule.minimum > 1 else ""
    wish.miss(rule.id, f"{_SAMPLED}{least}.", "Made all the same; leave the rate of traces at 10 % or more.")


def _tags(rule: AlertRule) -> Iterator[str]:
    for tag, values in (("category", rule.categories), ("severity", rule.severities)):
        if values:
            yield f"tags[{tag}]:[{','.join(values)}]" if len(values) > 1 else f"tags[{tag}]:{values[0]}"
    for tag, value in sorted(rule.tags.items()):
        yield f'tags[{tag}]:"{value}"'


def _above(rule: AlertRule) -> tuple[str, float]:
    """Sentry's `gt` is "more than": a whole number that is to be reached is one less."""
    value = rule.threshold.value if rule.threshold else 0
    if rule.fires == "under":
        return "lt", value
    whole = rule.threshold is not None and rule.threshold.unit == "number"
    if rule.fires == "at":
        return ("gt", value - 1) if whole else ("gte", value)
    return "gt", value


_OVER = {"gt": "lte", "gte": "lt", "lt": "gte"}


def _body(rule: AlertRule, strategy: Strategy, condition: tuple[str, float], config: Json) -> Json:
    compared, value = condition
    number = int(value) if float(value).is_integer() else value
    conditions = [
        {"type": compared, "comparison": number, "conditionResult": HIGH},
        {"type": _OVER[compared], "comparison": number, "conditionResult": OK},
    ]
    severity = strategy.severities[rule.severity]
    return {
        "type": "metric_issue",
        "config": config,
        "condition_group": {"logic_type": "any", "conditions": conditions},
        "description": f"{rule.severity} ({severity.label}). What to do: {rule.runbook}",
        "enabled": rule.enabled,
    }


_MAKERS: dict[str, Callable[[Strategy, AlertRule, Wish], _Made]] = {
    "events": _events,
    "error_rate": _error_rate,
    "feature_failures": _feature_failures,
    "slow_transactions": _slow,
    "latency_p95": _p95,
    "latency_growth": _growth,
    "crash_free_sessions": _crash_free,
    "burn_rate": _burn_rate,
}
