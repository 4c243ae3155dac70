"""Values as pages and messages write them."""

import pytest

from monitor.alerts import wording
from strategy.loader import load_strategy

RULES = {rule.watches: rule for rule in load_strategy(env={}).alerts}


@pytest.mark.parametrize(
    ("watches", "words"),
    [("new_issue", "1 issue"), ("regression", "1 issue"), ("counter", "1 time"), ("events", "1 event")],
)
def test_what_is_counted_has_its_unit(watches: str, words: str) -> None:
    assert wording.value(RULES[watches], 1) == words
