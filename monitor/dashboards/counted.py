"""Events counted out by what the strategy says of them, or by their type: where the figures of panels and reports are
counted again, each number leading on to its issues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Sum

from monitor.dashboards import readings
from monitor.dashboards.affected import users_affected
from monitor.dashboards.look import Look
from monitor.dashboards.step_charts import step_bars
from monitor.digest.system.coverage import UNCATEGORISED
from monitor.site.chart_parts import Chart

BY: Mapping[str, str] = {"severity": "Severity", "category": "Category", "type": "Type"}
"""What `?by=` may be."""
LEVELS: Mapping[str, str] = {"errors": "Errors", "all": "All events"}
"""What `?level=` may be: events of level error and fatal, or what is less, too."""
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """Of one value; `name` is it in words, `url` leads to its issues."""

    value: str
    name: str
    number: int
    share: float
    url: str


@dataclass(frozen=True, slots=True)
class Counted:
    """`rows` are those of `page`; `covered`: the share that has a category, by category only; `users`: whom they met, of
    all errors only."""

    rows: list[Row]
    page: Page[tuple[str, int]]
    total: int
    covered: float | None
    users: int | None
    chart: Chart | None


def counted(
    look: Look, by: str, *, page: str = "", severities: Sequence[str] = (), errors_only: bool = True
) -> Counted:
    """Of a look; `severities` narrows it to these. Types are counted by the hour, of errors of all severities."""
    numbers = _by_type(look) if by == "type" else _numbers(look, by, severities, errors_only)
    total = sum(numbers.values())
    ranked = sorted(numbers.items(), key=lambda one: _rank(by, *one))
    shown = Paginator(ranked, PAGE_SIZE).get_page(page)
    rows = [
        Row(value, _name(by, value), number, number / total, _issues(look, by, value))
        for value, number in shown.object_list
    ]
    covered = None
    if by == "category" and total:
        covered = 1 - sum(numbers.get(name, 0) for name in UNCATEGORISED) / total
    is_all = errors_only and not severities and by != "type"
    users = users_affected(look).number if is_all else None
    return Counted(rows, shown, total, covered, users, _chart(look) if is_all and total else None)


def _by_type(look: Look) -> dict[str, int]:
    return dict(readings.types(look))


def _numbers(look: Look, by: str, severities: Sequence[str], errors_only: bool) -> dict[str, int]:
    found = readings.event_counts(look, errors_only=errors_only)
    if severities:
        found = found.filter(severity__in=severities)
    return dict(found.values_list(by).annotate(number=Sum("times")).order_by())


def _rank(by: str, value: str, number: int) -> tuple[object, ...]:
    """Severities the worst first, none last; others the most first."""
    return (not value, value) if by == "severity" else (-number, value)


def _name(by: str, value: str) -> str:
    if by == "type":
        return value or "(a message)"
    return value.replace("_", " ") or "none"


def _issues(look: Look, by: str, value: str) -> str:
    if by == "type" and not value:
        return ""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return look.link("issues:list", q=f'{by}:"{quoted}"')


def _chart(look: Look) -> Chart:
    return step_bars(look, readings.events(look).of(lambda _: True), "errors")
