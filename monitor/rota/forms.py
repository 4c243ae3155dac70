"""Forms of this room. Times are of the strategy's business hours' zone, whatever zone the reader prefers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from monitor.access.models import User
from monitor.rota.models import Person
from strategy import Strategy


class PersonForm(forms.Form):
    name = forms.CharField(max_length=100)
    email = forms.EmailField(required=False, help_text="Where mail of the roles that they hold goes.")
    phone = forms.CharField(max_length=40, required=False)
    user = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Account of the monitor", empty_label="none"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user: Any = self.fields["user"]
        user.queryset = User.objects.filter(is_active=True).order_by("name", "email")


class StandInForm(forms.Form):
    person = forms.ModelChoiceField(Person.objects.none())
    starts = forms.DateTimeField(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    ends = forms.DateTimeField(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, strategy: Strategy, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(strategy.business_hours.time_zone)
        person: Any = self.fields["person"]
        person.queryset = Person.objects.order_by("name", "pk")
        for name in ("starts", "ends"):
            self.fields[name].help_text = f"Time of {strategy.business_hours.time_zone}."

    def seconds(self, name: str) -> float:
        """Since 1970, of a field's wall-clock time in the business's zone."""
        given: datetime = self.cleaned_data[name]
        return given.replace(tzinfo=self._zone).timestamp()
