"""Windows against counting by hand: whatever comes in whatever order, they hold what is in their seconds."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.windows import Extremes, Spread, Sums

ADDED = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.integers(1, 9)), max_size=40)
WINDOW_S = 7


def in_window(seen: list[tuple[int, int]], now: int) -> list[int]:
    return [value for second, value in seen if now - WINDOW_S < second <= now]


@given(ADDED)
def test_sums_and_extremes_hold_what_is_in_their_seconds(added: list[tuple[int, int, int]]) -> None:
    """`late` seconds before the clock, which only goes forward."""
    sums, extremes = Sums(WINDOW_S), Extremes(WINDOW_S)
    seen: list[tuple[int, int]] = []
    now = 0
    for step, late, value in added:
        now += step
        seen.append((now - late, value))
        sums.add(now - late, value, value / 2)
        extremes.add(now - late, value)
        sums.leave(now)
        extremes.leave(now)
        expected = in_window(seen, now)
        assert (sums.total, sums.bad) == (sum(expected), sum(expected) / 2)
        assert (extremes.low, extremes.high) == (min(expected, default=None), max(expected, default=None))


@given(ADDED)
def test_what_leaves_a_window_is_in_the_one_before_it(added: list[tuple[int, int, int]]) -> None:
    spread = Spread(WINDOW_S, Spread(2 * WINDOW_S))
    assert spread.older is not None
    seen: list[int] = []
    now = 0
    for step, late, _ in added:
        now += step
        seen.append(now - late)
        spread.add(now - late, [(1.0, 1)])
        spread.leave(now)
        edge = now - WINDOW_S
        assert spread.count == sum(edge < second <= now for second in seen)
        assert spread.older.count == sum(edge - 2 * WINDOW_S < second <= edge for second in seen)


def test_the_next_change_is_the_second_at_which_the_oldest_leaves() -> None:
    sums = Sums(WINDOW_S)
    assert sums.next_change is None
    sums.add(10, 1)
    sums.add(8, 1)
    assert sums.next_change == 15
    sums.leave(14)
    assert sums.total == 2
    sums.leave(15)
    assert (sums.total, sums.next_change) == (1, 17)
