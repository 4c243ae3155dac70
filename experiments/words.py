"""The engine's labels in the reader's language: it knows no Django, and what it stores is English."""

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from design.templatetags.show import decimal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MODELS: "dict[str, StrOrPromise]" = {
    "persistence": _("Persistence"),
    "ridge": _("Linear (ridge)"),
    "random_forest": _("Random forest"),
    "hist_gradient_boosting": _("Gradient boosting"),
}
PLOTS: "dict[str, StrOrPromise]" = {
    "hydrograph": _("Observed and simulated"),
    "scatter": _("Simulated against observed"),
    "flow_duration": _("Flow duration"),
    "residuals": _("Residuals"),
    "importance": _("Input importance"),
}
# What services report, which is what rows keep.
STAGES = {
    "checking the specification": _("checking the specification"),
    "building features": _("building features"),
    "fitting the model": _("fitting the model"),
    "predicting": _("predicting"),
    "measuring input importance": _("measuring input importance"),
    "scoring": _("scoring"),
    "waiting for a worker": _("waiting for a worker"),
}
TRIAL = re.compile(r"trial (?P<number>\d+) of (?P<wanted>\d+)")
METRIC_MEANINGS = {
    "nse": _("Nash–Sutcliffe efficiency"),
    "kge": _("Kling–Gupta efficiency"),
    "rmse": _("Root mean square error"),
    "pbias": _("Percent bias (positive: simulated too little)"),
}
PARAMETER_MEANINGS = {
    "strength of the penalty on weights": _("strength of the penalty on weights"),
    "trees": _("trees"),
    "fewest days in a leaf": _("fewest days in a leaf"),
    "share of the features tried at a split": _("share of the features tried at a split"),
    "deepest branch": _("deepest branch"),
    "share of each tree's correction": _("share of each tree's correction"),
    "most leaves of a tree": _("most leaves of a tree"),
    "penalty on leaf values": _("penalty on leaf values"),
}


def stage_words(stage: str) -> str:
    """What a job is doing, from the words that its row keeps."""
    if trial := TRIAL.fullmatch(stage):
        return gettext("trial %(number)s of %(wanted)s") % trial.groupdict()
    return str(STAGES.get(stage, stage))


def verdict(spec: dict[str, Any], result: dict[str, Any]) -> str:
    """One sentence: does the model beat persistence on the test period, and by how much."""
    figures = {
        "model": MODELS[spec["model"]],
        "days": spec["lead_time"],
        "own": decimal(f"{result['metrics']['test']['nse']:.3f}"),
        "baseline": decimal(f"{result['metrics']['baseline']['nse']:.3f}"),
        "count": result["n_test"],
    }
    if spec["model"] == "persistence":
        sentence = gettext(
            "This is the persistence baseline itself: NSE %(baseline)s on %(count)s test days."
        )
    elif result["beats_baseline"]:
        sentence = ngettext(
            "%(model)s beats persistence at a lead time of %(days)s day: "
            "NSE %(own)s on %(count)s test days, persistence %(baseline)s.",
            "%(model)s beats persistence at a lead time of %(days)s days: "
            "NSE %(own)s on %(count)s test days, persistence %(baseline)s.",
            spec["lead_time"],
        )
    else:
        sentence = ngettext(
            "%(model)s does not beat persistence at a lead time of %(days)s day: "
            "NSE %(own)s on %(count)s test days, persistence %(baseline)s.",
            "%(model)s does not beat persistence at a lead time of %(days)s days: "
            "NSE %(own)s on %(count)s test days, persistence %(baseline)s.",
            spec["lead_time"],
        )
    return sentence % figures
