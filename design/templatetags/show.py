"""What all pages show alike: times, sizes, numbers with units, a question. Loaded everywhere as a builtin."""

import math
from datetime import datetime
from typing import Any

from django import template
from django.utils.formats import date_format, get_format, localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import npgettext_lazy

register = template.Library()

# Not Django's: German says "3 Tage", and "vor 3 Tagen".
AGES: dict[str, Any] = {
    "year": npgettext_lazy("ago", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("ago", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("ago", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("ago", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("ago", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy("ago", "%(num)d minute", "%(num)d minutes", "num"),
}


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """A `<time>` element: relative in words, exact on hover; app.js keeps it fresh."""
    if moment is None:
        return "–"
    exact = date_format(localtime(moment), "DATETIME_FORMAT")
    seconds = (now() - moment).total_seconds()
    past = timesince(moment, time_strings=AGES, depth=1)
    words = _("just now") if seconds < 60 else _("%(time)s ago") % {"time": past}
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>', moment.isoformat(), exact, words
    )


@register.filter
def significant(value: float | None, digits: int = 3) -> str:
    """A number with that many significant digits and no exponent for everyday sizes; – for none."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if -4 <= magnitude < 7:
        return (
            str(localize(round(value, digits - 1 - magnitude), use_l10n=True))
            if magnitude < digits - 1
            else f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        )
    return decimal(f"{value:.{digits - 1}e}")


@register.filter
def decimal(text: str) -> str:
    """A number as Python writes it, with the decimal mark of the reader's language."""
    return text.replace(".", str(get_format("DECIMAL_SEPARATOR")))


@register.filter
def typed(value: Any) -> str:
    """A parameter as one types it into a form: in every language with a point."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds as `3.2 s`, `4 min 10 s` or `2 h 5 min`."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return decimal(f"{seconds:.1f} s")
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"


@register.simple_block_tag
def confirm(content: str, action: str = "") -> SafeString:
    """In a form: what is asked before it goes out, in a dialog; without JavaScript by a box to be ticked.

    `action` is what the dialog's button says, if not what the form's says.
    """
    return format_html(
        '<template data-confirm data-confirm-action="{}">{}</template>'
        '<noscript><label class="check confirm"><input type="checkbox" required> <span>{}</span></label></noscript>',
        action,
        content,
        content,
    )
