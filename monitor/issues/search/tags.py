"""Conditions on tags. Issues that have a tag are found from the tag's side, whatever else a search asks for."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from django.db.models import Q

from monitor.issues.lookups import glob_of
from monitor.issues.models import IssueTag, TagValue
from monitor.issues.search.scope import Scope
from monitor.issues.search.terms import Pattern, Term
from monitor.issues.tag_choice import MAX_VALUE, NEVER

USUAL = frozenset(
    {
        "browser", "category", "client_os", "device", "dist", "environment", "handled", "level", "logger", "mechanism",
        "os", "release", "runtime", "server_name", "severity", "transaction",
    }
)  # fmt: skip
"""May be searched for though no event has had them yet."""


def tagged(scope: Scope, key: str, value: Pattern | None = None) -> Q:
    """Issues of which at least one event had the tag; without `value`, any of it."""
    tags = IssueTag.objects.filter(tag__project__in=scope.project_ids, tag__key=key)
    if value is not None and value.is_exact:
        tags = tags.filter(tag__value=value.exact[:MAX_VALUE])
    elif value is not None:
        tags = tags.filter(tag__value__glob=glob_of(value.parts))
    return Q(pk__in=tags.values("issue"))


def tag_is(scope: Scope, term: Term, value: Pattern, known: Sequence[str]) -> Q:
    """`key:""`: without the tag. Raises SearchError for a key that no event has; `known` are those that are no tags."""
    require_tag(scope, term, term.key, known)
    return ~tagged(scope, term.key) if value.is_empty else tagged(scope, term.key, value)


def require_tag(scope: Scope, term: Term, key: str, known: Sequence[str] = ()) -> None:
    """A mistyped key finds nothing, and with `!` before it everything: both are worse than being told."""
    if key in USUAL or TagValue.objects.filter(project__in=scope.project_ids, key=key).exists():
        return
    close = get_close_matches(key, (*known, *USUAL), n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    if key in NEVER:
        raise term.refuse(f"{key} is not kept as a tag, since each event has another. {meant}".rstrip())
    others = f"Keys that are no tags: {', '.join(known)}." if known else ""
    raise term.refuse(f"No event here has a tag {key}. {meant}{others}".rstrip())
