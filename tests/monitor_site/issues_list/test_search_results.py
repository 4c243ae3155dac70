"""What a search finds: by example, and against a slow reference that knows nothing of SQL."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.access.models import User
from monitor.events.surroundings import user_key_of
from monitor.issues.arrival import user_hash, user_salt
from monitor.issues.models import Issue, IssueTag, IssueUser, TagValue
from monitor.issues.search import Scope, SearchError, search
from monitor.projects.models import Project
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86_400.0
WORDS = (
    "Überlauf",
    "rain",
    "RAIN gauge",
    "50% done",
    "a_b",
    "naïve",
    "No such file",
    "über",
    "[x]",
    'say "no"',
    "*",
)


@dataclass
class World:
    """An issue as the reference sees it."""

    number: int
    title: str
    value: str
    culprit: str
    type: str
    level: str
    category: str
    severity: str
    status: str
    substatus: str
    assigned: str
    handled: bool | None
    times: int
    users: list[str]
    first_seen: float
    last_seen: float
    first_release: str
    tags: dict[str, set[str]] = field(default_factory=dict)


def pick(number: int, salt: int, choices: Any) -> Any:
    return choices[(number * 7919 + salt * 104_729) % 9973 % len(choices)]


def world(number: int) -> World:
    """Sixty different ones, always the same."""
    chosen = partial(pick, number)
    kind = chosen(1, ("KeyError", "ValueError", "OSError", ""))
    value = f"{chosen(2, WORDS)} {chosen(3, WORDS)} {number}"
    return World(
        number=number,
        title=f"{kind}: {value}" if chosen(4, (1, 1, 0)) and kind else chosen(5, WORDS),
        value=value,
        culprit=chosen(6, ("projects.views.load", "jobs.tasks.run", "Überlauf.c", "")),
        type=kind,
        level=chosen(7, ("error", "warning", "fatal")),
        category=chosen(8, ("database", "cache", "file", "")),
        severity=chosen(9, ("P0", "P1", "P2", "P3", "P4", "")),
        status=chosen(10, ("unresolved", "unresolved", "resolved", "ignored")),
        substatus=chosen(11, ("new", "ongoing", "regressed", "escalating")),
        assigned=chosen(12, ("", "mary@example.org", "ada@example.org")),
        handled=chosen(13, (True, False, None)),
        times=chosen(14, (1, 5, 100, 101, 4_000)),
        users=list("abcd")[: chosen(15, (0, 1, 3))],
        first_seen=NOW - chosen(16, (0.5 * HOUR, 5 * HOUR, 2 * DAY, 8 * DAY, 40 * DAY)),
        last_seen=NOW - chosen(17, (10.0, 0.9 * HOUR, 3 * HOUR)),
        first_release=chosen(18, ("1.0", "1.1", "2.0-rc", "")),
        tags={
            key: {chosen(salt, values), chosen(salt + 100, values)} - {""}
            for salt, (key, values) in enumerate(
                {
                    "environment": ("production", "staging", ""),
                    "release": ("1.0", "1.1", "2.0-rc", ""),
                    "url": ("/projects/1/", "/projects/2/", "/data/[x]/", "a b", "what?"),
                    "level": ("error", "warning"),
                }.items(),
                start=20,
            )
        },
    )


WORLDS = [world(number) for number in range(1, 61)]

Check = Callable[[World], bool]
Condition = tuple[str, Check]


def folded(text: str) -> str:
    return text.lower()


def contains(needle: str) -> Check:
    return lambda one: any(
        folded(needle) in folded(text) for text in (one.title, one.value, one.culprit, one.type)
    )


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")
    return f'"{escaped}"'


def matches(pattern: str, text: str) -> bool:
    """The whole text, `*` for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


COMPARE: dict[str, Callable[[float, float], bool]] = {
    "": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}
SPANS = {"1h": HOUR, "24h": DAY, "7d": 7 * DAY, "5w": 35 * DAY}

words = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(
        ["Error", "load", "ERROR: ", "überlauf", "ÜBERLAUF", "a", "ü", "Ü", "x]", "%", "_", "ï", "-"]
    ),
    st.text(string.ascii_letters + "äöüÄÖÜ %_[]", min_size=1, max_size=4).filter(lambda text: text.strip()),
).map(lambda text: (quoted(text), contains(text)))


def is_(name: str) -> Condition:
    checks: dict[str, Check] = {
        "assigned": lambda one: bool(one.assigned),
        "unassigned": lambda one: not one.assigned,
        "unhandled": lambda one: one.handled is False,
    }
    if name in ("unresolved", "resolved", "ignored"):
        checks[name] = lambda one: one.status == name
    if name in ("new", "ongoing", "regressed", "escalating"):
        checks[name] = lambda one: one.status == "unresolved" and one.substatus == name
    return f"is:{name}", checks[name]


def number(key: str, attribute: Callable[[World], float], sign: str, value: int) -> Condition:
    return f"{key}:{sign}{value}", lambda one: COMPARE[sign](attribute(one), value)


def severity(sign: str, wanted: str) -> Condition:
    return (
        f"severity:{sign}{wanted}",
        lambda one: bool(one.severity) and COMPARE[sign](int(one.severity[1]), int(wanted[1])),
    )


def moment(key: str, attribute: Callable[[World], float], sign: str, span: str) -> Condition:
    edge = NOW - SPANS[span]
    check: Check = (
        (lambda one: attribute(one) >= edge) if sign == "-" else (lambda one: attribute(one) <= edge)
    )
    return f"{key}:{sign}{span}", check


def tag(key: str, pattern: str) -> Condition:
    text = f'"{pattern}"' if " " in pattern else pattern
    return f"tags[{key}]:{text}", lambda one: any(matches(pattern, value) for value in one.tags[key])


def column(key: str, attribute: Callable[[World], str], pattern: str) -> Condition:
    return f"{key}:{pattern}", lambda one: matches(pattern, attribute(one))


def any_level(levels: list[str]) -> Condition:
    return f"level:[{', '.join(levels)}]", lambda one: one.level in levels


signs = st.sampled_from(["", ">", ">=", "<", "<="])
KEYS = ("environment", "release", "url", "level")
VALUES = (
    "production",
    "prod*",
    "*1*",
    "/projects/*/",
    "/data/[x]/",
    "a b",
    "what?",
    "w*t?",
    "nothing",
    "error",
)
conditions: st.SearchStrategy[Condition] = st.one_of(
    words,
    st.sampled_from(
        [
            *("unresolved", "resolved", "ignored", "assigned", "unassigned", "unhandled"),
            *("new", "ongoing", "regressed", "escalating"),
        ]
    ).map(is_),
    st.builds(
        number, st.just("times"), st.just(lambda one: one.times), signs, st.sampled_from([0, 1, 100, 10**30])
    ),
    st.builds(
        number, st.just("users"), st.just(lambda one: len(one.users)), signs, st.sampled_from([0, 1, 3])
    ),
    st.builds(severity, signs, st.sampled_from(["P0", "P1", "P2", "P3", "P4", "p1"])),
    st.builds(
        moment,
        st.just("age"),
        st.just(lambda one: one.first_seen),
        st.sampled_from("+-"),
        st.sampled_from([*SPANS]),
    ),
    st.builds(
        moment,
        st.just("last_seen"),
        st.just(lambda one: one.last_seen),
        st.sampled_from("+-"),
        st.sampled_from([*SPANS]),
    ),
    st.builds(tag, st.sampled_from(KEYS), st.sampled_from(VALUES)),
    st.sampled_from(KEYS).map(lambda key: (f"has:{key}", lambda one: bool(one.tags[key]))),
    st.sampled_from(KEYS).map(lambda key: (f'tags[{key}]:""', lambda one: not one.tags[key])),
    st.builds(
        column,
        st.just("type"),
        st.just(lambda one: one.type),
        st.sampled_from(["KeyError", "*Error", "K*", "*S*"]),
    ),
    st.builds(
        column,
        st.just("firstRelease"),
        st.just(lambda one: one.first_release),
        st.sampled_from(["1.0", "1.*", "2*"]),
    ),
    st.builds(
        column,
        st.just("category"),
        st.just(lambda one: one.category),
        st.sampled_from(["cache", "*a*", "database"]),
    ),
    st.lists(st.sampled_from(["error", "warning", "fatal", "info"]), min_size=1, max_size=3).map(any_level),
    st.sampled_from("abcdx").map(lambda user: (f"user:{user}", lambda one: user in one.users)),
    st.sampled_from(
        [
            ("assigned:me", lambda one: one.assigned == "mary@example.org"),
            ("assigned:none", lambda one: not one.assigned),
            ("assigned:Ada@example.org", lambda one: one.assigned == "ada@example.org"),
        ]
    ),
)


