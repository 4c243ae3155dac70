"""A report as Markdown: the text of its mail, and its file to take along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alerts.links import incident_url, issue_url
from monitor.reports.counts import Json
from monitor.reports.figures_words import duration, milliseconds, number, of_unit, share, summary_rows
from monitor.reports.models import Kind, Report

_ESCAPED = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_[]<>|#"})


def title_of(report: Report, zone: ZoneInfo) -> str:
    """`Daily digest of Friday, 27 November 2026`."""
    return f"{report.get_kind_display()} {when_of(report, zone)}"


def when_of(report: Report, zone: ZoneInfo) -> str:
    """`of November 2026`, `of 16 to 22 November 2026`, `of Friday, 27 November 2026`."""
    first = report.since.astimezone(zone)
    last = report.until.astimezone(zone)
    if report.kind == Kind.MONTHLY:
        return f"of {first:%B %Y}"
    if report.kind == Kind.TRIAGE:
        return f"of {last:%A}, {last.day} {last:%B %Y}"
    if report.kind == Kind.WEEKLY:
        end = last - timedelta(days=1)
        start = f"{first.day}" if first.month == end.month else f"{first.day} {first:%B}"
        return f"of {start} to {end.day} {end:%B %Y}"
    return f"of {first:%A}, {first.day} {first:%B %Y}"


def markdown_of(report: Report, zone: ZoneInfo, sections: Iterable[Json] | None = None) -> str:
    """All of it, or these sections of it."""
    chosen = list(report.sections if sections is None else sections)
    lines = [f"# {title_of(report, zone)}", ""]
    for section in chosen:
        lines += [f"## {plain(section['project']['name'])}", "", *_section(section, zone)]
    lines += _common(report.common)
    return "\n".join(lines).rstrip() + "\n"


def plain(text: str) -> str:
    """Words of others: nothing in them is markup, and they are one line."""
    return " ".join(text.split()).translate(_ESCAPED)


def _section(section: Json, zone: ZoneInfo) -> Iterator[str]:
    if "number" in section:
        yield from _triage(section)
        return
    for key, write in _PARTS:
        if section.get(key):
            yield from write(section[key], zone)


def _triage(section: Json) -> Iterator[str]:
    if not section["number"]:
        yield from ("Nothing waits to be looked at.", "")
        return
    yield from (f"{section['number']:,} issues wait for somebody.", "", *_issues(section["issues"]), "")


def _decisions(found: list[Json], zone: ZoneInfo) -> Iterator[str]:
    yield from ("### To decide", "", *(f"- {plain(one['words'])}" for one in found), "")


def _summary(found: Json, zone: ZoneInfo) -> Iterator[str]:
    yield from ("| | now | before | |", "| --- | ---: | ---: | ---: |")
    yield from (f"| {label} | {now} | {then} | {grown} |" for label, now, then, grown in summary_rows(found))
    yield ""


def _listed_issues(heading: str) -> Callable[[Json, ZoneInfo], Iterator[str]]:
    def write(found: Json, zone: ZoneInfo) -> Iterator[str]:
        if found["number"]:
            yield from (f"### {heading}: {found['number']:,}", "", *_issues(found["issues"]), "")

    return write


def _top(found: list[Json], zone: ZoneInfo) -> Iterator[str]:
    yield from ("### Most often", "", *_issues(found), "")


def _issues(found: list[Json]) -> Iterator[str]:
    for one in found:
        about = ", ".join(filter(None, (one["severity"], one["category"], f"{one['times']:,} times")))
        yield f"- [{plain(one['short_id'])}]({issue_url(one['id'])}) {plain(one['title'])} ({about})"


def _incidents(found: Json, zone: ZoneInfo) -> Iterator[str]:
    if not found["number"]:
        return
    yield from (f"### Incidents: {found['number']}, {found['opened']} of them new", "")
    for one in found["incidents"]:
        when = datetime.fromtimestamp(one["detected_at"], zone)
        took = (
            ""
            if one["resolved_at"] is None
            else f", took {duration(one['resolved_at'] - one['detected_at'])}"
        )
        link = f"[#{one['number']}]({incident_url(one['number'])})"
        yield f"- {link} {one['severity']} {plain(one['title'])}: {one['state'].lower()}, {when:%d %b %H:%M}{took}"
    yield ""


def _alerts(found: Json, zone: ZoneInfo) -> Iterator[str]:
    if not found["number"]:
        return
    yield from (f"### Alerts: {found['number']}", "", "| rule | fired | useful | of no use | unsaid |")
    yield "| --- | ---: | ---: | ---: | ---: |"
    for one in found["rules"]:
        yield (
            f"| {plain(one['title'])} ({one['severity']}) | {one['number']} | {one['useful']} | {one['useless']}"
            f" | {one['unsaid']} |"
        )
    yield ""


def _speed(found: Json, zone: ZoneInfo) -> Iterator[str]:
    p95 = found["p95_ms"]
    yield from (
        "### Performance",
        "",
        f"95 % of requests took at most {milliseconds(p95['now'])} (before: {milliseconds(p95['before'])}).",
        "",
    )
    for one in found["slower"]:
        yield f"- slower: {plain(one['name'])}, {milliseconds(one['before_ms'])} → {milliseconds(one['p95_ms'])}"
    if found["slower"]:
        yield ""


def _budgets(found: list[Json], zone: ZoneInfo) -> Iterator[str]:
    yield from (
        "### Objectives",
        "",
        *(f"- {plain(one['title'])} {plain(one['words'])}" for one in found),
        "",
    )


def _response(found: list[Json], zone: ZoneInfo) -> Iterator[str]:
    yield from ("### Response", "", "| | now | before | goal | |", "| --- | ---: | ---: | ---: | --- |")
    for one in found:
        met = {True: "met", False: "missed", None: ""}[one["is_met"]]
        sign = "at least" if one["more_is_better"] else "at most"
        now, before, goal = (of_unit(one[key], one["unit"]) for key in ("value", "before", "goal"))
        yield f"| {one['label']} | {now} | {before} | {sign} {goal} | {met} |"
    yield ""


def _volume(found: Json, zone: ZoneInfo) -> Iterator[str]:
    used, forecast, planned = (number(found[key]) for key in ("used", "forecast", "quota"))
    words = f"{used} errors this month, {forecast} to be expected; {planned} are planned."
    yield from ("### Volume", "", words, "")


def _categorised(found: Json, zone: ZoneInfo) -> Iterator[str]:
    if found["share"] is not None:
        now, goal = (share(found[key], 1) for key in ("share", "goal"))
        words = f"{now} of {number(found['total'])} events have a category (goal: {goal})."
        yield from ("### Categories", "", words, "")


def _stale(found: Json, zone: ZoneInfo) -> Iterator[str]:
    if found["number"]:
        after = duration(found["after_s"])
        yield from (
            f"### Resolved themselves: {found['number']} (not seen for {after})",
            "",
            *_issues(found["issues"]),
            "",
        )


def _overdue(found: list[Json], zone: ZoneInfo) -> Iterator[str]:
    yield from ("### Reviews overdue", "")
    yield from (f"- [#{one['number']}]({incident_url(one['number'])}) {plain(one['title'])}" for one in found)
    yield ""


def _without_rule(found: list[Json], zone: ZoneInfo) -> Iterator[str]:
    yield from ("### Incidents that no rule told of", "")
    yield from (f"- [#{one['number']}]({incident_url(one['number'])}) {plain(one['title'])}" for one in found)
    yield ""


def _deploys(found: list[Json], zone: ZoneInfo) -> Iterator[str]:
    yield from ("### Deploys", "")
    for one in found:
        when = datetime.fromtimestamp(one["at"], zone)
        yield f"- {plain(one['release'])} to {plain(one['environment'])}, {when:%d %b %H:%M}"
    yield ""


_PARTS: tuple[tuple[str, Callable[..., Iterator[str]]], ...] = (
    ("decisions", _decisions),
    ("summary", _summary),
    ("response", _response),
    ("new", _listed_issues("New kinds of errors")),
    ("returned", _listed_issues("Returned")),
    ("top", _top),
    ("speed", _speed),
    ("incidents", _incidents),
    ("without_rule", _without_rule),
    ("overdue_reviews", _overdue),
    ("alerts", _alerts),
    ("budgets", _budgets),
    ("categorised", _categorised),
    ("stale", _stale),
    ("volume", _volume),
    ("deploys", _deploys),
)


def _common(found: Json) -> Iterator[str]:
    document = found.get("document")
    if document:
        state = "**It is time to read it together again.**" if document["is_overdue"] else "It is up to date."
        yield from (
            "## The strategy",
            "",
            f"Reviewed {document['reviewed']}, {document['days_ago']} days ago; due again {document['due']}. {state}",
            "",
        )
    if found.get("ignored"):
        yield from ("### Never sent one by one: is it still right?", "")
        yield from (f"- `{one['class']}`: {plain(one['reason'])}" for one in found["ignored"])
        yield ""
