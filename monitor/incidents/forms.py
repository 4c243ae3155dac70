"""Forms of this room."""

from __future__ import annotations

from typing import Any

from django import forms

from monitor.access.permissions import Someone, visible_projects
from monitor.incidents.models import Impact
from monitor.issues.models import Issue
from monitor.projects.models import Project
from strategy import Strategy

STAGES = (
    ("investigating", "Investigating: we see it, and look for the cause"),
    ("identified", "Identified: we know the cause, and mend it"),
    ("monitoring", "Monitoring: it is mended, and we watch"),
    ("resolved", "Resolved: it is over"),
)


class NewIncidentForm(forms.Form):
    """What is known at the first minute; all of it can be changed later."""

    title = forms.CharField(max_length=250, help_text="What users notice, in one sentence.")
    severity = forms.ChoiceField()
    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    environment = forms.ChoiceField(required=False)
    minutes = forms.IntegerField(
        label="Since how many minutes", min_value=0, max_value=100_000, required=False, initial=0,
        help_text="When the first of it was noticed; the time to detection is counted from then.",
    )  # fmt: skip

    def __init__(
        self, user: Someone, strategy: Strategy, data: Any = None, *, issue: Issue | None = None
    ) -> None:
        super().__init__(data)
        project: Any = self.fields["project"]
        project.queryset = visible_projects(user)
        severity: Any = self.fields["severity"]
        severity.choices = [
            (name, f"{name} {one.label}: {one.description}") for name, one in strategy.severities.items()
        ]
        environment: Any = self.fields["environment"]
        environment.choices = [(name, name) for name in strategy.environments]
        self.initial["severity"] = min(strategy.severities, default="")
        if issue is not None:
            self.initial.update(title=issue.title, severity=issue.severity or "P1", project=issue.project_id)


class PublishForm(forms.Form):
    """A word on the status page. What stands there is read by everybody: no names, no addresses, no stack traces."""

    public_title = forms.CharField(max_length=120, label="What users see as its name")
    impact = forms.ChoiceField(choices=Impact)
    features = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    stage = forms.ChoiceField(choices=STAGES)
    text = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 5}), label="The message")

    def __init__(self, strategy: Strategy, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        features: Any = self.fields["features"]
        features.choices = [(name, one.title) for name, one in strategy.features.items()]
