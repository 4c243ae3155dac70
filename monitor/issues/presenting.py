"""What the templates of the list are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse

from monitor.access.models import User
from monitor.access.permissions import able_to_change
from monitor.issues.jumping import is_event_id
from monitor.issues.listing import COUNTED, DEFAULT_SEARCH, Listing
from monitor.issues.models import Issue
from monitor.issues.sorting import DEFAULT, SORTS

DONE, UNDO = "issues_done", "issues_undo"
"""In the session: what the next page of the list says, and what can be undone."""
MOST_ASSIGNEES = 30
RENEWED_EVERY_S = 15
RENEWED = ("about", "trend", "times", "users", "last", "who")
_CHIPS = (
    ("Unresolved", DEFAULT_SEARCH),
    ("New", "is:new"),
    ("Regressed", "is:regressed"),
    ("Escalating", "is:escalating"),
    ("Mine", "is:unresolved assigned:me"),
    ("Ignored", "is:ignored"),
    ("Resolved", "is:resolved"),
    ("All", ""),
)
HELP = (
    ("connection refused", "both words, anywhere in title, value, culprit or type"),
    ('"connection refused"', "these words in this order"),
    (
        "is:unresolved",
        "or resolved, ignored, new, regressed, escalating, ongoing, assigned, unassigned, unhandled",
    ),
    ("category:database", "as strategy.toml names it; level:error and project:hydroml likewise"),
    ("severity:<=P1", "P0 and P1"),
    ("times:>100 users:>=10", "events and users, of all time"),
    (
        "age:-24h",
        "first seen in the last 24 hours; firstSeen:+7d: more than 7 days ago; lastSeen:>2026-11-01",
    ),
    ("assigned:me", "or none, or a user's address"),
    ("environment:production", "a tag, as is every key that is not listed here: url:/projects/*"),
    ("has:release", "events with that tag; firstRelease:1.4.2: new in it"),
    ("!level:warning", "! is not; level:[error, fatal] is one of these; * is anything"),
    ("id:… error_id:… trace:… user:42", "of one event, or of a user; an id alone leads to its event"),
)


@dataclass(frozen=True)
class Header:
    """Of a column that the list can be sorted by."""

    sort: str
    words: str
    address: str
    direction: str


@dataclass(frozen=True)
class Chip:
    words: str
    address: str
    is_current: bool


def list_context(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    page = listing.page
    rows = listing.rows
    may_change = isinstance(request.user, User) and request.user.may_change
    newest = _newest()
    return {
        "listing": listing,
        "filters": listing.filters,
        "page": page,
        "rows": rows,
        "chips": _chips(listing),
        "headers": {header.sort: header for header in _headers(listing)},
        "may_change": may_change,
        "assignees": _assignees(listing) if may_change and rows else [],
        "counted": COUNTED,
        "help": HELP,
        "done": request.session.pop(DONE, None) if DONE in request.session else None,
        "newest": newest,
        "live_url": live_address(listing, newest),
        "renewed": renewed_parts(listing),
        "renewed_every_s": RENEWED_EVERY_S,
        "is_first_use": newest == 0,
        "is_event_id": is_event_id(listing.text),
    }


def live_address(listing: Listing, newest: int) -> str:
    """Where the page asks for its own renewal."""
    shown = ".".join(str(row.issue.pk) for row in listing.rows)
    query = urlencode({"address": listing.address, "shown": shown, "newest": newest})
    return f"{reverse('issues:live')}?{query}"


def renewed_parts(listing: Listing) -> str:
    """For hx-select-oob: what of a row changes where it stands."""
    parts = [f"#i{row.issue.pk}-{part}" for row in listing.rows for part in RENEWED]
    return ",".join(["#issue-news", *parts])


def live_context(listing: Listing, shown: list[int], newest: int) -> dict[str, Any]:
    """`fresh` is the number of issues that the search finds and that have come since the page was made."""
    fresh = listing.found.filter(pk__gt=newest).order_by()[:COUNTED]
    return {
        "rows": listing.rows_of(shown),
        "fresh": fresh.count(),
        "first_page": f"{reverse('issues:list')}{_address(listing)}",
        "period": listing.period_words,
    }


def _newest() -> int:
    """The number of the newest issue of all: later ones have higher ones."""
    return Issue.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _address(listing: Listing, **values: str | None) -> str:
    """This page's, with other values; the first page of it."""
    query = listing.query.copy()
    query.pop("page", None)
    for name, value in values.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}"


def _chips(listing: Listing) -> list[Chip]:
    return [Chip(words, _address(listing, q=text), listing.text == text) for words, text in _CHIPS]


def _headers(listing: Listing) -> list[Header]:
    """Once more on the current one turns it round."""
    headers = []
    for sort in SORTS.values():
        is_current = sort is listing.sort
        wanted = f"-{sort.name}" if is_current and not listing.reverse else sort.name
        descends = sort.ascends == listing.reverse
        direction = ("descending" if descends else "ascending") if is_current else ""
        address = _address(listing, sort=None if wanted == DEFAULT else wanted)
        headers.append(Header(sort.name, sort.words, address, direction))
    return headers


def _assignees(listing: Listing) -> list[User]:
    """Who may change something of what is listed here; whether all of what is ticked, `assign` asks."""
    people = able_to_change(listing.filters.project_ids).exclude(email=listing.user.get_username())
    return list(people[:MOST_ASSIGNEES])
