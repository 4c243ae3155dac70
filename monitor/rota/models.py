"""People, the roles they hold, in which order they take turns, and who stands in for whom."""

from django.conf import settings
from django.db import models

from monitor.epoch import EpochField


class Person(models.Model):
    """Somebody who can be told. They need no account of the monitor."""

    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Seat(models.Model):
    """That a person holds a role of the strategy; of a role with turns, `position` is their place in the order."""

    role = models.CharField(max_length=60)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="seats")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "person"], name="one_seat_of_a_role")]
        ordering = ["role", "position", "pk"]

    def __str__(self) -> str:
        return f"{self.role}: {self.person}"


class Anchor(models.Model):
    """In the turn that begins at `at`, the first in the order holds the role; all other turns are counted from it."""

    role = models.CharField(max_length=60, unique=True)
    at = EpochField()

    def __str__(self) -> str:
        return self.role


class StandIn(models.Model):
    """Somebody holds a role for a while in place of whose turn it is."""

    role = models.CharField(max_length=60)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="stand_ins")
    starts_at = EpochField()
    ends_at = EpochField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["role", "ends_at"], name="stand_in_of_role")]

    def __str__(self) -> str:
        return f"{self.role}: {self.person}"


class HandOver(models.Model):
    """What was handed over at the start of a turn. `done` are the items of the strategy's checklist, in words."""

    role = models.CharField(max_length=60)
    turn_at = EpochField(help_text="when the turn begins")
    done = models.JSONField(default=list)
    notes = models.TextField(blank=True)
    at = EpochField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "turn_at"], name="one_hand_over")]

    def __str__(self) -> str:
        return f"{self.role} at {self.turn_at}"