@dataclass
class Drawn:
    text: str
    expected: set[int]


@st.composite
def searches(draw: st.DrawFn) -> Drawn:
    parts, expected = [], {one.number for one in WORLDS}
    for text, check in draw(st.lists(conditions, max_size=4)):
        negated = draw(st.booleans())
        parts.append(f"!{text}" if negated else text)
        expected &= {one.number for one in WORLDS if check(one) != negated}
    return Drawn(draw(st.sampled_from([" ", "  "])).join(parts), expected)


@pytest.fixture
def issues(project: Project, member: User, admin: User) -> User:
    """All worlds, as rows. Gives the user who searches."""
    people = {user.email: user for user in (member, admin)}
    for one in WORLDS:
        issue = Issue.objects.create(
            project=project,
            **{
                name: getattr(one, name)
                for name in (
                    "number", "title", "value", "culprit", "type", "level", "category", "severity", "status",
                    "substatus", "handled", "times", "first_seen", "last_seen", "first_release",
                )
            },
            users=len(one.users),
            assigned_to=people.get(one.assigned),
        )  # fmt: skip
        for user in one.users:
            key = user_key_of({"id": user}, user_salt())
            assert key is not None
            IssueUser.objects.create(issue=issue, user=user_hash(key))
        for tag_key, values in one.tags.items():
            for value in values:
                kept, _ = TagValue.objects.get_or_create(project=project, key=tag_key, value=value)
                IssueTag.objects.create(issue=issue, tag=kept, times=1, first_seen=NOW, last_seen=NOW)
    return member


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=searches())
def test_a_search_finds_what_the_reference_finds(issues: User, drawn: Drawn) -> None:
    found = search(drawn.text, Scope(issues, now=NOW, zone=UTC)).values_list("number", flat=True)
    assert set(found) == drawn.expected
    assert len(found) == len(drawn.expected)


ANYTHING = st.lists(
    st.sampled_from(
        [*'!":[]*\\, <>=', "is:", "severity:", "times:>", "lastSeen:", "-24h", "2026-02-30", "url:", "has:"]
    )
    | st.text(max_size=5),
    max_size=20,
).map("".join)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ANYTHING)
def test_a_search_finds_something_or_says_what_is_wrong(issues: User, text: str) -> None:
    with suppress(SearchError):
        assert len(search(text, Scope(issues, now=NOW))) <= len(WORLDS)


@pytest.mark.parametrize(
    ("text", "hours_ago"),
    [
        ("lastSeen:2026-11-20", [37, 47]),
        ("lastSeen:>2026-11-20", [0, 35]),
        ("lastSeen:>=2026-11-20", [0, 35, 37, 47]),
        ("lastSeen:<2026-11-20", [61, 62]),
        ("lastSeen:<=2026-11-20", [37, 47, 61, 62]),
        ("lastSeen:>2026-11-21T23:59:00", [0]),
        ("lastSeen:<=2026-11-20T01:00+00:00", [61, 62]),
        ("lastSeen:-2d", [0, 35, 37, 47]),
        ("lastSeen:+60h", [61, 62]),
    ],
)
def test_times_are_near_far_or_of_a_day(
    project: Project, member: User, text: str, hours_ago: list[int]
) -> None:
    for number, hours in enumerate((0, 35, 37, 47, 61, 62)):
        Issue.objects.create(
            project=project,
            number=number,
            title=str(hours),
            level="error",
            first_seen=0,
            last_seen=NOW - hours * HOUR,
        )
    found = search(text, Scope(member, now=NOW, zone=UTC)).order_by("number")
    assert [int(issue.title) for issue in found] == hours_ago


