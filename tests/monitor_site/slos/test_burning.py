"""Arithmetic of budgets: against figures worked out by hand, and against laws that hold for any traffic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.slos.burning import budget_left, burn_down, steps_left

WEEK = [1000.0] * 7


def test_a_budget_of_ten_of_which_four_are_spent() -> None:
    assert budget_left(10_000, 4, 0.001) == pytest.approx(0.6)
    assert budget_left(10_000, 25, 0.001) == pytest.approx(-1.5)
    assert budget_left(0, 0, 0.001) is None


def test_it_burns_down_from_whole_to_what_is_left() -> None:
    left = burn_down([1000.0] * 4, [0, 2, 0, 1], 0.001)
    assert left == pytest.approx([1.0, 0.5, 0.5, 0.25])
    assert burn_down([0, 0, 100], [0, 0, 1], 0.1) == [None, 1.0, pytest.approx(0.9)]
    assert burn_down([0, 0], [0, 0], 0.1) == [None, None]


def test_at_twice_the_allowed_pace_an_untouched_budget_lasts_half_its_window() -> None:
    assert steps_left(WEEK, [0.0] * 7, 0.001, 0.002) == pytest.approx(3.5)


def test_at_less_than_the_allowed_pace_it_lasts() -> None:
    assert steps_left(WEEK, [0.0] * 7, 0.001, 0.0005) is None
    assert steps_left(WEEK, [0.0] * 7, 0.001, 0.001) is None


def test_what_was_spent_early_is_forgiven_and_what_was_spent_lately_is_not() -> None:
    """Of 7 that may go wrong, 6 did. At half the allowed pace, half a one is added a day: used up after two days,
    unless the first of them forgives the six."""
    lately = [0, 0, 0, 0, 0, 0, 6.0]
    assert steps_left(WEEK, lately, 0.001, 0.0005) == pytest.approx(2.0)
    assert steps_left(WEEK, list(reversed(lately)), 0.001, 0.0005) is None


def test_what_is_used_up_lasts_no_more() -> None:
    assert steps_left(WEEK, [8.0, 0, 0, 0, 0, 0, 0], 0.001, 0.0) == 0.0
    assert steps_left([0.0] * 7, [0.0] * 7, 0.001, 0.5) is None


def test_with_two_days_of_history_the_budget_grows_with_the_traffic() -> None:
    """A pace beyond the allowed one ends it all the same, and no later than with a full window."""
    ends = steps_left([0, 0, 0, 0, 0, 1000, 1000], [0, 0, 0, 0, 0, 0, 0], 0.01, 0.02)
    assert ends is not None
    assert ends == pytest.approx(2.0)


days = st.lists(st.tuples(st.integers(1, 10_000), st.floats(0, 0.01)), min_size=2, max_size=31)


@given(days, st.floats(0.001, 0.1), st.floats(0, 1))
def test_a_faster_pace_never_lasts_longer(
    history: list[tuple[int, float]], budget: float, pace: float
) -> None:
    total = [float(number) for number, _ in history]
    bad = [number * share for number, share in history]
    slow, fast = (steps_left(total, bad, budget, share) for share in (pace * budget, 3 * pace * budget))
    if slow is not None:
        assert fast is not None
        assert fast <= slow + 1e-6


@given(days, st.floats(0.001, 0.1), st.floats(1.05, 50))
def test_beyond_the_allowed_pace_it_ends_within_a_window(
    history: list[tuple[int, float]], budget: float, burn: float
) -> None:
    total = [float(number) for number, _ in history]
    bad = [number * share for number, share in history]
    ends = steps_left(total, bad, budget, burn * budget)
    assert ends is not None
    assert 0 <= ends <= len(history)
