"""SQL without values, and what is found wrong with it."""

from __future__ import annotations

import pytest

from monitor.performance.statements import Query, findings, normalised

SELECT = "SELECT * FROM a WHERE id = ?"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT 1 FROM a  WHERE\n id = %s", "SELECT ? FROM a WHERE id = ?"),
        ("SELECT a FROM t1 WHERE b = 'it''s' AND c=-1.5e3", "SELECT a FROM t1 WHERE b = ? AND c=?"),
        ('SELECT "t2"."c9" FROM "t2" WHERE x IN (1, 2, 3)', 'SELECT "t2"."c9" FROM "t2" WHERE x IN (?..)'),
        ("select a from b where c = $1 and d = :name and e::text = %(e)s", None),
        ("INSERT INTO a VALUES (1, 2), (3, 4), (5, 6)", "INSERT INTO a VALUES (?..)"),
        ("/* who: ada */ SELECT a FROM b -- secret", "SELECT a FROM b"),
        ("SAVEPOINT s123_x1", None),
        ("connect", None),
        ("COMMIT", None),
    ],
)
def test_statements_lose_their_values(sql: str, text: str | None) -> None:
    if sql.startswith("select"):
        text = "select a from b where c = ? and d = ? and e::text = ?"
    assert normalised(sql) == text


def test_the_same_statement_with_other_values_is_the_same() -> None:
    both = {
        normalised(f"SELECT * FROM a WHERE id IN ({ids}) AND n = 'x{ids}'") for ids in ("1, 2", "3, 4, 5")
    }
    assert len(both) == 1


def _asked(*durations: float, text: str = SELECT, parent: str = "p", source: str = "") -> list[Query]:
    return [Query(text, parent, duration, source) for duration in durations]


def test_five_of_the_same_beneath_one_parent_are_an_n_plus_one() -> None:
    [found] = findings(_asked(1, 2, 3, 4, 5, source="views.py:3 in show"))
    assert (found.kind, found.spans, found.total_ms, found.source) == (
        "n_plus_one",
        5,
        15,
        "views.py:3 in show",
    )
    assert findings(_asked(1, 2, 3, 4)) == []
    assert findings(_asked(1, 2, 3) + _asked(4, 5, 6, parent="q")) == []
    assert findings(_asked(*[1] * 9, text="UPDATE a SET b = ?")) == []


def test_half_a_second_is_a_slow_query() -> None:
    [found] = findings(_asked(500, 900, 3, text="UPDATE a SET b = ?"))
    assert (found.kind, found.spans, found.total_ms, found.longest_ms) == ("slow_query", 2, 1400, 900)
    assert findings(_asked(499.9)) == []
