"""The table has what it promises, and the document shows the table."""

from __future__ import annotations

from collections import Counter

from tests.exactly_one.page import PAGE, page
from tests.exactly_one.ways.commands import COMMANDS
from tests.exactly_one.ways.requests import REQUESTS
from tests.exactly_one.ways.tasks import TASKS

ROWS = (*REQUESTS, *TASKS, *COMMANDS)


def test_the_page_shows_the_rows_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.exactly_one.page"


def test_there_are_sixty_ways_that_make_exactly_one_event_and_none_stands_twice() -> None:
    assert len([way for way in ROWS if len(way.told) == 1]) >= 60
    assert [says for says, count in Counter(way.says for way in ROWS).items() if count > 1] == []


def test_whatever_makes_more_than_one_event_says_why() -> None:
    assert [way.says for way in ROWS if len(way.told) > 1 and not way.note] == []
