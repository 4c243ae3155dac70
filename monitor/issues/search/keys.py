"""What the keys of a search mean. Each reads a value of a term, or refuses it saying what is possible.

A key that is not here is a tag; `tags[key]:value` is one always.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.db.models import Q

from monitor.access.models import User
from monitor.events.surroundings import user_key_of
from monitor.issues.arrival import user_hash, user_salt
from monitor.issues.lookups import glob_of, in_projects
from monitor.issues.models import Issue, IssueUser, Status, StoredEvent, Substatus
from monitor.issues.search.errors import possible
from monitor.issues.search.moments import EXAMPLES, bounds_of
from monitor.issues.search.scope import Scope
from monitor.issues.search.tags import require_tag, tagged
from monitor.issues.search.terms import Pattern, Term
from monitor.issues.text_index import SHORTEST, indexed
from strategy import load_strategy

LEVELS = ("fatal", "error", "warning", "info", "debug")
SEVERITIES = ("P0", "P1", "P2", "P3", "P4")
_BIGGEST = 2**63 - 1
_LOOKUPS = {"": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte"}
_SHORT_ID = re.compile(r"(?P<slug>[\w-]+)-(?P<number>\d{1,9})", re.ASCII)

IS: dict[str, Q] = {
    "unresolved": Q(status=Status.UNRESOLVED),
    "resolved": Q(status=Status.RESOLVED),
    "ignored": Q(status=Status.IGNORED),
    "assigned": Q(assigned_to__isnull=False),
    "unassigned": Q(assigned_to__isnull=True),
    "new": Q(status=Status.UNRESOLVED, substatus=Substatus.NEW),
    "ongoing": Q(status=Status.UNRESOLVED, substatus=Substatus.ONGOING),
    "regressed": Q(status=Status.UNRESOLVED, substatus=Substatus.REGRESSED),
    "escalating": Q(status=Status.UNRESOLVED, substatus=Substatus.ESCALATING),
    "unhandled": Q(handled=False),
}


@dataclass(frozen=True)
class Key:
    """`reads` gives the condition for one value; `compares`: `>`, `>=`, `<`, `<=` are understood."""

    name: str
    reads: Callable[[Scope, Term, Pattern], Q]
    examples: str
    compares: bool = False


def _is(scope: Scope, term: Term, value: Pattern) -> Q:
    found = IS.get(value.exact.lower())
    if found is None:
        raise term.refuse(possible((f"is:{name}" for name in IS), f"is:{value.exact}"))
    return found


def _has(scope: Scope, term: Term, value: Pattern) -> Q:
    if value.exact == "user":
        return Q(users__gt=0)
    require_tag(scope, term, value.exact)
    return tagged(scope, value.exact)


def _level(scope: Scope, term: Term, value: Pattern) -> Q:
    if value.exact.lower() not in LEVELS:
        raise term.refuse(possible(LEVELS, value.exact))
    return Q(level=value.exact.lower())


@lru_cache(maxsize=4)
def _categories(path: str) -> tuple[str, ...]:
    return tuple(load_strategy(path or None).categories)


def _category(scope: Scope, term: Term, value: Pattern) -> Q:
    """Another application may have categories that the strategy does not know."""
    if not value.is_exact:
        return Q(category__glob=glob_of(value.parts))
    known = _categories(settings.STRATEGY_FILE)
    if value.exact and value.exact not in known:
        here = Issue.objects.filter(project__in=scope.project_ids, category=value.exact)
        if not here.exists():
            raise term.refuse(possible(known, value.exact))
    return Q(category=value.exact)


def _severity(scope: Scope, term: Term, value: Pattern) -> Q:
    """By their numbers: `<=P1` is P0 and P1. Without a severity, none of the comparisons holds."""
    wanted = value.exact.upper()
    if value.is_empty and not term.operator:
        return Q(severity="")
    if wanted not in SEVERITIES:
        raise term.refuse(possible((*SEVERITIES, "severity:<=P1"), wanted))
    compare: dict[str, Callable[[str], bool]] = {
        "": lambda one: one == wanted,
        ">": lambda one: one > wanted,
        ">=": lambda one: one >= wanted,
        "<": lambda one: one < wanted,
        "<=": lambda one: one <= wanted,
    }
    return Q(severity__in=[one for one in SEVERITIES if compare[term.operator](one)])


def _project(scope: Scope, term: Term, value: Pattern) -> Q:
    expression = re.compile(".*".join(map(re.escape, value.parts)), re.IGNORECASE | re.DOTALL)
    chosen = [one.pk for one in scope.visible if expression.fullmatch(one.slug)]
    if not chosen:
        slugs = [one.slug for one in scope.visible[:20]]
        raise term.refuse(f"You have no project {value.exact}. {possible(slugs, value.exact)}")
    return in_projects(chosen)


def _assigned(scope: Scope, term: Term, value: Pattern) -> Q:
    wanted = value.exact.lower()
    if wanted == "me" and isinstance(scope.user, User):
        return Q(assigned_to=scope.user)
    if wanted in ("none", ""):
        return Q(assigned_to__isnull=True)
    found = User.objects.filter(email=wanted).first()
    if found is None:
        raise term.refuse(
            f"Nobody has the address {value.exact}. Possible: me, none or the address of a user."
        )
    return Q(assigned_to=found)


def _number(column: str) -> Callable[[Scope, Term, Pattern], Q]:
    def reads(scope: Scope, term: Term, value: Pattern) -> Q:
        if not re.fullmatch(r"\d{1,40}", value.exact, re.ASCII):
            raise term.refuse(f"A number is wanted: {term.key}:>100, {term.key}:<=5 or {term.key}:1.")
        return Q(**{f"{column}{_LOOKUPS[term.operator]}": min(int(value.exact), _BIGGEST)})

    return reads


def _moment(column: str) -> Callable[[Scope, Term, Pattern], Q]:
    def reads(scope: Scope, term: Term, value: Pattern) -> Q:
        bounds = bounds_of(value.exact, term.operator, now=scope.now, zone=scope.zone)
        if bounds is None:
            raise term.refuse(f"A time is wanted after {term.key}: {EXAMPLES}.")
        return Q(**{f"{column}__{lookup}": moment for lookup, moment in bounds})

    return reads


def _first_release(scope: Scope, term: Term, value: Pattern) -> Q:
    if value.is_exact:
        return Q(first_release=value.exact)
    return Q(first_release__glob=glob_of(value.parts))


def _type(scope: Scope, term: Term, value: Pattern) -> Q:
    """The index of words narrows it down, since no index has the types themselves."""
    exact = Q(type=value.exact) if value.is_exact else Q(type__glob=glob_of(value.parts))
    parts = [part for part in value.parts if len(part) >= SHORTEST]
    return indexed(parts) & exact if parts else exact


def _hexadecimal(term: Term, value: Pattern) -> bytes:
    plain = value.exact.replace("-", "").lower()
    if not re.fullmatch(r"[0-9a-f]{32}", plain):
        raise term.refuse(f"32 hexadecimal digits are wanted: {term.key}:5f3c….")
    return bytes.fromhex(plain)


def _events(scope: Scope, **columns: object) -> Q:
    found = StoredEvent.objects.filter(project__in=scope.project_ids, **columns)
    return Q(pk__in=found.values("issue"))


def _event_id(scope: Scope, term: Term, value: Pattern) -> Q:
    return _events(scope, uid=_hexadecimal(term, value))


def _trace(scope: Scope, term: Term, value: Pattern) -> Q:
    return _events(scope, trace=_hexadecimal(term, value))


def _error_id(scope: Scope, term: Term, value: Pattern) -> Q:
    return _events(scope, error_id=value.exact)


def _issue(scope: Scope, term: Term, value: Pattern) -> Q:
    match = _SHORT_ID.fullmatch(value.exact)
    if match is None:
        raise term.refuse(f"The id of an issue is wanted: {term.key}:HYDROML-12.")
    slug = match["slug"].lower()
    projects = [one.pk for one in scope.visible if one.slug.lower() == slug]
    return Q(project__in=projects, number=int(match["number"]))


def _user(scope: Scope, term: Term, value: Pattern) -> Q:
    """By the id that the SDK sent; of it, only a keyed hash is kept."""
    key = user_key_of({"id": value.exact.removeprefix("id:")}, user_salt())
    if key is None or value.is_empty:
        raise term.refuse(f"The id of a user is wanted, as the application sends it: {term.key}:42.")
    return Q(pk__in=IssueUser.objects.filter(user=user_hash(key)).values("issue"))


KEYS = (
    Key("is", _is, "is:unresolved"),
    Key("has", _has, "has:release"),
    Key("assigned", _assigned, "assigned:me"),
    Key("severity", _severity, "severity:<=P1", compares=True),
    Key("category", _category, "category:database"),
    Key("level", _level, "level:error"),
    Key("project", _project, "project:hydroml"),
    Key("times", _number("times"), "times:>100", compares=True),
    Key("users", _number("users"), "users:>=10", compares=True),
    Key("age", _moment("first_seen"), "age:-24h"),
    Key("firstSeen", _moment("first_seen"), "firstSeen:+7d", compares=True),
    Key("lastSeen", _moment("last_seen"), "lastSeen:-1h", compares=True),
    Key("firstRelease", _first_release, "firstRelease:1.4.2"),
    Key("type", _type, "type:KeyError"),
    Key("issue", _issue, "issue:HYDROML-12"),
    Key("id", _event_id, "id:5f3c…"),
    Key("error_id", _error_id, "error_id:K7QX-93HM"),
    Key("trace", _trace, "trace:8ab1…"),
    Key("user", _user, "user:42"),
)
_ALIASES = {
    "assigned_to": "assigned",
    "assignee": "assigned",
    "events": "times",
    "timesSeen": "times",
    "error.type": "type",
    "event.id": "id",
    "issue.id": "issue",
    "user.id": "user",
}
NAMES = tuple(key.name for key in KEYS)


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


_BY_NAME = {_folded(key.name): key for key in KEYS}
_BY_NAME |= {_folded(other): _BY_NAME[_folded(name)] for other, name in _ALIASES.items()}


def key_named(name: str) -> Key | None:
    """`last_seen` and `lastseen` are `lastSeen`. None: a tag."""
    return _BY_NAME.get(_folded(name))
