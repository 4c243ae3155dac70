"""Sessions: read as the protocol has them, and counted exactly whatever comes twice, late or turned round."""

import json
import random
from collections import Counter
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from monitor.digest.collecting import Origin
from monitor.projects.models import Project
from monitor.protocol import Item
from monitor.releases.collecting import SessionCollector
from monitor.releases.keeping import SESSION_CHANGES_FOR_S, forget_old
from monitor.releases.models import Release, ReleaseHour, ReleaseProject, ReleaseUser, SessionState
from monitor.releases.sessions import HOUR_S, Outcome, sums_of, update_of

NOW = 1_790_000_000.0
ATTRIBUTES = {"release": "shop@1.0.0", "environment": "production"}


def session(number: int = 1, **given: object) -> dict[str, object]:
    return {"sid": str(UUID(int=number)), "started": NOW, "status": "ok", "attrs": ATTRIBUTES, **given}


def digest(project: Project, *payloads: dict[str, object], received: float = NOW) -> None:
    collector = SessionCollector()
    for payload in payloads:
        kind = "sessions" if "aggregates" in payload else "session"
        collector.take(Item({"type": kind}, orjson.dumps(payload)), Origin(project.pk, received, "segment:0"))
    collector.store()
    collector.stored()


def totals() -> Counter[str]:
    found: Counter[str] = Counter()
    for hour in ReleaseHour.objects.all():
        for name in ("sessions", "errored", "crashed", "abnormal"):
            found[name] += getattr(hour, name)
    return +found