def test_events_are_found_by_their_ids(deliver: Delivery, member: User) -> None:
    trace = "8ab1" * 8
    first, second = deliver(
        failure("a", tags={"error_id": "K7QX-93HM"}), failure("b", contexts={"trace": {"trace_id": trace}})
    )
    a, b = Issue.objects.order_by("number")
    for text, issue in (
        (f"id:{first}", a),
        (f"event.id:{second.upper()}", b),
        (f"error_id:{'K7QX-93HM'}", a),
        (f"trace:{trace}", b),
        ("issue:hydroml-2", b),
    ):
        assert list(search(text, Scope(member))) == [issue], text
        assert list(search(f"!{text}", Scope(member))) == [b if issue == a else a], text


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        ("is:opne", "is:opne", "is:unresolved"),
        ("is:", "is:", "is:unresolved"),
        ("x category:databse", "category:databse", "Did you mean database?"),
        ("level:fatale", "level:fatale", "Did you mean fatal?"),
        ("severity:<=high", "severity:<=high", "P0, P1"),
        ("times:many", "times:many", "times:>100"),
        ("lastSeen:yesterday", "lastSeen:yesterday", "-24h"),
        ("lastSeen:2026-02-30", "lastSeen:2026-02-30", "-24h"),
        ("lastSeen:>9999-12-31", "lastSeen:>9999-12-31", "-24h"),
        ("assigned:nobody@example.org", "assigned:nobody@example.org", "me, none"),
        ("project:secret", "project:secret", "hydroml"),
        ("category:>file", "category:>file", "category:database"),
        ("release:>1.0", "release:>1.0", 'release:">'),
        ("id:123", "id:123", "32 hexadecimal"),
        ("issue:12", "issue:12", "HYDROML-12"),
        ("catgory:file", "catgory:file", "Did you mean category?"),
        ("request_id:7", "request_id:7", "each event has another"),
        ("has:catgory", "has:catgory", "Did you mean category?"),
        ("level:[error,,fatal]", "level:[error,,fatal]", "leave it out"),
        ("tags[url]:", "tags[url]:", "missing"),
    ],
)
def test_a_mistake_names_the_word_and_what_is_possible(member: User, text: str, word: str, says: str) -> None:
    with pytest.raises(SearchError) as raised:
        search(text, Scope(member))
    assert raised.value.word == word
    assert text[raised.value.start : raised.value.end] == word
    assert says in raised.value.message


def test_a_search_sees_no_strangers_project(
    deliver: Delivery, other_project: Project, member: User, admin: User
) -> None:
    [event_id] = deliver(
        failure("theirs", tags={"their_tag": "x", "category": "of_theirs"}, user="42"), project=other_project
    )
    for text in (
        "rain",
        "",
        f"id:{event_id}",
        "user:42",
        "is:unresolved",
        "issue:OTHER-1",
        "environment:production",
    ):
        assert not search(text, Scope(member)).exists(), text
    for text in ("their_tag:x", "has:their_tag", "category:of_theirs", "project:other"):
        with pytest.raises(SearchError):
            search(text, Scope(member))
        assert search(text, Scope(admin)).count() == 1


def test_a_search_may_be_kept_to_some_projects(
    deliver: Delivery, other_project: Project, admin: User
) -> None:
    deliver(failure("ours"))
    deliver(failure("theirs"), project=other_project)
    assert search("rain", Scope(admin)).count() == 2
    [issue] = search("rain", Scope(admin, projects=[other_project]))
    assert issue.project == other_project
