"""Rules whose windows are longer than a drill can wait, held against a made stream in virtual time: one that must make
each fire, at the second, and one just below it that must not."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings

from core.firedrill.expectations import rules_with_long_windows
from core.firedrill.lines import Line, Verdict, judged, left_out, rehearsed
from core.firedrill.monitor_api import Json
from core.firedrill.scene import Scene
from strategy.model.alerting import AlertRule
from strategy.model.strategy import Strategy

PROGRAM = "monitor.alerts.rehearsal"
TESTED_IN = "tests/monitor_site/alerts/streams_of_rules.py"
LONGEST_WAIT_S = 60.0
_BEGIN, _APART_S = 1_800_000_000, 40 * 86_400
_WITHIN_S = 120


class Rehearsals:
    """All in one stream, each rule weeks from the one before it, so that none is in another's window or cooldown."""

    name, wave, at_the_end = "rehearsals", 8, False
    does = "Rules with long windows are held against a stream in virtual time, at their threshold and just below."
    needs: tuple[str, ...] = ()

    def begin(self, scene: Scene) -> None:
        """Nothing is broken."""

    def mend(self, scene: Scene) -> None:
        """Nothing was stopped."""

    def follow(self, scene: Scene) -> Iterator[Line]:
        rules = list(rules_with_long_windows(scene.strategy, LONGEST_WAIT_S))
        if importlib.util.find_spec(PROGRAM.partition(".")[0]) is None:
            yield left_out(self.name, "rehearsal", self.does, f"{PROGRAM} is not installed here")
            return
        makers = {rule.id: _MAKERS.get(rule.watches) for rule in rules}
        starts = {rule.id: _BEGIN + 2 * place * _APART_S for place, rule in enumerate(rules)}
        stream: list[Json] = []
        for rule in rules:
            if make := makers[rule.id]:
                stream += make(scene.strategy, rule, starts[rule.id], True)
                stream += make(scene.strategy, rule, starts[rule.id] + _APART_S, False)
        fired = _rehearse(stream, _BEGIN + 2 * len(rules) * _APART_S)
        for rule in rules:
            if makers[rule.id] is None:
                yield rehearsed(self.name, rule.id, f"fires: {rule.title}", f"in {TESTED_IN}")
            else:
                yield _judged(self.name, rule, fired, starts[rule.id])


def _judged(drill: str, rule: AlertRule, fired: list[Json], start: int) -> Line:
    mine = [one["at"] for one in fired if one["rule"] == rule.id]
    hit = [at - start for at in mine if start <= at < start + _APART_S]
    missed = [at for at in mine if start + _APART_S <= at < start + 2 * _APART_S]
    expected = "fires at its threshold, not below"
    words = f"fires after {hit[0]:.0f} s of virtual time" if hit else "does not fire"
    seen = f"{words}{', and below it' if missed else ''}"
    if hit and not missed:
        return Line(drill, rule.id, expected, seen, Verdict.REHEARSED)
    return judged(drill, rule.id, expected, seen, False)


def _rehearse(stream: list[Json], until: int) -> list[Json]:
    """Raises LookupError with what the rehearsal said when it refuses."""
    text = "".join(json.dumps(line) + "\n" for line in stream)
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM, "--stream", "-", "--json", "--until", str(until)],
        input=text, capture_output=True, text=True, check=False, timeout=_WITHIN_S, cwd=settings.BASE_DIR,
    )  # fmt: skip
    if done.returncode != 0:
        raise LookupError(f"{PROGRAM}: {done.stderr.strip()[-300:]}")
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [one for one in found if one["kind"] == "fired"]


def _events(strategy: Strategy, rule: AlertRule, start: int, enough: bool) -> list[Json]:
    """So many within the window, from its first second to its last but one."""
    number = _count(rule) - (0 if enough else 1)
    category = rule.categories[0] if rule.categories else "maintenance"
    severity = rule.severities[0] if rule.severities else "P4"
    span_s = (rule.window_s or 60) - 1
    release = f"drill@{start}"
    deploy = {"kind": "deploy", "time": start, "environment": "production", "release": release}
    return [*([deploy] if rule.release == "new" else [])] + [
        {
            "kind": "event",
            "time": start + place * span_s // max(1, number - 1),
            "issue": 7,
            "category": category,
            "severity": severity,
            "release": release,
        }
        for place in range(number)
    ]


def _counter(strategy: Strategy, rule: AlertRule, start: int, enough: bool) -> list[Json]:
    value = _count(rule) - (0 if enough else 1)
    return [{"kind": "counter", "name": rule.counter, "time": start, "value": value}]


def _gauge(strategy: Strategy, rule: AlertRule, start: int, enough: bool) -> list[Json]:
    value = _threshold(rule) + (_step(rule) if enough else -_step(rule))
    return [{"kind": "gauge", "name": rule.gauge, "time": start, "value": value}]


def _share(kind: str) -> Callable[[Strategy, AlertRule, int, bool], list[Json]]:
    """Of so many that a share is exact to a thousandth; what is good may fall `under`, what is bad rise."""

    def make(strategy: Strategy, rule: AlertRule, start: int, enough: bool) -> list[Json]:
        total = 1000 * max(1, rule.minimum // 1000 + 1)
        share = 1 - _threshold(rule) if rule.fires == "under" else _threshold(rule)
        exact = round(share * total)
        more = 1 if rule.fires in ("over", "under") else 0
        bad = exact + more if enough else exact + more - 1
        name = {"uses": rule.features[0] if rule.features else "", "ratio": rule.gauge or ""}.get(
            kind, "home"
        )
        line: Json = {"kind": kind, "time": start, "total": total, "bad": bad}
        return [line if kind == "sessions" else line | {"name": name}]

    return make


def _durations(strategy: Strategy, rule: AlertRule, start: int, enough: bool) -> list[Json]:
    """So many slow requests; or, of a percentile, all of them a little slower or quicker than it."""
    if rule.slower_than_s is not None:
        number = _count(rule) - (0 if enough else 1)
        pairs = [[rule.slower_than_s * 1.1, number]]
    else:
        pairs = [[_threshold(rule) * (1.1 if enough else 0.9), rule.minimum]]
    return [{"kind": "durations", "name": "home", "time": start, "durations": pairs}]


def _threshold(rule: AlertRule) -> float:
    return rule.threshold.value if rule.threshold else 1.0


def _count(rule: AlertRule) -> int:
    """With which it fires."""
    return int(_threshold(rule)) + (1 if rule.fires == "over" else 0)


def _step(rule: AlertRule) -> float:
    return max(1.0, _threshold(rule) * 0.01)


_MAKERS: dict[str, Any] = {
    "events": _events,
    "counter": _counter,
    "gauge": _gauge,
    "ratio": _share("ratio"),
    "error_rate": _share("requests"),
    "feature_failures": _share("uses"),
    "crash_free_sessions": _share("sessions"),
    "slow_transactions": _durations,
    "latency_p95": _durations,
}
"""By what the rule watches. Burn rates and growth need days of traffic before them: the strategy's tests have it."""