@pytest.fixture
def shop(db: None) -> Project:
    return Project.objects.create(slug="shop", name="Shop")


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"status": "ok", "init": True}, Outcome.HEALTHY),
        ({"status": "exited"}, Outcome.HEALTHY),
        ({"status": "exited", "errors": 1}, Outcome.ERRORED),
        ({"status": "errored"}, Outcome.ERRORED),
        ({"status": "unhandled"}, Outcome.ERRORED),
        ({"status": "abnormal", "abnormal_mechanism": "anr_foreground"}, Outcome.ABNORMAL),
        ({"status": "crashed", "errors": 3}, Outcome.CRASHED),
        ({}, Outcome.HEALTHY),
    ],
)
def test_how_a_session_stands(given: dict[str, object], outcome: Outcome) -> None:
    payload = {"sid": str(UUID(int=7)), "attrs": ATTRIBUTES, **given}
    assert update_of(payload, NOW).outcome is outcome


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"sid": "none"}, "sid"),
        ({"status": "gone"}, "status"),
        ({"errors": -1}, "errors"),
        ({"errors": 2**32}, "errors"),
        ({"errors": True}, "errors"),
        ({"attrs": {}}, "release"),
        ({"attrs": {"release": " "}}, "release"),
        ({"attrs": {"release": ".."}}, "release"),
        ({"attrs": {"release": "a\nb"}}, "release"),
        ({"attrs": None}, "release"),
    ],
)
def test_what_is_wrong_with_a_session_is_named(broken: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        update_of(session(**broken), NOW)


@pytest.mark.parametrize(
    "payload", [[], "x", None, {"attrs": ATTRIBUTES}, {"attrs": ATTRIBUTES, "aggregates": [1]}]
)
def test_sums_that_are_none_are_refused(payload: object) -> None:
    with pytest.raises(ValueError, match="sessions"):
        list(sums_of(payload, NOW))


@pytest.mark.parametrize(
    "started", [0, NOW + 3600, "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "soon", None]
)
def test_a_clock_past_belief_is_replaced_by_when_it_came(started: object) -> None:
    assert update_of(session(started=started), NOW).started == NOW


def test_sums_are_added_in_the_hour_they_started(shop: Project) -> None:
    payload = {
        "attrs": ATTRIBUTES,
        "aggregates": [
            {"started": NOW, "exited": 10, "errored": 2},
            {"started": NOW + 30, "exited": 5, "crashed": 1, "unhandled": 1},
            {"started": NOW - HOUR_S, "abnormal": 4},
        ],
    }
    digest(shop, payload, payload)
    now, before = ReleaseHour.objects.order_by("-hour")
    assert (now.sessions, now.errored, now.crashed, now.abnormal) == (38, 6, 2, 0)
    assert (before.sessions, before.abnormal) == (8, 8)
    assert now.hour == int(NOW // HOUR_S) == before.hour + 1


def test_a_session_that_becomes_worse_moves_from_column_to_column(shop: Project) -> None:
    digest(shop, session(init=True))
    assert totals() == {"sessions": 1}
    digest(shop, session(errors=1, seq=2))
    assert totals() == {"sessions": 1, "errored": 1}
    digest(shop, session(status="crashed", errors=2, seq=3))
    assert totals() == {"sessions": 1, "crashed": 1}
    digest(shop, session(status="exited", seq=1))
    assert totals() == {"sessions": 1, "crashed": 1}


def test_an_end_without_its_beginning_counts_once(shop: Project) -> None:
    digest(shop, session(status="crashed", seq=5))
    digest(shop, session(init=True, seq=0))
    assert totals() == {"sessions": 1, "crashed": 1}


def test_the_same_id_in_two_projects_is_two_sessions(shop: Project) -> None:
    other = Project.objects.create(slug="other", name="Other")
    digest(shop, session(init=True))
    digest(other, session(init=True, status="crashed"))
    assert totals() == {"sessions": 2, "crashed": 1}
    assert Release.objects.get().projects.count() == 2


def test_users_are_told_apart_and_not_known(shop: Project) -> None:
    digest(
        shop,
        session(1, init=True, did="17"),
        session(2, init=True, did="17", status="crashed"),
        session(3, init=True, did="ada@example.org"),
        session(4, init=True),
    )
    users = list(ReleaseUser.objects.order_by("crashed"))
    assert [user.crashed for user in users] == [False, True]
    assert all(len(bytes(user.user)) == 8 for user in users)
    digest(shop, session(3, did="ada@example.org", status="crashed"))
    assert ReleaseUser.objects.filter(crashed=True).count() == 2


def test_a_release_is_known_from_its_first_session_on(shop: Project) -> None:
    digest(shop, session(init=True), received=NOW)
    digest(shop, session(2, init=True), received=NOW + 60)
    release = Release.objects.get()
    assert (release.version, release.created_at.timestamp()) == ("shop@1.0.0", NOW)
    seen = ReleaseProject.objects.get()
    assert seen.first_seen is not None
    assert seen.last_seen is not None
    assert (seen.first_seen.timestamp(), seen.last_seen.timestamp()) == (NOW, NOW + 60)


def test_a_session_nobody_remembers_is_not_counted_again(shop: Project) -> None:
    digest(shop, session(init=True))
    later = NOW + SESSION_CHANGES_FOR_S + 2 * 86400
    forget_old(later)
    assert not SessionState.objects.exists()
    digest(shop, session(status="exited"), received=later)
    assert totals() == {"sessions": 1}


def test_a_session_that_may_still_change_is_remembered(shop: Project) -> None:
    digest(shop, session(init=True))
    forget_old(NOW + SESSION_CHANGES_FOR_S)
    digest(shop, session(status="crashed"), received=NOW + SESSION_CHANGES_FOR_S)
    assert totals() == {"sessions": 1, "crashed": 1}


def test_old_users_and_counts_go(shop: Project) -> None:
    digest(shop, session(init=True, did="17"))
    forget_old(NOW + 91 * 86400)
    assert not ReleaseUser.objects.exists()
    assert ReleaseHour.objects.exists()
    forget_old(NOW + 401 * 86400)
    assert not ReleaseHour.objects.exists()


STATUSES = st.sampled_from(["ok", "exited", "errored", "abnormal", "crashed"])
UPDATES = st.lists(st.tuples(st.integers(1, 4), STATUSES, st.integers(0, 2)), max_size=25)


class AnyOrder(TestCase):
    """Hypothesis needs a transaction for each example, which only this class gives."""

    @settings(max_examples=40, deadline=None)
    @given(UPDATES, st.integers(1, 5), st.randoms())
    def test_counts_are_exact_in_any_order_and_any_batches(
        self, updates: list[tuple[int, str, int]], batches: int, chance: random.Random
    ) -> None:
        shop = Project.objects.create(slug="shop", name="Shop")
        sent = [*updates, *(one for one in updates if chance.random() < 0.3)]
        chance.shuffle(sent)
        for start in range(batches):
            digest(shop, *(session(sid, status=status, errors=n) for sid, status, n in sent[start::batches]))
        worst: dict[int, Outcome] = {}
        for sid, status, errors in updates:
            found = update_of(session(sid, status=status, errors=errors), NOW).outcome
            worst[sid] = max(found, worst.get(sid, Outcome.HEALTHY))
        tally = Counter(worst.values())
        expected = {
            "sessions": len(worst),
            "errored": tally[Outcome.ERRORED],
            "abnormal": tally[Outcome.ABNORMAL],
            "crashed": tally[Outcome.CRASHED],
        }
        assert totals() == Counter(expected), json.dumps(updates)
