"""Who holds the roles of the strategy in the generated team."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from monitor.access.models import User
from monitor.rota.models import Anchor, Person, Seat
from monitor.site.strategy_file import current_strategy


def fill_rota(team: list[User], since: float) -> None:
    """Everybody takes turns; the other roles are one person's each. Roles that somebody holds already are left alone."""
    with transaction.atomic():
        persons = [
            Person.objects.get_or_create(email=user.email, defaults={"name": user.name, "user": user})[0]
            for user in team
        ]
        for number, role in enumerate(current_strategy().roles.values()):
            if Seat.objects.filter(role=role.name).exists():
                continue
            holders = persons if role.rota else [persons[number % len(persons)]]
            for position, person in enumerate(holders):
                Seat.objects.create(role=role.name, person=person, position=position)
            if role.rota:
                Anchor.objects.get_or_create(
                    role=role.name, defaults={"at": datetime.fromtimestamp(since, UTC)}
                )
