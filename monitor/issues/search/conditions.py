"""From a search to a query."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from monitor.issues.lookups import in_projects
from monitor.issues.models import Issue
from monitor.issues.search.keys import NAMES, key_named
from monitor.issues.search.scope import Scope
from monitor.issues.search.tags import tag_is, tagged
from monitor.issues.search.terms import Pattern, Term, parse
from monitor.issues.search.words import contains


def search(text: str, scope: Scope) -> QuerySet[Issue]:
    """Issues of the scope's projects of which everything in `text` is true, in no order. Raises SearchError."""
    found = Issue.objects.all()
    if not scope.sees_all:
        found = found.filter(in_projects(scope.project_ids))
    if scope.environment:
        found = found.filter(tagged(scope, "environment", Pattern((scope.environment,))))
    for term in parse(text):
        condition = _condition(scope, term)
        found = found.exclude(condition) if term.negated else found.filter(condition)
    return found


def _condition(scope: Scope, term: Term) -> Q:
    if not term.key:
        return contains(term.values[0])
    key = None if term.is_tag else key_named(term.key)
    if not term.values:
        return _nothing_behind_the_colon(term, is_known=key is not None)
    if term.operator and (key is None or not key.compares):
        example = key.examples if key else f'{term.key}:"{term.operator}…", if the value begins with the sign'
        raise term.refuse(f"{term.key} can't be compared with {term.operator} Possible: {example}.")
    any_of = Q()
    for value in term.values:
        if value.is_empty and len(term.values) > 1:
            raise term.refuse("A value of the list is empty: leave it out.")
        any_of |= key.reads(scope, term, value) if key else tag_is(scope, term, value, NAMES)
    return any_of


def _nothing_behind_the_colon(term: Term, *, is_known: bool) -> Q:
    """A pasted title begins with `OperationalError:`: that is a word."""
    key = key_named(term.key) if is_known else None
    if key is not None or term.is_tag or term.operator:
        example = key.examples if key else f'{term.key}:value, or "{term.word}" for the word itself'
        raise term.refuse(f"Something is missing behind {term.word} For example {example}.")
    return contains(Pattern((term.word.removeprefix("!"),)))
