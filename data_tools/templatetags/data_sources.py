"""How data sources speak of rows and columns."""

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def row_ranges(rows: Sequence[int], most: int = 12) -> str:
    """Numbers in ascending order as `12, 904, 1097 to 1461`, at most that many of them."""
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    words = [
        _("%(first)s to %(last)s") % {"first": first, "last": last} if last > first else str(first)
        for first, last in ranges[:most]
    ]
    return ", ".join(words) + (", …" if len(ranges) > most else "")


@register.filter
def role_words(role: str) -> str:
    """A column's role in words: `temperature_max` as `temperature, max`."""
    subject, _underscore, kind = role.partition("_")
    if kind in {"min", "max", "mean"}:
        return f"{subject}, {kind}"
    return role.replace("_", " ")
