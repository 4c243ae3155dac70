"""How data sources speak of rows and columns."""

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext as _

from data_tools import words

register = template.Library()
register.filter("step_words", words.step_words)
register.filter("role_words", words.role_words)


@register.filter
def row_ranges(rows: Sequence[int], most: int = 12) -> str:
    """Numbers in ascending order as `12, 904, 1097 to 1461`, at most that many of them."""
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    spoken = [
        _("%(first)s to %(last)s") % {"first": first, "last": last} if last > first else str(first)
        for first, last in ranges[:most]
    ]
    return ", ".join(spoken) + (", …" if len(ranges) > most else "")
