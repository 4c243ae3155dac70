"""A primary key that is SQLite's own row number, so that a table of numbers is one tree and not two."""

from typing import Any

from django.db import models


class RowIdField(models.BigIntegerField):  # type: ignore[type-arg]
    """Any signed 64-bit number, given by whoever inserts. SQLite wants the type to be called `integer` for that."""

    def db_type(self, connection: Any) -> str:
        return "integer"
