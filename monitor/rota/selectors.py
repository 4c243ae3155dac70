"""Who holds which role at a time: a stand-in first, then whose turn it is, or all who hold a role without turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from monitor.rota.models import Anchor, HandOver, Person, Seat, StandIn
from monitor.rota.turns import Turn, turn_at
from monitor.site.strategy_file import current_strategy
from strategy import Strategy

TURNS_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is told, and how they are reached."""

    name: str
    email: str
    phone: str
    role: str
    title: str
    """What people call the role."""
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """A role as the rota page shows it. Of a role without turns, `turn` and `next` are None."""

    role: str
    title: str
    holders: tuple[Person, ...]
    order: tuple[Person, ...]
    stand_in: StandIn | None = None
    turn: Turn | None = None
    next: Person | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """A turn, whose it is, and who stands in during it."""

    turn: Turn
    person: Person
    stand_ins: tuple[StandIn, ...]
    hand_over: HandOver | None


def contacts(roles: Iterable[str], at: float) -> list[Contact]:
    """Of these roles, in their order; nobody twice. A role that nobody holds gives nobody."""
    found: dict[int, Contact] = {}
    for duty in duties(current_strategy(), at, list(dict.fromkeys(roles))):
        for person in duty.holders:
            contact = Contact(
                person.name, person.email, person.phone, duty.role, duty.title, user_id=person.user_id
            )
            found.setdefault(person.pk, contact)
    return list(found.values())


def duties(strategy: Strategy, at: float, roles: Iterable[str] | None = None) -> list[Duty]:
    """Of these roles, or of all; a role that the strategy does not know is left out. Three queries."""
    names = [role for role in (strategy.roles if roles is None else roles) if role in strategy.roles]
    seats: dict[str, list[Person]] = {role: [] for role in names}
    for seat in Seat.objects.filter(role__in=names).select_related("person").order_by("position", "pk"):
        seats[seat.role].append(seat.person)
    anchors = {one.role: one.at.timestamp() for one in Anchor.objects.filter(role__in=names)}
    now = StandIn.objects.filter(role__in=names, starts_at__lte=at, ends_at__gt=at)
    # The one that was made last wins.
    stand_ins = {one.role: one for one in now.select_related("person").order_by("pk")}
    return [
        _duty(strategy, role, tuple(seats[role]), anchors.get(role, at), stand_ins.get(role), at)
        for role in names
    ]


def _duty(
    strategy: Strategy,
    role: str,
    order: tuple[Person, ...],
    anchor: float,
    stand_in: StandIn | None,
    at: float,
) -> Duty:
    of_strategy = strategy.roles[role]
    if not of_strategy.rota:
        holders = (stand_in.person,) if stand_in else order
        return Duty(role, of_strategy.title, holders, order, stand_in)
    turn = turn_at(strategy.on_call, _zone(strategy), anchor, at)
    person = order[turn.number % len(order)] if order else None
    coming = order[(turn.number + 1) % len(order)] if order else None
    holder = stand_in.person if stand_in else person
    return Duty(role, of_strategy.title, (holder,) if holder else (), order, stand_in, turn, coming)


def coming_turns(strategy: Strategy, duty: Duty, number: int = TURNS_AHEAD) -> list[Coming]:
    """This turn and those after it; none of a role without turns or without people. Three queries."""
    if duty.turn is None or not duty.order:
        return []
    anchor = Anchor.objects.filter(role=duty.role).values_list("at", flat=True).first()
    since = anchor.timestamp() if anchor else duty.turn.starts
    turns = [turn_at(strategy.on_call, _zone(strategy), since, duty.turn.starts)]
    while len(turns) < number:
        turns.append(turn_at(strategy.on_call, _zone(strategy), since, turns[-1].ends))
    stand_ins = list(
        StandIn.objects.filter(role=duty.role, ends_at__gt=turns[0].starts, starts_at__lt=turns[-1].ends)
        .select_related("person")
        .order_by("starts_at", "pk")
    )
    handed = HandOver.objects.filter(role=duty.role, turn_at__gte=turns[0].starts - 1).select_related("user")
    of_turn = {round(one.turn_at.timestamp()): one for one in handed}
    return [
        Coming(
            turn,
            duty.order[turn.number % len(duty.order)],
            _during(stand_ins, turn),
            of_turn.get(round(turn.starts)),
        )
        for turn in turns
    ]


def _during(stand_ins: Sequence[StandIn], turn: Turn) -> tuple[StandIn, ...]:
    return tuple(
        one
        for one in stand_ins
        if one.ends_at.timestamp() > turn.starts and one.starts_at.timestamp() < turn.ends
    )


def _zone(strategy: Strategy) -> ZoneInfo:
    return ZoneInfo(strategy.business_hours.time_zone)
