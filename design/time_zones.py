"""The choice of a time zone, as both sites offer it: some 600 of them, read from the system once and written in one go."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


@cache
def known_time_zones() -> frozenset[str]:
    """Names of the IANA time zone database, as the system or the `tzdata` package has it. Its folders are read once."""
    return frozenset(available_timezones())


@cache
def time_zone_choices() -> tuple[tuple[str, str], ...]:
    """UTC and those named after places, as value and label."""
    return tuple(
        (zone, zone.replace("_", " ")) for zone in sorted(known_time_zones()) if zone == "UTC" or "/" in zone
    )


class LongSelect(forms.Select):
    """A `<select>` without groups; Django's widget renders two templates for each option, 50 ms for 600 of them."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = {str(each) for each in self.format_value(value)}
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            (
                (option, SafeString(" selected" if str(option) in chosen else ""), label)
                for option, label in self.choices
            ),
        )
        return format_html(
            "<select{}>\n{}\n</select>",
            flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})})),
            options,
        )


class TimeZoneField(forms.TypedChoiceField):
    """Takes and gives the name of a zone."""

    widget = LongSelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=str, choices=time_zone_choices, **kwargs)
