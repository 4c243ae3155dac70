"""The form of a new experiment: everything has a sensible value, so that the first one takes a click."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from data_tools.models import DataSource
from experiments.engine.parameters import PARAMETERS
from experiments.engine.search import SEARCHED_MODELS
from experiments.engine.spec import ExperimentSpec
from experiments.errors import ExperimentGuardError
from experiments.words import MODELS, PARAMETER_MEANINGS

TRAIN_SHARE = 0.7
MAX_TRIALS = 60


class DaysField(forms.CharField):
    """Whole numbers of days, separated by commas or blanks."""

    def to_python(self, value: Any) -> Any:
        words = str(value or "").replace(",", " ").split()
        try:
            return tuple(int(word) for word in words)
        except ValueError:
            wrong = next(word for word in words if not word.lstrip("-").isdigit())
            raise forms.ValidationError(
                _("“%(word)s” is not a whole number of days. Write them like this: 0, 1, 2, 7"),
                params={"word": wrong},
            ) from None

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(day) for day in value) if isinstance(value, tuple | list) else value


class ParametersField(forms.CharField):
    """Lines of `name = number`."""

    def to_python(self, value: Any) -> Any:
        parameters: dict[str, int | float | str] = {}
        for line in str(value or "").replace(",", "\n").splitlines():
            if not line.strip():
                continue
            name, equals, number = (part.strip() for part in line.partition("="))
            if not equals or not name or not number:
                raise forms.ValidationError(
                    _("“%(line)s” is not of the form: name = number"), params={"line": line.strip()}
                )
            parameters[name] = _number(number)
        return parameters

    def prepare_value(self, value: Any) -> Any:
        return (
            "\n".join(f"{name} = {number}" for name, number in value.items())
            if isinstance(value, dict)
            else value
        )


def _day_input() -> forms.DateInput:
    # Browsers show a day as the reader writes it, and take it in this form only.
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ExperimentForm(forms.Form):
    """A form for one data source; `to_spec()` after is_valid()."""

    name = forms.CharField(
        label=_("Name"),
        max_length=160,
        required=False,
        help_text=_("Left empty, the model and the lead time."),
    )
    target = forms.ChoiceField(label=_("Target"), help_text=_("What is forecast."))
    inputs = forms.MultipleChoiceField(
        label=_("Inputs"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What the model may know on the day of issue. The target must not be among them."),
    )
    use_target_history = forms.BooleanField(
        label=_("The model also knows the target up to the day of issue"), required=False, initial=True
    )
    lead_time = forms.IntegerField(label=_("Lead time, days"), min_value=1, max_value=30, initial=1)
    lags = DaysField(
        label=_("Lags, days"),
        required=False,
        initial=(0, 1, 2, 3),
        help_text=_("0 is the day of issue itself."),
    )
    windows = DaysField(
        label=_("Rolling windows, days"),
        required=False,
        initial=(3, 7, 30),
        help_text=_("Sums and means over that many days."),
    )
    train_end = forms.DateField(label=_("Training until"), widget=_day_input())
    test_start = forms.DateField(label=_("Test from"), widget=_day_input())
    model = forms.ChoiceField(
        label=_("Model"),
        choices=list(MODELS.items()),
        initial="hist_gradient_boosting",
        widget=forms.RadioSelect,
    )
    trials = forms.IntegerField(
        label=_("Trials of a search"),
        min_value=0,
        max_value=MAX_TRIALS,
        initial=0,
        help_text=_(
            "0: no search. Otherwise so many sets of parameters are tried on the end of the training period."
        ),
    )
    parameters = ParametersField(
        label=_("Parameters"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}),
        help_text=_("One a line, such as: learning_rate = 0.05. Left out ones have their default."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31 - 1,
        initial=1,
        help_text=_("The same seed gives the same result."),
    )

    def __init__(self, *args: Any, source: DataSource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        numbers = [column for column in source.columns if column["kind"] == "number"]
        choices = [(column["name"], column_label(column)) for column in numbers]
        self._choose("target", choices)
        self._choose("inputs", choices)
        discharge = [column["name"] for column in numbers if column["role"] == "discharge"]
        target = (discharge or [column["name"] for column in numbers] or [""])[0]
        self.fields["target"].initial = target
        self.fields["inputs"].initial = [
            column["name"]
            for column in numbers
            if column["role"] not in ("discharge", "other", "flag")
            and column["name"] != target
            and column["count"]
        ]
        train_end = self._default_split(target)
        self.fields["train_end"].initial = train_end
        self.fields["test_start"].initial = train_end + timedelta(days=1)

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def _default_split(self, target: str) -> date:
        """The day by which 70 % of the target's observed span has passed."""
        first, last = self.source.first_date, self.source.last_date
        if first is None or last is None:
            return date(2000, 12, 31)
        span = observed_span(self.source, target) or (first, last)
        return span[0] + timedelta(days=round((span[1] - span[0]).days * TRAIN_SHARE))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("trials") and cleaned.get("model") not in SEARCHED_MODELS:
            self.add_error("trials", _("This model has no parameters to search. Set the trials to 0."))
        days, model = cleaned.get("lead_time"), cleaned.get("model")
        if "name" in cleaned and not cleaned["name"] and days and model:
            named = ngettext("%(model)s, %(days)s day ahead", "%(model)s, %(days)s days ahead", days)
            cleaned["name"] = named % {"model": MODELS[model], "days": days}
        return cleaned

    def to_spec(self) -> ExperimentSpec:
        """The specification. Raises ExperimentGuardError for values that only the engine judges."""
        data = self.cleaned_data
        return ExperimentSpec(
            target=data["target"],
            inputs=tuple(data["inputs"]),
            train_end=data["train_end"].isoformat(),
            test_start=data["test_start"].isoformat(),
            model=data["model"],
            lags=data["lags"],
            windows=data["windows"],
            lead_time=data["lead_time"],
            parameters=data["parameters"],
            seed=data["seed"],
            use_target_history=data["use_target_history"],
        )

    def refuse(self, error: ExperimentGuardError) -> None:
        """Show a guard's refusal beside the field that it is about."""
        self.add_error(error.field if error.field in self.fields else None, str(error))

    @property
    def parameter_help(self) -> list[tuple[str, list[str]]]:
        """For each model its parameters with meaning, default and range."""
        return [
            (
                str(MODELS[model]),
                [
                    gettext("%(name)s: %(meaning)s, %(default)s (%(low)s to %(high)s)")
                    % {
                        "name": name,
                        "meaning": PARAMETER_MEANINGS[p.meaning],
                        "default": f"{p.default:g}",
                        "low": f"{p.low:g}",
                        "high": f"{p.high:g}",
                    }
                    for name, p in parameters.items()
                ],
            )
            for model, parameters in PARAMETERS.items()
            if parameters
        ]


def column_label(column: dict[str, Any]) -> str:
    """`discharge_m3s, m³/s (1,096 values)`."""
    unit = f", {column['unit']}" if column["unit"] else ""
    values = gettext("%(count)s values") % {"count": intcomma(column["count"])}
    return f"{column['name']}{unit} ({values})"


def observed_span(source: DataSource, target: str) -> tuple[date, date] | None:
    """First and last day on which the target may be observed: the period less a missing end or beginning."""
    if source.first_date is None or source.last_date is None:
        return None
    first, last = source.first_date, source.last_date
    for finding in source.result.get("findings", []):
        if finding["column"] != target or finding["kind"] != "missing_values":
            continue
        if not finding["start"] or not finding["end"]:
            continue
        start, end = date.fromisoformat(finding["start"][:10]), date.fromisoformat(finding["end"][:10])
        if end >= last:
            last = start - timedelta(days=1)
        if start <= first:
            first = end + timedelta(days=1)
    return (first, last) if first < last else None


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
