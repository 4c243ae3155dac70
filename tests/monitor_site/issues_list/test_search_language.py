"""How a search is read: words, keys, quotation marks, and what is said of mistakes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.issues.search import SearchError, Term, parse
from monitor.issues.search.terms import MAX_LENGTH, MAX_TERMS, Pattern, pattern


def one(text: str) -> Term:
    [term] = parse(text)
    return term


def texts(term: Term) -> list[str]:
    return [value.exact for value in term.values]


@pytest.mark.parametrize("text", ["", "   ", "\t\n"])
def test_nothing_asks_for_nothing(text: str) -> None:
    assert parse(text) == []


def test_words_are_conditions_each() -> None:
    assert [texts(term) for term in parse("connection  refused")] == [["connection"], ["refused"]]
    assert {term.key for term in parse("connection refused")} == {""}


def test_quotation_marks_keep_words_together() -> None:
    assert texts(one('"connection refused"')) == ["connection refused"]
    assert texts(one('release:"my app 1.0"')) == ["my app 1.0"]
    assert texts(one('"say \\"no\\""')) == ['say "no"']


def test_a_key_has_a_value_an_operator_and_may_be_negated() -> None:
    term = one("!times:>=100")
    assert (term.key, term.operator, texts(term), term.negated) == ("times", ">=", ["100"], True)
    assert texts(one("release:1.4.2-rc.1+build")) == ["1.4.2-rc.1+build"]
    assert texts(one("url:/a:b/c")) == ["/a:b/c"]


def test_a_list_is_one_of_its_values() -> None:
    assert texts(one('level:[error, "very bad",fatal ]')) == ["error", "very bad", "fatal"]


def test_a_tag_may_be_called_like_a_key_of_the_language() -> None:
    term = one("tags[level]:error")
    assert (term.key, term.is_tag) == ("level", True)
    assert one("level:error").is_tag is False


def test_stars_stand_for_anything_unless_escaped() -> None:
    assert pattern("a*b*").parts == ("a", "b", "")
    assert pattern("a\\*b").parts == ("a*b",)
    assert pattern("C:\\new").parts == ("C:\\new",)
    assert Pattern(("",)).is_empty


@pytest.mark.parametrize(
    "text", ["https://example.org/x", "12:30", "[x", "a]b", "::", "!", "! a", '"" ""', "ValueError("]
)
def test_what_only_looks_like_a_key_is_words(text: str) -> None:
    assert {term.key for term in parse(text)} == {""}


def test_a_pasted_title_ends_its_first_word_with_a_colon() -> None:
    first, second = parse("OperationalError: refused")
    assert (first.key, first.values, first.word) == ("OperationalError", (), "OperationalError:")
    assert texts(second) == ["refused"]


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        ('a "b c', '"b c', "not closed"),
        ('a key:"b c', 'key:"b c', "not closed"),
        ("level:[a, b", "level:[a, b", "[a, b]"),
        ("level:[a b]", "level:[a b]", "[a, b]"),
        ("a OR b", "OR", "key:[a, b]"),
        ("NOT a", "NOT", "!"),
    ],
)
def test_a_mistake_is_told_with_its_word_and_the_way_out(text: str, word: str, says: str) -> None:
    with pytest.raises(SearchError) as raised:
        parse(text)
    error = raised.value
    assert error.word == word
    assert text[error.start : error.end] == word
    assert says in error.message


def test_a_search_has_bounds() -> None:
    with pytest.raises(SearchError, match="1,001 characters"):
        parse("x" * (MAX_LENGTH + 1))
    with pytest.raises(SearchError, match="conditions"):
        parse("a " * (MAX_TERMS + 1))
    with pytest.raises(SearchError, match="list"):
        parse(f"a:[{'b,' * 100}b]")


SIGNS = st.sampled_from(
    [*'!":[]*\\, <>=', "is:", "tags[a]:", "times:>", "\0", "\ud800", "é", "\N{EM SPACE}", "OR"]
)


@given(st.lists(SIGNS | st.text(max_size=6), max_size=30).map("".join))
def test_everything_that_can_be_typed_is_read_or_refused(text: str) -> None:
    terms: list[Term] = []
    with suppress(SearchError):
        terms = parse(text)
    for term in terms:
        assert term.word
        term.word.encode()
        assert "\0" not in "".join(part for value in term.values for part in value.parts)


WORD = st.text(min_size=1, max_size=8)


@given(WORD)
def test_what_is_quoted_is_found_as_it_is(value: str) -> None:
    """Whatever is escaped comes out as it went in, but for what SQLite can't keep."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")
    whole = value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    expected = "".join(" " if letter.isspace() else letter for letter in whole)
    assert texts(one(f'"{escaped}"')) == [expected]
    assert texts(one(f'tag:"{escaped}"')) == [expected]
