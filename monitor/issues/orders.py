"""What is asked for by a form or a key, of one issue or of many: read, carried out, and said in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest
from django.utils.timezone import now

from monitor.access.models import User
from monitor.issues import services
from monitor.issues.journal import ActionError
from monitor.issues.models import Issue
from monitor.site.lists import row_id

MANY = 10_000
"""So many at most at once; of what takes longer, fewer."""
FEW = {"merge": 100, "delete": 1_000}


@dataclass(frozen=True)
class Done:
    """`undo` are the issues that can be made unresolved again by one step."""

    words: str
    undo: Sequence[int] = ()
    merged_into: Issue | None = None


@dataclass(frozen=True)
class Order:
    """`action` is what the pressed button says: a verb, and how.

    resolve, resolve:next, resolve:release (with `release`), unresolve, ignore, ignore:1h (24h, 7d, 30d), ignore:100x,
    ignore:times (with `times`), ignore:escalating, assign:me, assign:none, assign:<user's number>, assign (with
    `assignee`, an address), merge, delete.
    """

    verb: str
    how: str
    fields: Mapping[str, str]

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> Order:
        """Raises ActionError for an action that there is not."""
        verb, _, how = fields.get("action", "").partition(":")
        if verb not in _VERBS:
            raise ActionError(f"There is no action {verb or 'without a name'}.")
        return cls(verb, how, fields)

    @property
    def most(self) -> int:
        return FEW.get(self.verb, MANY)

    def carry_out(self, issues: Sequence[Issue], request: HttpRequest) -> Done:
        """Raises ActionError, and has then done nothing."""
        if not issues:
            raise ActionError("No issue is chosen: tick some first.")
        return _VERBS[self.verb](self, issues, request)


def _resolve(order: Order, issues: Sequence[Issue], request: HttpRequest) -> Done:
    release = order.fields.get("release", "").strip()
    if order.how == "release" and not release:
        raise ActionError("In which release? Write its name.")
    changed = services.resolve(
        issues,
        request,
        in_release=release if order.how == "release" else None,
        in_next_release=order.how == "next",
    )
    where = {"release": f" in {release}", "next": " in the next release"}.get(order.how, "")
    return Done(f"{_counted(changed, issues)} resolved{where}.", changed)


def _unresolve(order: Order, issues: Sequence[Issue], request: HttpRequest) -> Done:
    return Done(f"{_counted(services.unresolve(issues, request), issues)} unresolved again.")


_SPANS = {
    "1h": ("for an hour", timedelta(hours=1)),
    "24h": ("for a day", timedelta(days=1)),
    "7d": ("for a week", timedelta(days=7)),
    "30d": ("for 30 days", timedelta(days=30)),
}


def _ignore(order: Order, issues: Sequence[Issue], request: HttpRequest) -> Done:
    if order.how in _SPANS:
        words, span = _SPANS[order.how]
        changed = services.ignore(issues, request, until=now() + span)
    elif order.how == "times" or order.how.endswith("x"):
        times = _whole(order.fields.get("times", "") if order.how == "times" else order.how[:-1])
        words = f"until {'it happens' if len(issues) == 1 else 'each happens'} {times:,} times more"
        changed = services.ignore(issues, request, times=times)
    elif order.how == "escalating":
        words = "until it escalates" if len(issues) == 1 else "until they escalate"
        changed = services.ignore(issues, request, until_escalating=True)
    elif not order.how:
        words, changed = "for good", services.ignore(issues, request)
    else:
        raise ActionError(
            f"Ignored {order.how}? Possible: 1h, 24h, 7d, 30d, 100x, times, escalating, or nothing."
        )
    return Done(f"{_counted(changed, issues)} ignored {words}.", changed)


def _whole(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > 12 or not int(text):
        raise ActionError(f"{text[:40] or 'Nothing'} is no number of times: write 1 or more.")
    return int(text)


def _assign(order: Order, issues: Sequence[Issue], request: HttpRequest) -> Done:
    to = _assignee(order, request)
    changed = services.assign(issues, request, to)
    return Done(f"{_counted(changed, issues)} assigned to {to if to else 'nobody'}.")


def _assignee(order: Order, request: HttpRequest) -> User | None:
    wanted = order.how or order.fields.get("assignee", "").strip().lower()
    if wanted == "none":
        return None
    if wanted == "me" and isinstance(request.user, User):
        return request.user
    users = User.objects.filter(is_active=True)
    pk = row_id(wanted)
    user = (users.filter(pk=pk) if pk else users.filter(email=wanted)).first()
    if user is None:
        raise ActionError(f"Nobody is called {wanted[:60] or 'nothing'}: choose a user.")
    return user


def _merge(order: Order, issues: Sequence[Issue], request: HttpRequest) -> Done:
    target = services.merge(issues, request)
    return Done(f"{len(issues)} issues are one now: {target.short_id}.", merged_into=target)


def _delete(order: Order, issues: Sequence[Issue], request: HttpRequest) -> Done:
    return Done(f"{_issues(services.delete(issues, request))} deleted.")


_VERBS: dict[str, Callable[[Order, Sequence[Issue], HttpRequest], Done]] = {
    "resolve": _resolve,
    "unresolve": _unresolve,
    "ignore": _ignore,
    "assign": _assign,
    "merge": _merge,
    "delete": _delete,
}


def _issues(number: int) -> str:
    return "1 issue" if number == 1 else f"{number:,} issues"


def _counted(changed: Sequence[int], issues: Sequence[Issue]) -> str:
    """`3 issues`, or `3 of 5 issues` where the others were so already."""
    if len(issues) == 1:
        return issues[0].short_id if changed else f"{issues[0].short_id} was already"
    return (
        _issues(len(changed))
        if len(changed) == len(issues)
        else f"{len(changed):,} of {_issues(len(issues))}"
    )
