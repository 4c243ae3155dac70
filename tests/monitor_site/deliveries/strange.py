"""Messages with anything in them: long, empty, of every kind of character, with what means something to somebody."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from monitor.alerts.channels.letter import Letter
from monitor.alerts.messages import Kind, Link, Message
from tests.monitor_site.deliveries.messages import HOME, NOW

_MEANING = st.sampled_from(
    ["<!channel>", "@everyone", "@octocat", "&", "&lt;", "**", "```", "[a](https://x.example/)", "<!-- hydroml", "\n",
     "\r\n", "| x |", "\x00", "😀", "\u202e", "-->", "<script>", "\ud800", "# ", "http://", "*_~`"]
)  # fmt: skip
_WORDS = st.lists(st.one_of(st.text(max_size=30), _MEANING), max_size=12).map(" ".join)
_LONG = (
    st.tuples(_WORDS, st.integers(1, 1_500))
    .map(lambda made: (made[0] or "x") * made[1])
    .map(lambda text: text[:70_000])
)
_TEXT = st.one_of(_WORDS, _LONG)
_LINKS = st.lists(
    st.builds(
        Link,
        st.sampled_from(["issue", "incident", "runbook", "alert"]),
        _WORDS,
        st.text("abc/", max_size=4_000).map(lambda path: f"https://m.example/{path}"),
    ),
    max_size=8,
)
_FACTS = st.tuples(
    st.lists(st.tuples(_WORDS, _WORDS), max_size=40), st.lists(st.tuples(_TEXT, _TEXT), max_size=1)
).map(lambda made: made[0] + made[1])


def strange_letters(kinds: Any = None) -> st.SearchStrategy[Letter]:
    messages = st.builds(
        Message,
        kind=st.sampled_from(Kind) if kinds is None else kinds,
        title=_TEXT,
        thread=st.text(max_size=400),
        at=st.just(NOW),
        severity=st.sampled_from(["", "P0", "P1", "P2", "P3", "P4"]),
        environment=_WORDS,
        project=_WORDS,
        text=_TEXT,
        facts=_FACTS.map(tuple),
        links=_LINKS.map(tuple),
        rule=st.just("a-rule"),
    )
    return st.builds(Letter, message=messages, key=st.just("msg_1"), home=st.just(HOME))
