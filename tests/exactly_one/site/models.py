"""Something to write, so that writing can fail."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver

from core.errors import PipelineError


class Gauge(models.Model):
    """A gauge at a river; its code is given once."""

    code = models.CharField(max_length=20, unique=True)

    class Meta:
        app_label = "failing"

    def __str__(self) -> str:
        return self.code


rain_came = Signal()


@receiver(post_save, sender=Gauge)
def _refuse_some(instance: Gauge, **_: Any) -> None:
    if instance.code == "broken-signal":
        raise PipelineError("The receiver of post_save failed.")


@receiver(rain_came)
def _break_in_rain(**_: Any) -> None:
    raise PipelineError("The receiver failed in the rain.")
