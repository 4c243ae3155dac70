"""What is made of a trained experiment: its model card, its plots."""

from typing import Any

import polars as pl

from experiments.engine import model_card
from experiments.engine.spec import ExperimentSpec
from experiments.engine.training import TrainingResult
from experiments.models import Experiment
from experiments.selectors import target_unit


def stored_result(experiment: Experiment) -> TrainingResult:
    """The engine's result, read back from the row and its Parquet file."""
    stored = {key: value for key, value in experiment.result.items() if key != "beats_baseline"}
    stored["importance"] = [(name, value) for name, value in stored["importance"]]
    return TrainingResult(predictions=pl.read_parquet(experiment.predictions_file), **stored)


def card(experiment: Experiment) -> str:
    """The model card, in Markdown."""
    findings = experiment.source.result.get("findings", [])
    return model_card.model_card(
        ExperimentSpec.from_dict(experiment.spec),
        stored_result(experiment),
        experiment.source.name,
        unit=target_unit(experiment),
        is_synthetic=experiment.synthetic or experiment.source.synthetic,
        data_remarks=[finding["message"] for finding in findings if finding["severity"] != "info"],
    )


def plot_json(experiment: Experiment, kind: str, theme: str) -> dict[str, Any]:
    """One of words.PLOTS as Bokeh's JSON."""
    from experiments import plots  # Bokeh: see data_tools.plot_rows

    return plots.experiment_plot(
        kind,
        predictions=_predictions(experiment),
        importance=[(name, value) for name, value in experiment.result["importance"]],
        target=experiment.spec["target"],
        unit=target_unit(experiment),
        theme=theme,
    )


def comparison_json(experiments: list[Experiment], theme: str) -> dict[str, Any]:
    """The test periods of several experiments over one another. Raises nothing for an empty list."""
    from experiments import plots

    return plots.comparison_plot(
        [(experiment.name, _predictions(experiment)) for experiment in experiments],
        target=experiments[0].spec["target"] if experiments else "",
        unit=target_unit(experiments[0]) if experiments else "",
        theme=theme,
    )


def _predictions(experiment: Experiment) -> dict[str, list[Any]]:
    return pl.read_parquet(experiment.predictions_file).to_dict(as_series=False)
