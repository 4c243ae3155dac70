"""To whom the time of a transaction belongs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.performance.layers import LAYERS, OWN, layer_of, time_by_layer

MOMENTS = st.integers(-5, 25)


@pytest.mark.parametrize(
    ("op", "layer"),
    [
        ("db", "database"),
        ("db.sql.query", "database"),
        ("db.redis", "cache"),
        ("cache.get", "cache"),
        ("template.render", "template"),
        ("middleware.django", "middleware"),
        ("http.client", "http"),
        ("queue.submit.celery", "queue"),
        ("function", "own"),
        ("dbx", "own"),
        ("", "own"),
    ],
)
def test_the_layer_of_an_op(op: str, layer: str) -> None:
    assert layer_of(op) == layer


def test_nested_spans_give_their_time_to_the_inner_one() -> None:
    spans = [(0, 10, "middleware"), (1, 9, "template"), (2, 5, "database"), (6, 7, "cache")]
    assert time_by_layer(spans, 0, 12) == {
        "middleware": 2,
        "template": 4,
        "database": 3,
        "cache": 1,
        "own": 2,
    }


def test_spans_side_by_side_are_not_counted_twice() -> None:
    assert time_by_layer([(0, 6, "database"), (4, 10, "http")], 0, 10) == {"database": 4, "http": 6}


def test_what_lies_outside_the_transaction_is_cut_off() -> None:
    assert time_by_layer([(-5, 3, "database"), (9, 50, "http"), (60, 70, "cache")], 0, 10) == {
        "database": 3,
        "own": 6,
        "http": 1,
    }


@given(st.lists(st.tuples(MOMENTS, MOMENTS, st.sampled_from([*LAYERS, OWN])), max_size=12))
def test_the_parts_are_the_whole(spans: list[tuple[int, int, str]]) -> None:
    found = time_by_layer([(min(a, b), max(a, b), layer) for a, b, layer in spans], 0, 20)
    assert sum(found.values()) == 20
    assert all(value >= 0 for value in found.values())
    # Whole numbers: so each unit of time can be asked to whom it belongs.
    covered = sum(any(min(a, b) <= unit < max(a, b) for a, b, _ in spans) for unit in range(20))
    assert sum(value for layer, value in found.items() if layer != OWN) <= covered
