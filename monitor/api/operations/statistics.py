"""How much was received, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from monitor.api.calls import Call
from monitor.api.errors import field_error
from monitor.api.parameters import PARAMETERS, moment_or_span, span
from monitor.api.routing import operation
from monitor.api.schemas import define
from monitor.api.shapes.times import iso_of
from monitor.projects.models import Project
from monitor.stats.series import Steps, Which, grouped_series, project_series

_RESOLUTIONS = {"10s": 10, "1h": 3600, "1d": 86_400}
_POINTS_MAX = 10_000
_ORGANIZATION = "organizations/{organization_id_or_slug}/"
_WHICH = (
    "statsPeriod", "start", "end", "interval", "field", "project", "category", "outcome", "reason",
)  # fmt: skip
SERIES = define("StatsGroup", {"by": "object", "totals": "{int}", "series": "{[int]}"})
STATS = define("Stats", {"start": "date", "end": "date", "intervals": "[date]", "groups": f"[{SERIES}]"})
define("ProjectStats", {"id": "str", "slug": "str", "stats": "[object]"})
SUMMARY = define("StatsSummary", {"start": "date", "end": "date", "projects": "[ProjectStats]"})


@operation(
    "GET",
    "projects/{organization_id_or_slug}/{project_id_or_slug}/stats/",
    scopes=("project:read", "org:read"),
    summary="Events of a project by time: pairs of seconds since 1970 and a number",
    answer="[[int]]",
    query=("stat", "since", "until", "resolution"),
)
def project_stats(call: Call, project: Project) -> Any:
    stat = call.choice("stat", "received")
    length = _RESOLUTIONS[call.choice("resolution", "1h")]
    until = moment_or_span(call.query("until"), "until", call.now) if call.query("until") else call.now
    since = moment_or_span(call.query("since", "1d") or "1d", "since", call.now)
    steps = _steps(since, until, length, "resolution")
    return [list(pair) for pair in project_series(project.pk, stat, steps)]


def _steps(since: datetime, until: datetime, length: int, name: str) -> Steps:
    if since >= until:
        raise field_error("since", "It must be before the end.")
    if (until - since).total_seconds() / length > _POINTS_MAX:
        raise field_error(name, f"That would be more than {_POINTS_MAX:,} points: take longer steps.")
    return Steps.between(since, until, length)


@operation(
    "GET",
    f"{_ORGANIZATION}stats_v2/",
    scopes=("org:read",),
    summary="What was received, by outcome, category, reason and project, over time",
    answer=STATS,
    query=("groupBy", *_WHICH),
)
def organization_stats(call: Call) -> Any:
    field, which, steps = _asked(call)
    by = _group_by(call)
    groups = grouped_series(which, by, steps)
    return {
        "start": iso_of(steps.starts[0]),
        "end": iso_of(steps.starts[-1] + steps.length),
        "intervals": [iso_of(start) for start in steps.starts],
        "groups": [
            {
                "by": dict(zip(by, key, strict=True)),
                "totals": {field: sum(values)},
                "series": {field: values},
            }
            for key, values in sorted(groups.items(), key=lambda found: [str(part) for part in found[0]])
        ],
    }


@operation(
    "GET",
    f"{_ORGANIZATION}stats-summary/",
    scopes=("org:read",),
    summary="The same as totals of each project",
    answer=SUMMARY,
    query=_WHICH,
)
def organization_stats_summary(call: Call) -> Any:
    field, which, steps = _asked(call)
    sums: dict[int, dict[str, dict[str, int]]] = {}
    for (project, category, outcome), values in grouped_series(
        which, ("project", "category", "outcome"), steps
    ).items():
        sums.setdefault(int(project), {}).setdefault(str(category), {})[str(outcome)] = sum(values)
    return {
        "start": iso_of(steps.starts[0]),
        "end": iso_of(steps.starts[-1] + steps.length),
        "projects": [
            {
                "id": str(one.pk),
                "slug": one.slug,
                "stats": [
                    {"category": category, "outcomes": outcomes, "totals": {field: sum(outcomes.values())}}
                    for category, outcomes in sorted(sums.get(one.pk, {}).items())
                ],
            }
            for one in call.projects
        ],
    }


def _asked(call: Call) -> tuple[str, Which, Steps]:
    field = call.choice("field", "sum(quantity)")
    since, until = call.period or (call.now - timedelta(days=1), call.now)
    interval = span(call.query("interval", "1h") or "1h", "interval")
    length = int(interval.total_seconds())
    if length % 60:
        raise field_error("interval", "It must be whole minutes.")
    which = Which(
        [one.pk for one in call.projects],
        categories=call.request.GET.getlist("category"),
        outcomes=call.request.GET.getlist("outcome"),
        reasons=call.request.GET.getlist("reason"),
    )
    return field, which, _steps(since, until, length, "interval")


def _group_by(call: Call) -> list[str]:
    given = [name for name in call.request.GET.getlist("groupBy") if name]
    possible = PARAMETERS["groupBy"][0]["items"]["enum"]
    wrong = [name for name in given if name not in possible]
    if wrong:
        raise field_error("groupBy", f"This is {wrong[0][:40]!r}; it must be one of {', '.join(possible)}.")
    return list(dict.fromkeys(given))
