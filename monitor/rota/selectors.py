"""Who holds which role at a time: a stand-in first, then whose turn it is, or all who hold a role without turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from monitor.rota.models import Anchor, HandOver, Person, Seat, StandIn
from monitor.rota.turns import Turn, turn_at
from monitor.site.strategy_file import current_strategy
from strategy import Strategy


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
    hand_over: HandOver | None = None


def contacts(roles: Iterable[str], at: float) -> list[Contact]:
    """Of these roles, in their order; nobody twice. A role that nobody holds gives nobody."""
    strategy = current_strategy()
    found: dict[int, Contact] = {}
    for duty in duties(strategy, at, list(dict.fromkeys(roles))):
        for person in duty.holders:
            contact = Contact(
                person.name, person.email, person.phone, duty.role, duty.title, user_id=person.user_id
            )
            found.setdefault(person.pk, contact)
    return list(found.values())


def duties(strategy: Strategy, at: float, roles: Iterable[str] | None = None) -> list[Duty]:
    """Of these roles, or of all; a role that the strategy does not know is left out. Four queries."""
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
    turn = turn_at(strategy.on_call, ZoneInfo(strategy.business_hours.time_zone), anchor, at)
    person = order[turn.number % len(order)] if order else None
    coming = order[(turn.number + 1) % len(order)] if order else None
    holder = stand_in.person if stand_in else person
    return Duty(role, of_strategy.title, (holder,) if holder else (), order, stand_in, turn, coming)
