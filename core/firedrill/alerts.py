"""From an event to whoever is told: the episode of each rule that must fire, its incident, its notifications."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from core.firedrill.expectations import (
    Cause,
    channels_of,
    opens_incident,
    rule_called,
    rules_that_fire,
    waits_for_morning,
)
from core.firedrill.lines import ALERTED, TOLD, Line, judged, left_out
from core.firedrill.monitor_api import Json
from core.firedrill.quiet import is_quiet
from core.firedrill.watching import Alert, Seen
from strategy.model.alerting import AlertRule

if TYPE_CHECKING:
    from core.firedrill.scene import Scene

_CLOCKS_S = 2.0
"""An episode begins in a whole second, and two processes have two clocks."""
NEW = "new-issue"


def follow_alerts(scene: Scene, drill: str, cause: Cause, seen: Seen, asked_at: float) -> Iterator[Line]:
    """Of every rule that this cause alone makes hold, and of the rule for new issues where it is one."""
    for rule in rules_that_fire(scene.strategy, cause):
        yield from follow_rule(scene, drill, rule.id, asked_at, issue_id=seen.issue_id)
    issue = scene.api.issue(seen.issue_id) or {}
    new = next((rule for rule in scene.strategy.alerts if rule.watches == "new_issue"), None)
    if new is None or (new.severities and cause.severity not in new.severities):
        return
    if seconds_of(str(issue.get("firstSeen"))) >= asked_at - _CLOCKS_S:
        yield from follow_rule(scene, drill, new.id, asked_at)


def follow_rule(
    scene: Scene,
    drill: str,
    name: str,
    since: float,
    *,
    release: str = "",
    issue_id: str = "",
    is_timed: bool = True,
    longer_s: float = 0.0,
) -> Iterator[Line]:
    """Its episode, who was told of it, and its incident. `is_timed`: its seconds are a time of detection.

    `longer_s`: how long it takes until the rule can hold at all.
    """
    rule = rule_called(scene.strategy, name)
    check = f"{ALERTED} {name}"
    scene.say(f"{drill}: waiting for the alert {name}")
    within_s = scene.patience.alerted_s + longer_s
    alert = scene.watch.wait(lambda: covering(scene, rule, since, release), within_s)
    if alert is None:
        yield _no_episode(scene, drill, check, rule, since, within_s)
        return
    is_new = _began(alert) >= since - _CLOCKS_S
    took_s = max(0.0, alert.first_at - since) if is_new and is_timed else None
    at = datetime.fromtimestamp(_began(alert)).astimezone().strftime("%H:%M:%S")
    seen = "fires" if is_new else f"fired at {at}, holds or cools down"
    yield judged(drill, check, f"{rule.severity}: {rule.title}", seen, True, took_s)
    yield _told(scene, drill, rule, alert, since if is_new and is_timed else None)
    if opens_incident(scene.strategy, rule):
        yield _incident(scene, drill, rule, alert, issue_id if is_new else "")


def follow_end(scene: Scene, drill: str, name: str, since: float, within_s: float) -> Line:
    """That its episode is over, once what it tells of is."""
    rule = rule_called(scene.strategy, name)

    def is_over() -> bool:
        found = covering(scene, rule, since, "")
        return found is not None and not found.what["isOpen"]

    if covering(scene, rule, since, "") is None:
        return left_out(drill, f"end {name}", "the alert is over", "no episode of this drill")
    scene.say(f"{drill}: waiting for the end of {name}")
    began = time.monotonic()
    over = scene.watch.wait(is_over, within_s)
    seen = "is over" if over else f"still open after {within_s:.0f} s"
    return judged(drill, f"end {name}", "the alert is over", seen, over, time.monotonic() - began)


def covering(scene: Scene, rule: AlertRule, since: float, release: str) -> Alert | None:
    """The episode that tells of what happens now: the first that began since, else one that is open or cools down.

    Only of this drill: what fired before it proves nothing of the system as it is now.
    """
    mine = sorted(
        (
            alert
            for alert in scene.watch.alerts()
            if alert.what["rule"] == rule.id
            and release in ("", alert.what["release"])
            and _began(alert) >= scene.began_at - _CLOCKS_S
        ),
        key=_began,
    )
    begun = [alert for alert in mine if _began(alert) >= since - _CLOCKS_S]
    before = [alert for alert in mine if _ended(alert) + rule.cooldown_s >= since]
    return begun[0] if begun else (before[-1] if before else None)


def _no_episode(scene: Scene, drill: str, check: str, rule: AlertRule, since: float, within_s: float) -> Line:
    """Wrong, unless an earlier one from before the drill silences it: then nothing can be learned today."""
    expected = f"{rule.severity}: {rule.title}"
    for alert in scene.watch.alerts():
        if alert.what["rule"] == rule.id and _ended(alert) + rule.cooldown_s >= since:
            return left_out(drill, check, expected, "it fired before this drill, and holds or cools down")
    return judged(drill, check, expected, f"nothing after {within_s:.0f} s", False)


def _told(scene: Scene, drill: str, rule: AlertRule, alert: Alert, since: float | None) -> Line:
    wanted = set(channels_of(scene.strategy, rule))
    expected = f"{', '.join(sorted(wanted)) or 'nobody'}"

    def sent() -> list[Json]:
        for each in _told_together(scene, alert):
            found = _notifications(scene, each)
            if {one["channel"] for one in found if one["state"] == "sent"} >= wanted:
                return found
        return []

    if waits_for_morning(scene.strategy, rule) and is_quiet(scene.strategy, _began(alert)):
        states = {one["channel"]: one["state"] for one in _notifications(scene, alert)}
        holds = set(states) == wanted and set(states.values()) <= {"waiting"}
        seen = "waits until the quiet hours are over" if holds else _states(states)
        return judged(drill, f"{TOLD} {rule.id}", f"{expected}, after quiet hours", seen, holds)
    scene.say(f"{drill}: waiting until {expected} are told")
    found = scene.watch.wait(sent, scene.patience.told_s)
    states = {one["channel"]: one["state"] for one in found or _notifications(scene, alert)}
    too_many = set(states) - wanted
    last = max((seconds_of(one["sentAt"]) for one in found), default=0.0)
    seconds = None if since is None or not found else max(0.0, last - since)
    return judged(
        drill,
        f"{TOLD} {rule.id}",
        expected,
        _states(states),
        bool(found or not wanted) and not too_many,
        seconds,
    )


def _told_together(scene: Scene, alert: Alert) -> list[Alert]:
    """It, and others of its rule since: several that begin together are told as one, with the first of them."""
    others = [
        each
        for each in scene.watch.alerts()
        if each.what["rule"] == alert.what["rule"]
        and each.what["release"] == alert.what["release"]
        and _began(each) >= _began(alert)
    ]
    return [alert, *others]


def _notifications(scene: Scene, alert: Alert) -> list[Json]:
    """Of the episode, or of the one with which it is told together."""
    now = scene.watch.alert(alert.what["id"])
    return [one for one in (now or alert).what["notifications"] if one["kind"] == "fired"]


def _states(states: dict[str, str]) -> str:
    return ", ".join(f"{channel} {state}" for channel, state in sorted(states.items())) or "nobody"


def _incident(scene: Scene, drill: str, rule: AlertRule, alert: Alert, issue_id: str) -> Line:
    """Open, at least as severe as the rule, with the alert in it and the issue that made it fire."""

    def found() -> Json | None:
        number = (scene.watch.alert(alert.what["id"]) or alert).what["incident"]
        return (
            None
            if number is None
            else next((one for one in scene.api.incidents() if one["number"] == number), None)
        )

    incident = scene.watch.wait(found, scene.patience.alerted_s)
    expected = f"an incident of {rule.severity} or worse, with this"
    if incident is None:
        return judged(drill, "incident", expected, "none", False)
    ranks = scene.strategy.severities
    holds = ranks[incident["severity"]].rank <= ranks[rule.severity].rank
    holds = holds and alert.what["id"] in incident["alerts"]
    holds = holds and issue_id in ("", *(one["id"] for one in incident["issues"]))
    seen = (
        f"#{incident['number']} {incident['severity']} {incident['state']}, {len(incident['issues'])} issues"
    )
    return judged(drill, "incident", expected, seen, holds)


def _began(alert: Alert) -> float:
    return seconds_of(alert.what["beganAt"])


def _ended(alert: Alert) -> float:
    """The future for one that is open."""
    ended = alert.what["endedAt"]
    return seconds_of(ended) if ended else time.time() + 1


def seconds_of(moment: str) -> float:
    """Seconds since 1970; 0 for what is no time."""
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return 0.0
