"""Daily tables for the tests: a synthetic catchment, and specifications that fit it."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from data_tools.engine.synthetic import make_catchment
from experiments.engine.spec import ExperimentSpec

WEATHER = ("precipitation_mm", "temperature_max_c", "temperature_min_c", "potential_evapotranspiration_mm")
CUBIC_METRES_PER_CUBIC_FOOT = 0.028316846592


@cache
def river() -> pl.DataFrame:
    """Three years, from 2010-01-01."""
    return make_catchment("test river", 5, date(2010, 1, 1), 1096, "none")


def spec(**changes: Any) -> ExperimentSpec:
    base: dict[str, Any] = {
        "target": "discharge_m3s",
        "inputs": WEATHER,
        "train_end": "2011-12-31",
        "test_start": "2012-01-01",
        "seed": 7,
    }
    return ExperimentSpec(**{**base, **changes})


def camels(directory: Path, gauge: str) -> pl.DataFrame:
    frame = pl.read_csv(directory / f"camels_{gauge}.csv", try_parse_dates=True)
    return frame.with_columns(discharge_m3s=pl.col("discharge_cfs") * CUBIC_METRES_PER_CUBIC_FOOT)
