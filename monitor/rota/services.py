"""Changes of the rota, each in the audit log. Whether somebody may, the caller asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from monitor.access.audit import Actor, record
from monitor.access.models import User
from monitor.rota.models import Anchor, HandOver, Person, Seat, StandIn
from monitor.rota.turns import turn_at
from monitor.site.strategy_file import current_strategy
from strategy import Strategy

STAND_IN_MAX_S = 90 * 86_400


class RotaError(Exception):
    """What was asked for can't be; the message is for the page."""


def save_person(
    person: Person | None, *, name: str, email: str, phone: str, user: User | None, by: Actor
) -> Person:
    """A new one for None. Raises RotaError for one who is there already, of this name and address."""
    found = person or Person()
    with transaction.atomic():
        if person is None and Person.objects.filter(name=name, email=email).exists():
            raise RotaError(f"{name} is in the rota already{f', with {email}' if email else ''}.")
        found.name, found.email, found.phone, found.user = name, email, phone, user
        found.save()
        record(by, "rota.person_changed" if person else "rota.person_added", name)
    return found


def remove_person(person: Person, by: Actor, now: float) -> None:
    """From all roles, too. Raises RotaError where a role would be left without anybody."""
    with transaction.atomic():
        for seat in person.seats.all():
            if not Seat.objects.filter(role=seat.role).exclude(person=person).exists():
                title = _title(current_strategy(), seat.role)
                raise RotaError(
                    f"{person} is the only one who holds {title}: give it to somebody else first."
                )
        order = {seat.role: _order(seat.role) for seat in person.seats.all()}
        for role, people in order.items():
            _set_order(role, [one for one in people if one != person.pk], now)
        record(by, "rota.person_removed", person.name)
        person.delete()


def set_order(role: str, people: Sequence[int], by: Actor, now: float) -> None:
    """Who holds a role, in the order of turns. Whose turn it is keeps it until it ends, if they are still there.

    Raises RotaError for a role that the strategy has not, and for people who are not there.
    """
    strategy = current_strategy()
    title = _title(strategy, role)
    wanted = list(dict.fromkeys(people))
    if Person.objects.filter(pk__in=wanted).count() != len(wanted):
        raise RotaError("Somebody of these is no longer there. Look at the page again.")
    with transaction.atomic():
        _set_order(role, wanted, now)
        names = dict(Person.objects.filter(pk__in=wanted).values_list("pk", "name"))
        record(by, "rota.order_changed", title, order=[names[one] for one in wanted])


def stand_in(role: str, person: Person, *, starts: float, ends: float, reason: str, by: Actor) -> StandIn:
    """In place of whose turn it is; of several at once, the one that was made last. Raises RotaError."""
    title = _title(current_strategy(), role)
    if not starts < ends <= starts + STAND_IN_MAX_S:
        raise RotaError("A stand-in ends after it starts, and within 90 days.")
    with transaction.atomic():
        made = StandIn.objects.create(
            role=role, person=person, starts_at=_moment(starts), ends_at=_moment(ends), reason=reason[:200]
        )
        record(by, "rota.stand_in", title, person=person.name, starts=_moment(starts).isoformat())
    return made


def end_stand_in(found: StandIn, by: Actor, now: float) -> None:
    """At once; one that has not begun is gone."""
    with transaction.atomic():
        record(by, "rota.stand_in_ended", _title(current_strategy(), found.role), person=found.person.name)
        if found.starts_at.timestamp() >= now:
            found.delete()
        elif found.ends_at.timestamp() > now:
            found.ends_at = _moment(now)
            found.save(update_fields=["ends_at"])


def hand_over(
    role: str, turn_starts: float, done: Iterable[str], notes: str, by: User, now: float
) -> HandOver:
    """What was handed over at the start of a turn; saved again, it is replaced. Raises RotaError."""
    strategy = current_strategy()
    title = _title(strategy, role)
    ticked = set(done)
    with transaction.atomic():
        made, _ = HandOver.objects.update_or_create(
            role=role,
            turn_at=_moment(turn_starts),
            defaults={
                "done": [item for item in strategy.on_call.checklist if item in ticked],
                "notes": notes.replace("\0", "").strip()[:4000],
                "at": _moment(now),
                "user": by,
            },
        )
        record(by, "rota.handed_over", title, done=len(made.done), of=len(strategy.on_call.checklist))
    return made


def _set_order(role: str, wanted: list[int], now: float) -> None:
    """The order is turned so that whoever has the turn now comes first, and is counted from this turn on."""
    strategy = current_strategy()
    zone = ZoneInfo(strategy.business_hours.time_zone)
    before = _order(role)
    anchor = Anchor.objects.filter(role=role).first()
    turn = turn_at(strategy.on_call, zone, anchor.at.timestamp() if anchor else now, now)
    holder = before[turn.number % len(before)] if before else None
    if holder in wanted:
        place = wanted.index(holder)
        wanted = wanted[place:] + wanted[:place]
    Seat.objects.filter(role=role).delete()
    Seat.objects.bulk_create(
        Seat(role=role, person_id=person, position=position) for position, person in enumerate(wanted)
    )
    Anchor.objects.update_or_create(role=role, defaults={"at": _moment(turn.starts)})


def _order(role: str) -> list[int]:
    seats = Seat.objects.filter(role=role).order_by("position", "pk")
    return list(seats.values_list("person", flat=True))


def _title(strategy: Strategy, role: str) -> str:
    if role not in strategy.roles:
        raise RotaError(f"The strategy has no role {role[:30]!r}.")
    return strategy.roles[role].title


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
