"""The model card says what the result says, in Markdown that a hostile column name cannot break."""

import polars as pl

from experiments.engine.model_card import model_card
from experiments.engine.training import train
from tests.experiments.engine.catchments import river, spec


def trained(frame, given):
    return train(frame, given, report=lambda stage, percent: None, should_stop=lambda: False)


def test_a_card_gives_data_period_features_metrics_limits_seed_and_versions():
    given = spec(model="ridge", lead_time=2)
    result = trained(river(), given)

    card = model_card(
        given, result, "river.csv", unit="m³/s", is_synthetic=True, data_remarks=["7 days of rain < 0."]
    )

    assert "# Linear (ridge): discharge_m3s, 2 days ahead" in card
    verdict = "beats persistence" if result.beats_baseline else "does not beat persistence"
    assert verdict in card
    nse = (result.metrics[part]["nse"] for part in ("test", "baseline", "train"))
    assert "| NSE | " + " | ".join(f"{value:.3f}" for value in nse) + " |" in card
    for expected in ("RMSE (m³/s)", "**synthetic**", "Seed 7", "until 2011-12-31, 728 days", "alpha = 300",
                     "scikit-learn 1", "7 days of rain \\< 0."):  # fmt: skip
        assert expected in card


def test_persistence_is_not_said_to_beat_itself():
    given = spec(model="persistence")

    card = model_card(given, trained(river(), given), "river.csv")

    assert "persistence baseline itself" in card
    assert "beat persistence" not in card


def test_names_from_outside_stay_text():
    name = "x](https://evil.example) | <script>\n# big"
    given = spec(model="ridge", inputs=(name,))
    result = trained(river().with_columns(pl.col("precipitation_mm").alias(name)), given)

    card = model_card(given, result, "a\n# title<b>.csv")

    assert "<script>" not in card
    assert "<b>" not in card
    assert "\n# big" not in card
    assert "x\\](https" in card, "the bracket is escaped: no link"
