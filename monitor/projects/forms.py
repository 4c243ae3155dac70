"""Forms of projects and keys."""

import re
from typing import Any

from django import forms

from monitor.projects.models import Key, Project
from monitor.projects.platforms import CHOICES

_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:\d{1,5})?")
_NO_SLUGS = frozenset({"new"})


class ProjectForm(forms.ModelForm):
    """What can be changed later; the slug only on making it."""

    platform = forms.ChoiceField(choices=CHOICES, help_text="Chooses the set-up that is shown, nothing else.")

    class Meta:
        model = Project
        fields = ("name", "slug", "platform", "retention_days")
        labels = {"slug": "Short name", "retention_days": "Days that events are kept"}
        error_messages = {"slug": {"unique": "There is a project with this short name already."}}
        help_texts = {
            "slug": "Part of addresses and issue numbers: small letters, digits, hyphens. It can't be changed later.",
            "retention_days": "Empty: as strategy.toml says, 90 unless it was changed. What is older is deleted for good.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["slug"]
            known = {key for key, _ in CHOICES}
            if self.instance.platform not in known:
                self.fields["platform"].choices = [  # type: ignore[attr-defined]
                    (self.instance.platform, self.instance.platform),
                    *CHOICES,
                ]
        else:
            del self.fields["retention_days"]

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).lower()
        if slug in _NO_SLUGS or slug.isdigit():
            raise forms.ValidationError(
                f"“{slug}” can't be a short name: it means something else in addresses."
            )
        return slug

    def clean_retention_days(self) -> int | None:
        days: int | None = self.cleaned_data["retention_days"]
        if days is not None and not 1 <= days <= 3650:
            raise forms.ValidationError("From 1 day to 3650 days.")
        return days


class KeyForm(forms.ModelForm):
    origins = forms.CharField(
        label="Web pages that may send",
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": "https://www.example.org\nhttps://*.example.org"}
        ),
        help_text="One origin a line. Empty: pages of any origin. Servers send no origin and are not held back by it.",
    )

    class Meta:
        model = Key
        fields = ("label", "origins")
        help_texts = {"label": "Who sends with it: web, worker, mobile app."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["origins"] = "\n".join(self.instance.origins)

    def clean_origins(self) -> list[str]:
        lines = str(self.cleaned_data["origins"]).lower().split()
        for line in lines:
            if not _ORIGIN.fullmatch(line.rstrip("/")):
                raise forms.ValidationError(
                    f"“{line}” is no origin: give scheme and host, such as https://www.example.org, without a path."
                )
        return [line.rstrip("/") for line in lines]
