"""The model card: what a reader must know before trusting a model, in Markdown (Mitchell et al. 2019,
doi:10.1145/3287560.3287596, cut down to what a forecast of one series needs).
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import version

from experiments.engine.metrics import METRICS, Metric
from experiments.engine.spec import MODELS, ExperimentSpec
from experiments.engine.training import TrainingResult

LIBRARIES = ("scikit-learn", "numpy", "polars", "optuna")

NATURE = {
    "persistence": "The last observed value is the forecast. Nothing is learned.",
    "ridge": "A linear regression with a penalty on its weights; inputs standardised, missing ones set to the "
    "training period's median.",
    "random_forest": "Many deep trees, each grown on resampled days; missing inputs follow the branch that fitted "
    "best in training.",
    "hist_gradient_boosting": "Small trees, each correcting the ones before; missing inputs follow the branch that "
    "fitted best in training.",
}
SCALES = {
    "log_change": "the change from the last observed value, as a logarithm of the ratio",
    "change": "the change from the last observed value",
    "log": "the logarithm of the value",
    "value": "the value itself",
}


def model_card(
    spec: ExperimentSpec,
    result: TrainingResult,
    source_name: str,
    *,
    unit: str = "",
    is_synthetic: bool = False,
    data_remarks: Iterable[str] = (),
) -> str:
    """Markdown. `unit` is the target's; `data_remarks` are sentences of the data source's quality report."""
    sections = [
        f"# {MODELS[spec.model]}: {spec.target}, {_days(spec.lead_time)} ahead",
        verdict(spec, result),
        _data(spec, result, source_name, is_synthetic=is_synthetic, remarks=list(data_remarks)),
        _model(spec, result),
        _metrics(result, unit),
        _importance(result),
        _limits(spec, result),
        _reproduction(spec),
    ]
    return "\n\n".join(sections) + "\n"


def verdict(spec: ExperimentSpec, result: TrainingResult) -> str:
    """One sentence: does the model beat persistence on the test period, and by how much."""
    own, base = result.metrics["test"]["nse"], result.metrics["baseline"]["nse"]
    figures = f"NSE {own:.3f} on {result.n_test} test days, persistence {base:.3f}"
    if spec.model == "persistence":
        return f"This is the persistence baseline itself: NSE {base:.3f} on {result.n_test} test days."
    if result.beats_baseline:
        return f"{MODELS[spec.model]} beats persistence at a lead time of {_days(spec.lead_time)}: {figures}."
    return f"{MODELS[spec.model]} does not beat persistence at a lead time of {_days(spec.lead_time)}: {figures}."


def _data(
    spec: ExperimentSpec, result: TrainingResult, source_name: str, *, is_synthetic: bool, remarks: list[str]
) -> str:
    dates = result.predictions["date"]
    lines = [
        "## Data",
        f"- Source: {_escape(source_name)}" + (" (**synthetic**: no real river)" if is_synthetic else ""),
        f"- Days forecast: {dates[0]} to {dates[-1]}",
        f"- Training: until {spec.train_end}, {result.n_train} days with an observation",
        f"- Test: from {spec.test_start}, {result.n_test} days with an observation, not seen in training",
        f"- Target: {_escape(spec.target)}",
        f"- Inputs: {_escape(', '.join(spec.inputs)) or 'none'}",
        *[f"- Quality: {_escape(remark)}" for remark in remarks],
    ]
    return "\n".join(lines)


def _model(spec: ExperimentSpec, result: TrainingResult) -> str:
    settings = {name: value for name, value in result.model_parameters.items() if name != "target_scale"}
    lines = [
        "## Model",
        NATURE[spec.model],
        "",
        f"- It learns {SCALES[result.model_parameters['target_scale']]}.",
        f"- Lags: {_list(spec.lags)} days before the day of issue; rolling windows: {_list(spec.windows)} days",
        f"- History of the target: {'used' if spec.use_target_history else 'not used'}",
        f"- Features: {len(result.features)}, none dated after the day of issue; the season by two harmonics",
        f"- Parameters: {', '.join(f'{name} = {value:g}' for name, value in settings.items()) or 'none'}",
    ]
    return "\n".join(lines)


def _metrics(result: TrainingResult, unit: str) -> str:
    head = "| | test | persistence, same days | training |\n| --- | ---: | ---: | ---: |"
    rows = [
        f"| {_label(metric, unit)} | "
        + " | ".join(_figure(result.metrics[part][metric.key]) for part in ("test", "baseline", "train"))
        + " |"
        for metric in METRICS
    ]
    reasons = [
        f"{key.upper()} ({part}) is undefined: {reason}"
        for part, scores in result.metrics.items()
        for key, reason in scores["undefined"].items()
    ]
    return "\n".join(["## Metrics", "", head, *rows, *(["", *reasons] if reasons else [])])


def _importance(result: TrainingResult) -> str:
    rows = [f"| {_escape(name)} | {round(value, 3) + 0.0:.3f} |" for name, value in result.importance]
    head = "NSE lost on the test period when an input is shuffled.\n\n| input | NSE lost |\n| --- | ---: |"
    return "\n".join(["## Input importance", "", head, *rows])


def _limits(spec: ExperimentSpec, result: TrainingResult) -> str:
    train = result.predictions.filter(split="train")["observed"]
    highest = max(train.drop_nulls().to_list())
    beyond = result.predictions.filter(split="test")["observed"].drop_nulls().gt(highest).sum()
    lines = [
        "## Limits",
        f"- The highest value in training is {highest:g}; beyond it the model is untried. Test days above it: {beyond}.",
        "- It knows one catchment and one record: another river, or a changed one, is outside.",
        "- It knows nothing after the day of issue: no forecast of the weather in between.",
        "- Days without an observation are neither learned from nor scored.",
    ]
    if spec.model == "persistence":
        lines[1] = "- It repeats the past and can never foresee a change."
    return "\n".join(lines)


def _reproduction(spec: ExperimentSpec) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return "\n".join(
        [
            "## To get the same again",
            f"- Seed {spec.seed}; the same data, specification, versions and processor give the same bytes.",
            f"- Python {platform.python_version()}, {libraries}",
        ]
    )


def _label(metric: Metric, unit: str) -> str:
    if metric.is_percent:
        return f"{metric.label} (%)"
    return f"{metric.label} ({unit})" if metric.has_target_unit and unit else metric.label


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _list(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in numbers) or "none"


def _escape(text: str) -> str:
    """A file's or a column's name is the uploader's text: it must not become a table cell, a link or HTML."""
    flat = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#&" else letter for letter in flat)
