"""What the page behind each number of a panel makes of it: reckoned from the page's own context, in the panel's words.

`FIGURES` is of the figure of a panel, `BEHIND` of the link at its head where that is another one, `VALUES` of the
numbers of its lines and `LABELS` of their names. A panel or a line that is not here has no known comparison.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.test import Client

from monitor.dashboards.panel import Line, Panel
from monitor.incidents.models import State
from monitor.metrics.selectors import is_failed
from monitor.site.quantities import quantity, share
from tests.monitor_site.incidents.agreeing import follow, reckoned

_DAY_S = 86_400
Page = Any
"""The context of a page."""


def parts(page: Page) -> dict[str, float]:
    """Of a metric, by the label that it is taken apart by: sums."""
    return {part.value: part.figure for part in page["parts"]}


def numbers(page: Page) -> dict[str, int]:
    """The same: how often it was measured."""
    return {part.value: part.number for part in page["parts"]}


def whole(page: Page, words: str) -> float | None:
    """One of the figures of all of a metric."""
    found: float | None = next(value for name, value, _ in page["whole"] if name == words)
    return found


def share_of(counted: Mapping[str, float], good: str, bad: str) -> float:
    """Of what is good or bad; all else does not count."""
    return counted.get(good, 0) / (counted.get(good, 0) + counted.get(bad, 0))


def failed_requests(page: Page) -> str:
    counted = parts(page)
    failed = sum(number for status, number in counted.items() if is_failed(status))
    return quantity(failed / sum(counted.values()), "share")


def hits(page: Page) -> str:
    counted = parts(page)
    return quantity(counted["hit"] / sum(counted.values()), "share")


def issues(page: Page) -> int:
    """How many a list of issues has, all of its pages."""
    assert page["listing"].error is None
    found: int = page["page"].paginator.count
    return found


def events(page: Page) -> int:
    """Of all issues of the list, in its time."""
    assert issues(page) == len(page["rows"]), "The history has more issues than a page."
    return sum(row.in_period for row in page["rows"])


def has_events(page: Page, number: int) -> bool:
    """Whether its issues have so many. Of less than a day it shows a day, and says so: then they may have more."""
    found = events(page)
    return found == number or (page["filters"].period < _DAY_S and found > number)


def number_in(text: str) -> int:
    """The last one: of `in 1,204 events`, 1204."""
    return int(re.findall(r"[\d,]+", text)[-1].replace(",", ""))


def row_of(page: Page, name: str) -> int:
    """Of the page of counted events."""
    found: int = next(row.number for row in page["found"].rows if row.name == name)
    return found


FIGURES: Mapping[str, Callable[[Page, Panel], str]] = {
    "health": lambda page, panel: "Incident" if page["rows"] and page["choice"].tab == "open" else "?",
    "objectives": lambda page, panel: f"{page['kept']} of {page['counted']}",
    "error_budgets": lambda page, panel: quantity(
        round(min(one.left for one, _ in page["rows"] if one.left is not None), 3), "share"
    ),
    "feature_success": lambda page, panel: quantity(share_of(parts(page), "ok", "failed"), "share"),
    "user_impact": lambda page, panel: (
        quantity(page["all"].unhealthy_sessions, "share")
        if "all" in page
        else quantity(page["found"].users, "users")
    ),
    "critical_errors": lambda page, panel: quantity(page["found"].total),
    "error_rate": lambda page, panel: failed_requests(page),
    "error_types": lambda page, panel: quantity(page["found"].page.paginator.count),
    "error_trend": lambda page, panel: quantity(page["found"].total),
    "affected_users": lambda page, panel: quantity(page["found"].users),
    "categories": lambda page, panel: quantity(page["found"].covered, "share"),
    "new_issues": lambda page, panel: quantity(issues(page)),
    "regressions": lambda page, panel: quantity(issues(page)),
    # The list is of the issues that the commits are suspected of; the commits are the panel's own lines.
    "suspect_commits": lambda page, panel: (
        quantity(len(panel.lines)) if panel.note == f"for {quantity(issues(page), 'issues')}" else "?"
    ),
    "releases": lambda page, panel: page["rows"][0][0].version.rpartition("@")[2],
    "deploys": lambda page, panel: quantity(page["deploys"]),
    "latency_beside_errors": lambda page, panel: quantity(page["together"]["p95"], "ms"),
    "slow_queries": lambda page, panel: quantity(page["number_of_findings"]),
    "retry_success": lambda page, panel: quantity(share_of(parts(page), "ok", "failed"), "share"),
    "task_failures": lambda page, panel: quantity(share_of(parts(page), "failed", "ok"), "share"),
    "processing_time": lambda page, panel: quantity(whole(page, "p95"), "s"),
    "training_time": lambda page, panel: quantity(whole(page, "p95"), "s"),
    "data_quality": lambda page, panel: quantity(share_of(numbers(page), "ok", "refused"), "share"),
    "queue_age": lambda page, panel: quantity(whole(page, "Now"), "s"),
    "queue_length": lambda page, panel: quantity(whole(page, "Now"), "jobs"),
    "cache_hit_ratio": lambda page, panel: hits(page),
    "database_connections": lambda page, panel: quantity(whole(page, "Now"), "connections"),
    "memory": lambda page, panel: quantity(whole(page, "Now"), "bytes"),
    "incidents": lambda page, panel: quantity(page["means"].number),
    "on_call": lambda page, panel: next(duty.holders[0].name for duty, _ in page["duties"] if duty.holders),
    "resolution_time": lambda page, panel: quantity(round(page["means"].resolve), "s"),
    "volume": lambda page, panel: share(page["quota"].share),
}


def _by_users(page: Page, panel: Panel) -> bool:
    users = [row.issue.users for row in page["rows"]]
    return bool(users) and users == sorted(users, reverse=True)


BEHIND: Mapping[str, Callable[[Page, Panel], bool]] = {
    "health": lambda page, panel: page["in_all"].open == page["page"].paginator.count,
    "critical_errors": lambda page, panel: (
        has_events(page, number_in(panel.figure))
        and {row.issue.severity for row in page["rows"]}
        == {"P0", "P1"} & {row.issue.severity for row in page["rows"]}
    ),
    "error_types": lambda page, panel: has_events(page, number_in(panel.note)),
    "error_trend": lambda page, panel: has_events(page, number_in(panel.figure)),
    "affected_users": _by_users,
    "user_impact": _by_users,
    "categories": lambda page, panel: has_events(
        page, sum(number_in(one.value) for one in panel.lines if one.label == "uncategorised")
    ),
}


def _of_incidents(page: Page, line: Line) -> bool:
    incident = page["incident"]
    return line.label == f"#{incident.number} {incident.title}" and line.value == State(incident.state).label


def _of_release(page: Page, line: Line) -> bool:
    health = page["health"]
    crash_free = health.crash_free_sessions
    said = f"{quantity(health.new_issues, 'new issues')} · {quantity(health.events, 'errors')}"
    kept = "no sessions" if crash_free is None else f"{share(crash_free)} free of crashes"
    return (line.label, line.value, line.hint) == (page["release"].version, kept, said)


def _of_health(page: Page, line: Line) -> bool:
    if line.label == "Open incidents":
        return line.value == quantity(page["page"].paginator.count)
    if line.label == "Open alerts":
        return line.value == quantity(page["page"].paginator.count) == quantity(page["in_all"].open)
    known = {f"/{one.target.url.split('/', 3)[3]}": one.target for one in page["courses"]}
    target = known[line.label.removeprefix("Probe ")]
    return line.value == f"up, {quantity(target.last_ms, 'ms')}"


LABELS: Mapping[str, Callable[[Page, Line], bool]] = {
    "health": _of_health,
    "objectives": lambda page, line: (line.label, line.hint) == (page["one"].slo.title, page["one"].words),
    "error_budgets": lambda page, line: line.value == quantity(round(page["one"].left, 3), "share"),
    "feature_success": lambda page, line: (
        line.value == quantity(share_of(parts(page), "ok", "failed"), "share")
        and line.hint == quantity(round(sum(parts(page).values())), "uses")
    ),
    "user_impact": lambda page, line: bool(page["rows"]),
    "error_types": lambda page, line: has_events(page, number_in(line.value)),
    "categories": lambda page, line: has_events(page, number_in(line.value)),
    "new_issues": lambda page, line: (
        (page["issue"].title, quantity(page["issue"].times)) == (line.label, line.value)
    ),
    "regressions": lambda page, line: (
        (page["issue"].title, quantity(page["issue"].times)) == (line.label, line.value)
    ),
    "suspect_commits": lambda page, line: page["issue"].first_release in line.hint,
    "releases": _of_release,
    "deploys": lambda page, line: line.label == page["release"].version and bool(page["deploys"]),
    "slow_queries": lambda page, line: (
        (line.label, line.value)
        in {(one.statement.text[:120], quantity(one.max_ms, "ms")) for one, _ in page["findings"]}
    ),
    # Issues of the task: that it failed need not have been reported, only counted.
    "task_failures": lambda page, line: issues(page) >= 0,
    "incidents": _of_incidents,
}
VALUES: Mapping[str, Callable[[Page, Line], str]] = {
    "error_types": lambda page, line: quantity(row_of(page, line.label)),
    "categories": lambda page, line: quantity(row_of(page, line.label)),
    "user_impact": lambda page, line: quantity(page["found"].users),
    "task_failures": lambda page, line: quantity(round(parts(page)["failed"])),
    "volume": lambda page, line: quantity(
        next(used for project, used, _ in page["by_project"] if project.name == line.label)
    ),
}


_NAMES = {
    "Detected after": "detect",
    "Acknowledged after": "acknowledge",
    "Resolved in time": "in_time",
    "Came back": "recurrence",
    "Alerts of no use": "false_positives",
    "Events with a category": "coverage",
}


def _said_of(client: Client, line: Line) -> str:
    """Of a goal: `P0 resolved after` is the figure resolve_P0."""
    severity, _, rest = line.label.partition(" ")
    name = f"resolve_{severity}" if rest == "resolved after" else _NAMES[line.label]
    value, _ = reckoned(client, name, line.url)
    is_share = name in ("in_time", "recurrence", "false_positives", "coverage")
    return quantity(value, "share") if is_share else quantity(round(value), "s")


def check_panel(client: Client, panel: Panel) -> None:
    """Each link of it, its lines' too. Fails with a KeyError for one whose number nobody knows how to count again."""
    address = panel.counted_url or panel.url
    assert address, f"{panel.name}: its figure leads nowhere."
    assert FIGURES[panel.name](follow(client, address), panel) == panel.figure, (panel.name, address)
    if panel.counted_url and panel.url != panel.counted_url:
        assert BEHIND[panel.name](follow(client, panel.url), panel), (panel.name, panel.url)
    for line in panel.lines:
        if panel.name == "resolution_time":
            assert _said_of(client, line) == line.value, (panel.name, line)
        elif line.url:
            assert LABELS[panel.name](follow(client, line.url), line), (panel.name, line)
        if line.counted_url:
            page = follow(client, line.counted_url)
            assert VALUES[panel.name](page, line) == line.value, (panel.name, line)
