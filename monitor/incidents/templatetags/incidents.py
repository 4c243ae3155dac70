"""Times and states of incidents, as its pages say them: `{% load incidents %}`."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from monitor.incidents import review
from monitor.incidents.models import Incident, State
from monitor.site import quantities

register = template.Library()
_LEVELS = {
    State.TRIGGERED: "failed",
    State.ACKNOWLEDGED: "warning",
    State.INVESTIGATING: "running",
    State.MITIGATED: "medium",
    State.RESOLVED: "ok",
    State.REVIEWED: "archived",
}


@register.simple_tag
def incident_state(incident: Incident) -> SafeString:
    """By word and mark."""
    return format_html(
        '<span class="state" data-level="{}">{}</span>',
        _LEVELS[State(incident.state)],
        incident.get_state_display(),
    )


@register.filter
def span(seconds: float | None) -> str:
    """`45 s`, `12 min 30 s`, `2 h 5 min`; – for none."""
    return "–" if seconds is None else review.span(seconds)


@register.filter
def clock(seconds: float) -> str:
    """`00:07:41`; a running clock (incidents.js) goes on from there."""
    whole = max(round(seconds), 0)
    days, rest = divmod(whole, 86_400)
    written = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"{days} d {written}" if days else written


@register.filter
def took(incident: Incident, now: float) -> float:
    """Seconds from its start to its end, or to now."""
    end: float = incident.resolved_at.timestamp() if incident.resolved_at else now
    return max(end - float(incident.started_at.timestamp()), 0.0)


@register.simple_tag
def due_in(at: float, now: float) -> SafeString:
    """`in 22 min`, `5 min ago`, exact on hover. app.js would count it as an age, so it is a plain `<time>`."""
    moment = datetime.fromtimestamp(at, UTC)
    left = at - now
    words = f"in {_rough(left)}" if left >= 0 else f"{_rough(-left)} ago"
    exact = date_format(localtime(moment), "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, words)


def _rough(seconds: float) -> str:
    """To the minute, below five minutes to the second."""
    if seconds < 300:
        return review.span(seconds)
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


@register.filter
def lower_first(text: str) -> str:
    """`Engineering manager` within a sentence; `CTO` stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


@register.simple_tag
def figure_value(value: float, unit: str) -> str:
    return review.span(value) if unit == "s" else quantities.share(value)
