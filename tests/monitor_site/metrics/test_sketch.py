"""Quantiles by buckets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.metrics.sketch import ACCURACY, Sketch, merged

VALUES = st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=60)
SHARES = (0.0, 0.25, 0.5, 0.95, 0.99, 1.0)


def _exact(values: list[float], share: float) -> float:
    """The nearest rank."""
    return sorted(values)[max(math.ceil(share * len(values) - 1e-9), 1) - 1]


@given(VALUES)
def test_quantiles_are_right_within_the_accuracy(values: list[float]) -> None:
    for share, found in zip(SHARES, Sketch(values).quantiles(SHARES), strict=True):
        assert found == pytest.approx(_exact(values, share), rel=ACCURACY * 1.0001)


@given(VALUES, VALUES)
def test_merging_stored_ones_loses_nothing(some: list[float], others: list[float]) -> None:
    both = merged([Sketch(some).to_bytes(), None, b"", Sketch(others).to_bytes()])
    assert both.buckets == Sketch([*some, *others]).buckets


@given(VALUES)
def test_what_is_stored_comes_back(values: list[float]) -> None:
    data = Sketch(values).to_bytes()
    assert Sketch.from_bytes(data).buckets == Sketch(values).buckets
    assert len(data) <= 6 * len(values)


@pytest.mark.parametrize("value", [0.0, -5.0, 1e-30])
def test_what_is_nothing_counts_as_zero(value: float) -> None:
    assert Sketch([value, 10.0]).quantiles([0, 1]) == [0.0, pytest.approx(10, rel=2 * ACCURACY)]


def test_numbers_beyond_all_bounds_break_nothing() -> None:
    assert Sketch([1e300, 1.0]).quantile(0.5) == pytest.approx(1, rel=2 * ACCURACY)
    assert math.isfinite(Sketch([1e300]).quantile(1) or math.inf)


def test_nothing_has_no_quantiles() -> None:
    assert Sketch().quantiles([0.5, 0.9]) == [None, None]
    assert Sketch.from_bytes(b"abc").count == 0


def test_how_many_were_quick() -> None:
    sketch = Sketch(float(value) for value in range(1, 1001))
    assert sketch.count_up_to(500) == pytest.approx(500, rel=0.03)
    assert (sketch.count_up_to(5000), sketch.count_up_to(0.1)) == (1000, 0)
