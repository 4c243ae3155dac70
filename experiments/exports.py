"""What is made of a trained experiment: its model card, its verdict, its plots."""


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


def verdict(experiment: Experiment) -> str:
    """One sentence: does the model beat persistence, and by how much."""
    return model_card.verdict(ExperimentSpec.from_dict(experiment.spec), stored_result(experiment))


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
