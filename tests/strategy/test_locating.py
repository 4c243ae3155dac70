import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategy import locating
from strategy.locating import excerpts, line_of, locate
from strategy.problems import KeyPath

DOCUMENT = """\
# a comment with [brackets] and = signs
title = "one # not a comment"
multi = '''
[not.a.table]
key = 1
'''

[plain]
a = 1
"quoted key".b = 2     # dotted
list = [
    "x",  # ]
    { inner = [1,
               2] },
]
inline = { one = 1, two = { three = "}" } }

[[rules]]
id = "first"
[rules.sub]
deep = true
[[rules]]
id = "second"
[[rules.children]]
name = 'child # no comment'
[rules.more]
end = 2026-11-21
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("multi",), 3),
        (("plain",), 8),
        (("plain", "quoted key", "b"), 10),
        (("plain", "list", 0), 12),
        (("plain", "list", 1, "inner", 1), 14),
        (("plain", "inline", "two", "three"), 16),
        (("rules", 0), 18),
        (("rules", 0, "sub", "deep"), 21),
        (("rules", 1, "id"), 23),
        (("rules", 1, "children", 0, "name"), 25),
        (("rules", 1, "more", "end"), 27),
    ],
)
def test_every_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    assert locate(DOCUMENT)[path] == line


def test_a_key_that_is_missing_is_told_at_its_table() -> None:
    assert line_of(locate(DOCUMENT), ("rules", 1, "threshold")) == 22
    assert line_of(locate(DOCUMENT), ("nowhere", "at", "all")) == 1


def test_excerpts_are_the_file_s_own_words() -> None:
    text = '[a]\nx = 1\n\n# why\n[[r]]\nid = "one"   # because\nlist = [\n  1,\n]\n\n# of the next\n[[r]]\nid = "two"\n'
    assert excerpts(text, "r") == ['[[r]]\nid = "one"   # because\nlist = [\n  1,\n]', '[[r]]\nid = "two"']
    assert excerpts(text, "s") == []


def test_a_file_is_scanned_once_for_all_excerpts(monkeypatch: pytest.MonkeyPatch) -> None:
    scanned = []
    monkeypatch.setattr(locating, "locate", lambda text: (scanned.append(text), locate(text))[1])
    assert len(excerpts("[[r]]\nid = 1\n" * 30, "r")) == 30
    assert len(scanned) == 1


# Documents in which each value is its own line number: what tomllib reads says where the scanner should have looked.

_keys = st.sampled_from(["a", "b-c", '"d e"', "'f.g'", '"h\\u0069"', "7"])
_tails = st.sampled_from(["", "  # [x] = {", "\t"])
_gaps = st.sampled_from(["", "\n", '\n# { [ = \' """ \n\n'])
_strings = st.sampled_from(
    ['"x"', "'}'", '"\\"]"', "'''\n[no]\n'''", '"""\\""" """', '"""a""""', "1979-05-27T07:32:00Z", "0.5e3"]
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    out: list[str] = []

    def line() -> int:
        return "".join(out).count("\n") + 1

    def value(depth: int) -> None:
        kind = draw(
            st.sampled_from(["number", "number", "string", "array", "inline"] if depth < 3 else ["number"])
        )
        if kind == "number":
            out.append(str(line()))
        elif kind == "string":
            out.append("[" + draw(_strings) + ", ")
            out.append(f"{line()}]")
        elif kind == "array":
            out.append("[")
            for _ in range(draw(st.integers(0, 3))):
                out.append(draw(_gaps))
                value(depth + 1)
                out.append(draw(st.sampled_from([",", " ,", ",\n"])))
            out.append(draw(_gaps) + "]")
        else:
            out.append("{ ")
            for index, key in enumerate(draw(st.lists(_keys, unique=True, max_size=3))):
                out.append((", " if index else "") + key + draw(st.sampled_from([" = ", "="])))
                value(depth + 1)
            out.append(" }")

    def pairs() -> None:
        for key in draw(st.lists(_keys, unique=True, max_size=3)):
            out.append(draw(_gaps) + key + draw(st.sampled_from([" = ", ".x = ", "=", " . y.z = "])))
            value(0)
            out.append(draw(_tails) + "\n")

    pairs()
    for index in range(draw(st.integers(0, 4))):
        out.append(
            draw(
                st.sampled_from(
                    ["[[t.rows]]", f"[t{index}]", f"[ t{index} . 'q r' ]", f"[[deep.rows{index % 2}]]"]
                )
            )
        )
        out.append(draw(_tails) + "\n")
        pairs()
    return "".join(out)


def leaves(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


@settings(max_examples=150, deadline=None)
@given(documents())
def test_the_place_of_every_value_agrees_with_what_tomllib_reads(text: str) -> None:
    places = locate(text)
    for path, value in leaves(tomllib.loads(text)):
        assert path in places
        if type(value) is int:
            assert places[path] == value, path


def test_lines_are_counted_the_same_with_windows_ends() -> None:
    assert locate(DOCUMENT.replace("\n", "\r\n")) == locate(DOCUMENT)
