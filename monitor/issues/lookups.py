"""Comparisons that SQLite has and Django does not ask for."""

from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, F, Field, Func, Lookup, Q, TextField
from django.db.models.lookups import In


class Plain(Func):
    """A column that no index is looked up by: `+column`.

    Where the planner knows nothing of how values are spread, it takes an index on a column that is compared. Here
    another one is known to be better.
    """

    template = "+%(expressions)s"
    arity = 1


def in_projects(ids: Sequence[int]) -> Q:
    """Issues of these projects, found by whatever else is asked for."""
    return Q(In(Plain(F("project")), ids))


class _Pattern(Lookup):
    operator = ""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} {self.operator.format(right)}", (*left_params, *right_params)


class Glob(_Pattern):
    """SQLite's GLOB: capital and small letters differ; `glob_of` makes the pattern."""

    lookup_name = "glob"
    operator = "GLOB {}"


class Like(_Pattern):
    """SQLite's LIKE with `\\` before what is meant literally: A to Z equal a to z, other letters only themselves."""

    lookup_name = "like"
    operator = "LIKE {} ESCAPE '\\'"


def glob_of(parts: tuple[str, ...]) -> str:
    """A pattern for the whole text, with anything between the parts."""
    return "*".join("".join(f"[{one}]" if one in "*?[" else one for one in part) for part in parts)


def like_of(parts: tuple[str, ...]) -> str:
    """A pattern for a text that has the parts in this order, wherever."""
    escaped = ("".join(f"\\{one}" if one in "%_\\" else one for one in part) for part in parts)
    return f"%{'%'.join(escaped)}%"


def register() -> None:
    field: type[Field[Any, Any]]
    for field in (CharField, TextField):
        field.register_lookup(Glob)
        field.register_lookup(Like)
