"""The form of a weather import."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from data_tools.services import clean_name
from data_tools.weather.query import MAX_DAYS

FIRST_DAY = date(1940, 1, 1)


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label, help_text=help_text, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )


class WeatherForm(forms.Form):
    latitude = forms.DecimalField(
        label=_("Latitude"),
        min_value=-90,
        max_value=90,
        max_digits=6,
        decimal_places=4,
        help_text=_("Degrees, south negative: 44.6083"),
    )
    longitude = forms.DecimalField(
        label=_("Longitude"),
        min_value=-180,
        max_value=180,
        max_digits=7,
        decimal_places=4,
        help_text=_("Degrees, west negative: -67.9353"),
    )
    start = _day(_("First day"))
    end = _day(_("Last day"))
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=100,
        help_text=_("Left empty, the place."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    def clean_start(self) -> date:
        start: date = self.cleaned_data["start"]
        if start < FIRST_DAY:
            raise forms.ValidationError(
                _("There is no weather before %(day)s. Start there or later."), params={"day": FIRST_DAY}
            )
        return start

    def clean_end(self) -> date:
        end: date = self.cleaned_data["end"]
        if end > (yesterday := date.today() - timedelta(days=1)):  # noqa: DTZ011 (a day, wherever the place is)
            raise forms.ValidationError(
                _("That day is not over. The last one there can be weather for is %(day)s."),
                params={"day": yesterday},
            )
        return end

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and start > end:
            self.add_error("end", _("The last day is before the first one."))
        elif start and end and (end - start).days >= MAX_DAYS:
            self.add_error("end", _("That is more than 50 years. Import them in parts."))
        return cleaned
