"""Numbers with units as the pages write them."""

import math

import pytest

from monitor.site.quantities import number, quantity, share, size, span


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1204, "events", "1,204 events"),
        (1, "events", "1 event"),
        (0, "", "0"),
        (2.5, "", "2.5"),
        (0.000012, "", "1.2e-05"),
        (None, "events", "–"),
        (math.nan, "", "–"),
        (0.953, "share", "95.3 %"),
        (1_234_567, "bytes", "1.2 MB"),
        (90, "s", "1 min 30 s"),
        (1400, "ms", "1.4 s"),
    ],
)
def test_a_quantity_is_written_with_its_unit(value: float | None, unit: str, words: str) -> None:
    assert quantity(value, unit) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.0002, "200 µs"),
        (0.0124, "12.4 ms"),
        (0.23, "230 ms"),
        (0.9999, "1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (7500, "2 h 5 min"),
        (86400 * 3 + 3600 * 4, "3 d 4 h"),
        (-5, "−5 s"),
    ],
)
def test_a_length_of_time_takes_the_unit_that_reads_best(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_nearly_all_is_not_rounded_to_all() -> None:
    assert share(0.99995) == "99.995 %"
    assert share(1.0) == "100 %"
    assert share(0.0004) == "0.04 %"
    assert share(0.0) == "0 %"


def test_a_missed_goal_is_not_rounded_to_the_goal() -> None:
    assert share(557_411 / 558_231, goal=0.999) == "99.85 %"
    assert share(0.99901, goal=0.999) == "99.901 %"
    assert share(0.999, goal=0.999) == "99.9 %"
    assert share(0.953, goal=0.95) == "95.3 %"


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (250_000, "250 kB")]
)
def test_sizes_go_by_thousands(count: int, words: str) -> None:
    assert size(count) == words


def test_whole_numbers_are_exact() -> None:
    assert number(12_345_678) == "12,345,678"
