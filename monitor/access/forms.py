"""Forms of accounts. Labels and hints say what will happen."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest
from django.utils.timezone import localtime, now

from design.time_zones import TimeZoneField
from monitor.access import attempts
from monitor.access.models import User
from monitor.access.scopes import allowed_for
from monitor.projects.models import Project


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
    time_zone = TimeZoneField(label="Time zone")

    class Meta:
        model = User
        fields = ("name", "theme", "time_zone")


class UserForm(forms.ModelForm):
    """For an admin: who somebody is and what they see."""

    projects = forms.ModelMultipleChoiceField(
        Project.objects.none(),
        required=False,
        to_field_name="slug",  # SQLite cannot be asked for a number of forty digits
        widget=forms.CheckboxSelectMultiple,
        help_text="Admins see all projects, whatever is chosen here.",
    )

    class Meta:
        model = User
        fields = ("email", "name", "role", "projects")
        widgets = {"role": forms.RadioSelect}
        labels = {"email": "Email address"}
        help_texts = {
            "role": "Admins do everything. Members work with the issues of their projects. Viewers only look."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["projects"].queryset = Project.objects.all()  # type: ignore[attr-defined]
        if self.instance.pk:
            del self.fields["email"]

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError("There is a user with this address already.", code="unique")
        return email


class TokenForm(forms.Form):
    """A new token: what for, what it may do, how long."""

    name = forms.CharField(max_length=100, help_text="What uses it, such as: release script of the web shop.")
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    expires = forms.TypedChoiceField(
        coerce=int,
        initial=90,
        choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "never")],
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = allowed_for(may_change=user.may_change)
        self.fields["scopes"].choices = [(name, f"{name}: {text}") for name, text in choices.items()]  # type: ignore[attr-defined]

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["expires"]
        return now() + timedelta(days=days) if days else None


class PersonForm(forms.Form):
    """Whom: as SDKs name them."""

    identity = forms.CharField(
        label="User id",
        max_length=256,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="As the SDK sends it: its user's id; or address or name, where it sends those instead.",
    )
