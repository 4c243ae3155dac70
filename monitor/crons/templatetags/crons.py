"""How check-ins are shown: as a row of small bars, and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from monitor.crons.models import CheckIn, CheckInStatus
from monitor.site.quantities import span

register = template.Library()

LATE = "late"
_LEVELS = {
    CheckInStatus.OK: "ok",
    LATE: "p2",
    CheckInStatus.IN_PROGRESS: "running",
    CheckInStatus.ERROR: "error",
    CheckInStatus.MISSED: "p1",
    CheckInStatus.TIMEOUT: "error",
    CheckInStatus.UNKNOWN: "p4",
}
_WORDS = {**{str(status): str(status.label) for status in CheckInStatus}, LATE: "Late"}
# What went wrong stands taller: it is seen without its colour.
_HEIGHTS = {CheckInStatus.OK: 12, LATE: 16, CheckInStatus.IN_PROGRESS: 8, CheckInStatus.UNKNOWN: 4}
_TALLEST = 24


def kind_of(check_in: CheckIn) -> str:
    """Its status, or `late` for one that came late and went well."""
    return LATE if check_in.is_late and check_in.status == CheckInStatus.OK else check_in.status


@register.filter
def kind_words(check_in: CheckIn) -> str:
    """Ok, Late, Failed, Missed, Timed out, Running, Unknown."""
    return _WORDS[kind_of(check_in)]


@register.filter
def kind_level(check_in: CheckIn) -> str:
    """The colour of its mark."""
    return _LEVELS[kind_of(check_in)]


@register.filter
def lateness(check_in: CheckIn) -> str:
    """How long after it was due it came: of what came late only."""
    if check_in.expected is None or not check_in.is_late:
        return ""
    return f"{span((check_in.started - check_in.expected).total_seconds())} late"


@register.simple_tag
def strip(check_ins: Sequence[CheckIn], places: int = 40) -> SafeString:
    """Oldest first, the newest at the right. Made here, not in a template: a page has thousands of bars."""
    shown = check_ins[-places:]
    start = places - len(shown)
    bars = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="8" height="{}"><title>{}</title></rect>',
        (_bar(check_in, (start + number) * 10) for number, check_in in enumerate(shown)),
    )
    words = tally(shown)
    return format_html(
        '<span class="cron-strip"><svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="The last check-ins: {}">{}</svg><span class="hint">{}</span></span>',
        places * 10,
        _TALLEST,
        words or "none",
        bars,
        words or "no check-ins yet",
    )


def _bar(check_in: CheckIn, x: int) -> tuple[str, int, int, int, str]:
    kind = kind_of(check_in)
    height = _HEIGHTS.get(kind, _TALLEST)
    when = f"{localtime(check_in.started):%Y-%m-%d %H:%M:%S}"
    took = f", {span(check_in.duration)}" if check_in.duration is not None else ""
    times = f", {check_in.times} due times" if check_in.times > 1 else ""
    return kind, x, _TALLEST - height, height, f"{_WORDS[kind]} · {when}{took}{times}"


@register.filter
def tally(check_ins: Iterable[CheckIn]) -> str:
    """`38 ok, 1 missed, 1 failed`."""
    numbers = Counter(kind_of(check_in) for check_in in check_ins)
    return ", ".join(f"{numbers[kind]} {words.lower()}" for kind, words in _WORDS.items() if numbers[kind])
