"""Figures of a report in its tables."""

from datetime import UTC, datetime

from django import template

from monitor.reports import figures_words as words
from monitor.reports.counts import Json

register = template.Library()


@register.filter
def summary_rows(summary: Json) -> list[tuple[str, str, str, str]]:
    """Label, figure, figure before, change."""
    return words.summary_rows(summary)


@register.filter
def of_unit(value: float | None, unit: str) -> str:
    """Seconds or a share, in words."""
    return words.of_unit(value, unit)


@register.filter
def as_share(value: float | None) -> str:
    return words.share(value)


@register.filter
def as_ms(value: float | None) -> str:
    return words.milliseconds(value)


@register.filter
def as_duration(seconds: float | None) -> str:
    return words.duration(seconds)


@register.filter
def moment(seconds: float | None) -> datetime | None:
    """Of seconds since 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@register.simple_tag
def took(incident: Json) -> str:
    """From detection to resolution; empty while it is open."""
    return (
        ""
        if incident["resolved_at"] is None
        else words.duration(incident["resolved_at"] - incident["detected_at"])
    )
