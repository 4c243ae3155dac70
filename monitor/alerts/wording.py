"""Rules and their values in words, for pages and messages: what is looked at, from when on it holds, how much it is now."""

from __future__ import annotations

from monitor.site.quantities import quantity, share, span
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy

_EDGE = {"at": "", "over": "more than ", "under": "less than "}
_EACH = {
    "issue": "each issue alone",
    "route": "each route alone",
    "user": "each user alone",
    "client": "each client alone",
}
_COUNTED = {
    "events": "events",
    "counter": "times",
    "slow_transactions": "transactions",
    "new_issue": "issues",
    "regression": "issues",
}


def watched(strategy: Strategy, rule: AlertRule) -> str:
    """What it looks at, as a sentence."""
    narrowed = [part for part in (_what(rule), *_narrowed(strategy, rule)) if part]
    sentence = ", ".join(narrowed)
    return f"{sentence[0].upper()}{sentence[1:]}."


def threshold(rule: AlertRule) -> str:
    """From when on it holds: `10 in 5 min`, `more than 5 % in 10 min, of at least 100`."""
    if rule.threshold is None:
        return "at once"
    words = f"{_EDGE[rule.fires]}{_amount(rule, rule.threshold.value)}"
    if rule.fires == "at" and rule.watches not in ("missed_check_in", "failed_probe"):
        words = f"{words} or more" if rule.threshold.value != 1 or rule.watches not in _COUNTED else words
    if rule.watches in ("missed_check_in", "failed_probe"):
        return f"{words} in a row"
    if rule.short_window_s and rule.window_s:
        return f"{words}, both in {span(rule.window_s)} and in {span(rule.short_window_s)}"
    words = f"{words} in {span(rule.window_s)}" if rule.window_s else words
    return f"{words}, of at least {rule.minimum:,}" if rule.minimum > 1 else words


def value(rule: AlertRule | None, figure: float) -> str:
    """`12 events`, `6.3 %`, `14.4 times`; of a rule that is gone, the number."""
    return quantity(figure) if rule is None else _amount(rule, figure, exact=True)


def about(rule: AlertRule | None, key: str) -> str:
    """Which of several an episode is about: `route projects/`, `job nightly`; empty where there is one only."""
    if key == "all" or not key:
        return ""
    return f"{_kind_of_key(rule)} {key}".strip()


def _kind_of_key(rule: AlertRule | None) -> str:
    if rule is None:
        return ""
    if rule.watches in ("latency_p95", "latency_growth"):
        return "transaction"
    words = {
        "missed_check_in": "job",
        "failed_probe": "path",
        "burn_rate": "objective",
        "feature_failures": "feature",
    }
    if rule.watches in words:
        return words[rule.watches]
    if rule.features:
        return "feature"
    if rule.release == "new" and rule.per == "all":
        return "release"
    return "" if rule.per == "all" else rule.per


def _what(rule: AlertRule) -> str:
    if rule.watches == "counter":
        return f"the counter {rule.counter}"
    if rule.watches in ("gauge", "ratio"):
        return f"the {'figure' if rule.watches == 'gauge' else 'share'} {rule.gauge}"
    if rule.watches == "slow_transactions" and rule.slower_than_s:
        return f"transactions slower than {span(rule.slower_than_s)}"
    words = {
        "events": "events",
        "failed_probe": "answers of the application's health pages",
        "missed_check_in": "check-ins of scheduled jobs that did not come",
        "latency_growth": "how much the 95th percentile of a duration has grown",
        "latency_p95": "the 95th percentile of a duration",
    }
    return words.get(rule.watches, rule.watch.meaning)


def _narrowed(strategy: Strategy, rule: AlertRule) -> list[str]:
    parts = []
    if rule.categories:
        parts.append(f"of {_listed(rule.categories)}")
    if rule.severities:
        parts.append(f"of severity {_listed(rule.severities)}")
    parts += [f"with {name} = {wanted}" for name, wanted in rule.tags.items()]
    if rule.features:
        titles = [strategy.features[name].title for name in rule.features if name in strategy.features]
        parts.append(f"of {_listed(titles)}")
    if rule.slos:
        parts.append(f"for {_listed(rule.slos)}, each alone")
    if rule.release == "new":
        parts.append("of a release that was deployed within 24 h")
    if rule.baseline_s:
        parts.append(f"against the {span(rule.baseline_s)} before")
    if rule.per != "all":
        parts.append(_EACH[rule.per])
    return parts


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _amount(rule: AlertRule, figure: float, *, exact: bool = False) -> str:
    unit = rule.watch.unit
    if unit == "share":
        return share(figure)
    if unit == "seconds":
        return span(figure)
    if rule.watches == "gauge" and (rule.gauge or "").endswith("_s"):
        return span(figure)
    if rule.watches == "burn_rate":
        return f"{quantity(figure)} times too fast" if exact else f"{quantity(figure)} times the allowed pace"
    if rule.watches in ("missed_check_in", "failed_probe"):
        return quantity(figure, "misses") if figure != 1 else "1 miss"
    return quantity(figure, _COUNTED.get(rule.watches, ""))
