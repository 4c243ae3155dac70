"""Times as SQLite keeps them here: seconds since 1970 as a number, a third of the size of Django's text."""

from datetime import UTC, datetime
from typing import Any

from django.db import models


class EpochField(models.Field):  # type: ignore[type-arg]
    """An aware datetime in Python, REAL seconds since 1970 in the database. Queries may give either."""

    description = "a moment, as seconds since 1970"

    def db_type(self, connection: Any) -> str:
        return "real"

    def from_db_value(self, value: float | None, expression: Any, connection: Any) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)

    def to_python(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromtimestamp(float(value), UTC)

    def get_prep_value(self, value: Any) -> float | None:
        if value is None:
            return None
        return value.timestamp() if isinstance(value, datetime) else float(value)
