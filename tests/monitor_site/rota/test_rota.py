"""Whose turn it is: to the second, over the changes of clocks, with stand-ins, and when the order changes."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from monitor.access.models import AuditEntry, User
from monitor.rota import selectors, services
from monitor.rota.models import HandOver, Person, Seat, StandIn
from monitor.rota.services import RotaError
from monitor.rota.turns import turn_at
from strategy.model.people import OnCall

VIENNA = ZoneInfo("Europe/Vienna")
WEEKLY = OnCall(turn_s=7 * 86_400, hand_over_day="mon", hand_over_at="09:30", checklist=())


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA).timestamp()


NOW = at("2026-11-25 12:00")
"""A Wednesday."""


@pytest.fixture
def people(db: None, admin: User) -> list[Person]:
    """Ada, Ben and Cleo take turns from now on."""
    made = [Person.objects.create(name=name, email=f"{name}@example.org") for name in ("Ada", "Ben", "Cleo")]
    services.set_order("on_call", [one.pk for one in made], admin, NOW)
    return made


def holder(when: str, role: str = "on_call") -> list[str]:
    return [one.name for one in selectors.contacts([role], at(when))]


def test_turns_change_on_monday_at_half_past_nine(people: list[Person]) -> None:
    assert holder("2026-11-25 12:00") == ["Ada"]
    assert holder("2026-11-30 09:29:59") == ["Ada"]
    assert holder("2026-11-30 09:30:00") == ["Ben"]
    assert holder("2026-12-07 09:30:00") == ["Cleo"]
    assert holder("2026-12-14 09:30:00") == ["Ada"]
    # Before it was set up, too: the turns are counted backwards.
    assert holder("2026-11-23 09:29:59") == ["Cleo"]


@pytest.mark.parametrize(
    ("when", "hours"), [("2026-03-25 12:00", 167), ("2026-10-21 12:00", 169), ("2026-06-10 12:00", 168)]
)
def test_summer_time_moves_no_hand_over(when: str, hours: int) -> None:
    turn = turn_at(WEEKLY, VIENNA, at("2026-01-07 12:00"), at(when))
    assert (turn.ends - turn.starts) / 3600 == hours
    for moment in (turn.starts, turn.ends):
        assert f"{datetime.fromtimestamp(moment, VIENNA):%a %H:%M}" == "Mon 09:30"


@given(
    anchor=st.integers(1_750_000_000, 1_850_000_000),
    moment=st.integers(1_750_000_000, 1_850_000_000),
    turn_s=st.sampled_from([86_400, 7 * 86_400, 14 * 86_400, 12 * 3600]),
    zone=st.sampled_from(["Europe/Vienna", "America/New_York", "Australia/Lord_Howe"]),
    time_of_day=st.sampled_from(["02:30", "09:30", "00:00"]),
)
def test_turns_leave_no_gap_and_do_not_overlap(
    anchor: int, moment: int, turn_s: int, zone: str, time_of_day: str
) -> None:
    on_call = OnCall(turn_s=turn_s, hand_over_day="mon", hand_over_at=time_of_day, checklist=())
    turns = [turn_at(on_call, ZoneInfo(zone), anchor, moment)]
    assert turns[0].starts <= moment < turns[0].ends
    for _ in range(4):
        turns.append(turn_at(on_call, ZoneInfo(zone), anchor, turns[-1].ends))
    for earlier, later in pairwise(turns):
        assert (later.starts, later.number) == (earlier.ends, earlier.number + 1)


def test_a_stand_in_holds_the_role_for_a_while(people: list[Person], admin: User) -> None:
    services.stand_in(
        "on_call", people[2], starts=at("2026-11-28 09:00"), ends=at("2026-11-29 09:00"), reason="", by=admin
    )
    assert holder("2026-11-28 08:59:59") == ["Ada"]
    assert holder("2026-11-28 09:00") == ["Cleo"]
    assert holder("2026-11-29 09:00") == ["Ada"]
    services.stand_in(
        "on_call", people[1], starts=at("2026-11-28 12:00"), ends=at("2026-11-28 13:00"), reason="", by=admin
    )
    assert holder("2026-11-28 12:30") == ["Ben"]  # the one that was made last
    with pytest.raises(RotaError, match="ends after it starts"):
        services.stand_in("on_call", people[1], starts=2, ends=1, reason="", by=admin)


def test_a_stand_in_ends_when_it_is_ended(people: list[Person], admin: User) -> None:
    made = [
        services.stand_in(
            "on_call", people[2], starts=at(starts), ends=at("2026-12-01 09:00"), reason="", by=admin
        )
        for starts in ("2026-11-24 09:00", "2026-11-26 09:00")
    ]
    for one in made:
        services.end_stand_in(one, admin, NOW)
    assert StandIn.objects.count() == 1  # what was, stays
    assert holder("2026-11-25 11:59:59") == ["Cleo"]
    assert holder("2026-11-25 12:00") == ["Ada"]
    assert holder("2026-11-27 12:00") == ["Ada"]


def test_a_new_order_leaves_whose_turn_it_is(people: list[Person], admin: User) -> None:
    ada, ben, cleo = people
    wednesday = at("2026-12-02 12:00")
    assert holder("2026-12-02 12:00") == ["Ben"]
    services.set_order("on_call", [cleo.pk, ada.pk, ben.pk], admin, wednesday)
    assert [holder(f"2026-12-{day} 12:00") for day in ("02", "08", "15", "22")] == [
        ["Ben"], ["Cleo"], ["Ada"], ["Ben"],
    ]  # fmt: skip
    services.remove_person(ben, admin, wednesday)
    assert holder("2026-12-02 12:00") == ["Cleo"]


def test_the_last_of_a_role_is_not_removed(people: list[Person], admin: User) -> None:
    services.set_order("cto", [people[0].pk], admin, NOW)
    with pytest.raises(RotaError, match="the only one who holds CTO"):
        services.remove_person(people[0], admin, NOW)
    assert Seat.objects.filter(person=people[0]).count() == 2


def test_roles_without_turns_are_held_by_all_and_nobody_is_named_twice(
    people: list[Person], admin: User
) -> None:
    services.set_order("lead", [people[0].pk, people[1].pk], admin, NOW)
    found = selectors.contacts(["on_call", "lead", "manager", "no_such_role"], NOW)
    assert [(one.name, one.role) for one in found] == [("Ada", "on_call"), ("Ben", "lead")]
    assert found[0].email == "Ada@example.org"


# Pages


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_page_says_who_is_next(people: list[Person], as_viewer: Client, time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    page = text_of(as_viewer.get("/rota/"))
    assert "Turns change on Monday at 09:30; all times are of Europe/Vienna." in page
    assert "Ada Ada@example.org Until Mon 30 Nov 09:30; then Ben." in page
    assert "Nobody holds it." in page


def test_without_people_it_says_what_to_do(as_admin: Client) -> None:
    assert "Nobody is in the rota." in text_of(as_admin.get("/rota/"))


def test_admins_change_people_and_order(as_admin: Client, as_member: Client) -> None:
    for path in ("people/", "on_call/"):
        assert as_member.get(f"/rota/{path}").status_code == 403
    as_admin.post("/rota/people/", {"name": "Ada", "email": "ada@example.org"})
    as_admin.post("/rota/people/", {"name": "Ben", "email": "ben@example.org"})
    twice = as_admin.post("/rota/people/", {"name": "Ben", "email": "ben@example.org"})
    assert (twice.status_code, Person.objects.count()) == (422, 2)
    assert "Ben is in the rota already, with ben@example.org." in text_of(twice)
    assert "valid email" in text_of(as_admin.post("/rota/people/", {"name": "C", "email": "x"}))
    ada, ben = Person.objects.order_by("name")
    as_admin.post(
        "/rota/on_call/", {f"place-{ada.pk}": "2", f"place-{ben.pk}": "1", "place-x": "1", "place-9": ""}
    )
    assert list(Seat.objects.values_list("person__name", flat=True)) == ["Ben", "Ada"]
    as_admin.post(f"/rota/people/{ada.pk}/", {"name": "Ada L.", "email": ""})
    as_admin.post(f"/rota/people/{ada.pk}/", {"action": "remove"})
    assert list(Person.objects.values_list("name", flat=True)) == ["Ben"]
    said = as_admin.post(f"/rota/people/{ben.pk}/", {"action": "remove"}, follow=True)
    assert "the only one" in text_of(said)
    assert as_admin.get("/rota/no_such_role/").status_code == 404
    assert AuditEntry.objects.filter(action="rota.order_changed").exists()


@pytest.mark.parametrize("place", ["first", "0", "-1", "1.5", "1000", "²"])
def test_what_is_no_place_is_refused_by_its_value(people: list[Person], as_admin: Client, place: str) -> None:
    before = list(Seat.objects.values_list("role", "person", "position"))
    given = {f"place-{people[0].pk}": place, f"place-{people[1].pk}": "1"}
    refused = as_admin.post("/rota/on_call/", given)
    assert refused.status_code == 422
    assert f"“{place}” is no place" in text_of(refused)
    assert f'value="{place}"' in refused.content.decode()
    assert list(Seat.objects.values_list("role", "person", "position")) == before


def test_members_stand_in_and_hand_over(
    people: list[Person], as_member: Client, as_viewer: Client, member: User, time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    for path in ("on_call/stand-in/", "on_call/hand-over/", "stand-ins/1/end/"):
        assert as_viewer.post(f"/rota/{path}").status_code == 403
    given = {
        "person": people[1].pk,
        "starts": "2026-11-25T11:00",
        "ends": "2026-11-25T20:00",
        "reason": "Dentist",
    }
    as_member.post("/rota/on_call/stand-in/", given)
    # 11:00 is of Vienna, whatever zone the member prefers.
    assert StandIn.objects.get().starts_at.timestamp() == at("2026-11-25 11:00")
    assert "Stands in until Wed 25 Nov 20:00: Dentist." in text_of(as_member.get("/rota/"))
    wrong = as_member.post("/rota/on_call/stand-in/", {**given, "ends": "2026-11-25T10:00"})
    assert "ends after it starts" in text_of(wrong)
    as_member.post(f"/rota/stand-ins/{StandIn.objects.get().pk}/end/")
    page = as_member.get("/rota/on_call/hand-over/").content.decode()
    assert "To Ben, Monday 30 November, 09:30 (Europe/Vienna)." in page
    item = "Open incidents, and what was promised to whom"
    as_member.post("/rota/on_call/hand-over/", {"done": [item, "made up"], "notes": "Mind the pool."})
    made = HandOver.objects.get()
    assert (made.done, made.user, made.turn_at.timestamp()) == ([item], member, at("2026-11-30 09:30"))
    assert "handed over, 1 of 4, by Mary Mind the pool." in text_of(as_member.get("/rota/"))
    assert as_member.get("/rota/lead/hand-over/").status_code == 404


def test_the_navigation_marks_the_room_that_the_rota_is_in(as_admin: Client) -> None:
    for address in ("/rota/", "/rota/on_call/", "/incidents/"):
        marked = re.findall(r'aria-current="page">([^<]+)</a>', as_admin.get(address).content.decode())
        assert marked == ["Incidents"], address
