"""Forms for projects and their members."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from projects.models import Project, Role


class ProjectForm(forms.ModelForm):
    class Meta:
        model = Project
        fields = ("name", "description")
        labels = {"name": _("Name"), "description": _("What it is about")}
        help_texts = {"name": _("A catchment, a river, a question: what you would call it in conversation.")}
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class MemberForm(forms.Form):
    """Adds somebody by the address of their account."""

    email = forms.EmailField(label=_("Email address of their account"))
    role = forms.ChoiceField(label=_("Role"), initial=Role.ANALYST)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]

    def clean_email(self) -> User:
        email = self.cleaned_data["email"].strip().lower()
        user = User.objects.filter(email=email, is_active=True).first()
        if user is None:
            raise forms.ValidationError(
                _("Nobody has an account with %(email)s. Ask them to sign up first, then add them."),
                params={"email": email},
            )
        return user


class DeleteProjectForm(forms.Form):
    """Deleting takes the project's name, typed, so that no slip of the hand does it."""

    name = forms.CharField(
        label=_("Type the project's name"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if name != self.project.name:
            raise forms.ValidationError(
                _("“%(typed)s” is not “%(name)s”. Nothing was deleted."),
                params={"typed": name, "name": self.project.name},
            )
        return name
