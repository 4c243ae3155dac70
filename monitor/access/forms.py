"""Forms of accounts. Labels and hints say what will happen."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest
from django.utils.timezone import localtime

from monitor.access import attempts
from monitor.access.models import User


class LogInForm(AuthenticationForm):
    """Refuses to look at a password when too many were wrong before."""

    error_messages = {
        "invalid_login": "This address and password do not belong together. An admin can reset the password.",
        "inactive": "This account has been closed. Ask an admin to open it again.",
        "too_many": "Too many failed log-ins. Try again at %(time)s.",
    }

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "Email address"
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})

    def clean(self) -> dict[str, Any]:
        account = str(self.cleaned_data.get("username", ""))
        wait = attempts.wait_until(self.request, account) if self.request and account else None
        if wait is not None:
            when = f"{localtime(wait):%H:%M %Z}"
            raise forms.ValidationError(
                self.error_messages["too_many"], code="too_many", params={"time": when}
            )
        return super().clean()


class PreferencesForm(forms.ModelForm):
    time_zone = forms.TypedChoiceField(label="Time zone", coerce=str)

    class Meta:
        model = User
        fields = ("name", "theme", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if zone == "UTC" or "/" in zone)
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]
