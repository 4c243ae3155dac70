"""What the digest remembers: how far the spool is read, and where payloads are."""

from django.db import models


class SpoolPosition(models.Model):
    """Kept in the transaction that stores the records, so that each record comes exactly once."""

    segment = models.CharField(max_length=120, primary_key=True)
    offset = models.PositiveBigIntegerField()


class PayloadBlock(models.Model):
    """Some payloads, compressed together, in a file of a day and project: `payloads/2026-11-22.<project>.<n>`."""

    file = models.CharField(max_length=40, db_index=True)
    offset = models.PositiveBigIntegerField()
    length = models.PositiveIntegerField(help_text="compressed, bytes")
    payloads = models.PositiveIntegerField()


class Erasure(models.Model):
    """A place in a file where an erased payload was, until it is overwritten there."""

    file = models.CharField(max_length=40)
    offset = models.PositiveBigIntegerField()
    length = models.PositiveIntegerField()


class Figure(models.Model):
    """Totals of the worker for the system page: `digested_records`, `poison`, `damaged_bytes`, `last_batch_at`, …"""

    name = models.CharField(max_length=60, primary_key=True)
    value = models.FloatField()
