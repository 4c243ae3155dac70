"""Figures of error budgets for templates: `{% load slos %}`."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from monitor.site.quantities import number, share, span
from monitor.slos.words import days

register = template.Library()


@register.filter
def burn(rate: float | None) -> str:
    """A burn rate: `14.4×`; a dash where there was no traffic."""
    if rate is None:
        return "–"
    return f"{number(round(rate, 2 if rate < 10 else 1))}×"


@register.filter
def achieved(value: float | None, goal: float) -> str:
    """The share that was good, as exact as it must be to be told from its goal."""
    return "–" if value is None else share(value, goal)


@register.filter
def negated(value: float) -> float:
    return -value


@register.filter
def minutes(value: float | None) -> str:
    """A length given in minutes; what is overspent is below zero."""
    return "–" if value is None else span(round(value * 60))


@register.filter
def days_words(seconds: float) -> str:
    """`19 days`, `5 hours`."""
    return days(seconds)


@register.simple_tag
def budget_bar(left: float) -> SafeString:
    """A bar that empties as the budget does."""
    filled = min(max(left, 0.0), 1.0) * 100
    return format_html(
        '<svg class="bar budget" viewBox="0 0 100 8" preserveAspectRatio="none" role="img"'
        ' aria-label="{} of the budget left"><rect class="ground" width="100" height="8"/>'
        '<rect class="{}" width="{}" height="8"/></svg>',
        share(left),
        "low" if left < 0.25 else "kept",
        f"{filled:.1f}",
    )
