"""Words without a key: they are to occur in the title, the value, the culprit or the type, anywhere."""

from __future__ import annotations

from django.db.models import Q

from monitor.issues.lookups import like_of
from monitor.issues.search.terms import Pattern
from monitor.issues.text_index import SHORTEST, indexed

FIELDS = ("title", "value", "culprit", "type")


def contains(value: Pattern) -> Q:
    """Capital and small letters alike. One or two characters are compared row by row, as are those around a `*`."""
    parts = [part for part in value.parts if part]
    if not parts:
        return Q(pk__isnull=False)
    long = [part for part in parts if len(part) >= SHORTEST]
    found = indexed(long) if long else Q()
    if len(parts) == 1 and long:
        return found
    return found & _in_one_field(value.parts)


def _in_one_field(parts: tuple[str, ...]) -> Q:
    """LIKE knows capitals of A to Z only: others are tried in both forms."""
    forms = {parts}
    if not "".join(parts).isascii():
        forms |= {tuple(map(str.lower, parts)), tuple(map(str.upper, parts))}
    found = Q()
    for form in sorted(forms):
        for name in FIELDS:
            found |= Q(**{f"{name}__like": like_of(form)})
    return found
