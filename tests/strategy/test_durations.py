import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategy.durations import MILLISECONDS, format_seconds, parse_milliseconds, parse_seconds
from strategy.problems import BAD_DURATION, BadValueError


@pytest.mark.parametrize(
    ("written", "seconds"), [("30s", 30), ("5m", 300), ("24h", 86_400), ("90d", 7_776_000), ("2w", 1_209_600)]
)
def test_a_length_of_time_is_a_number_and_a_unit(written: str, seconds: int) -> None:
    assert parse_seconds(written) == seconds


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_seconds(format_seconds(seconds)) == seconds


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=12) | st.from_regex(r"[ +-]?[0-9]{0,4}[ ._]?[a-z]{0,3}", fullmatch=True))
def test_anything_else_is_refused_with_a_way_out_that_is_accepted(text: str) -> None:
    if re.fullmatch("[0-9]{1,9}(ms|s|m|h|d|w)", text):
        unit = text.lstrip("0123456789")
        assert parse_milliseconds(text) == int(text.removesuffix(unit)) * MILLISECONDS[unit]
        return
    with pytest.raises(BadValueError) as caught:
        parse_milliseconds(text)
    assert caught.value.problem_id == BAD_DURATION
    suggested = caught.value.hint.rsplit('"', 2)[1]
    assert parse_milliseconds(suggested) >= 0


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("5 minuts", "5m"),
        ("5 min", "5m"),
        ("250 msec", "250ms"),
        ("3 Hours", "3h"),
        ("90days", "90d"),
        ("2 weeks", "2w"),
    ],
)
def test_a_misspelt_one_is_told_how_to_write_it(wrong: str, right: str) -> None:
    with pytest.raises(BadValueError) as caught:
        parse_seconds(wrong)
    assert f'"{right}"' in caught.value.hint


def test_a_month_is_not_read_as_a_minute() -> None:
    with pytest.raises(BadValueError) as caught:
        parse_seconds("3 months")
    assert '"3m"' not in caught.value.hint
