"""What the frame of every page shows."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse

from monitor.access.models import User
from monitor.history.mark import made_history
from monitor.site.filters import carried

THEMES = frozenset({"system", "light", "dark"})
ROOMS = (
    ("Issues", "issues"),
    ("Performance", "performance"),
    ("Releases", "releases"),
    ("Crons", "crons"),
    ("Feedback", "feedback"),
    ("Alerts", "alerts"),
    ("Incidents", "incidents"),
    ("Dashboards", "dashboards"),
    ("SLOs", "slos"),
    ("Reports", "reports"),
    ("Projects", "projects"),
    ("System", "system"),
)
"""In the order of the navigation: label, first part of the address. A room without a first page is left out."""
WITHIN = {"rota": "incidents", "probes": "system"}
"""Addresses whose pages stand within a room of another name, as their breadcrumbs say."""


def site(request: HttpRequest) -> dict[str, object]:
    """`nav_items`, `search_url`, `theme`, `theme_url`, `version`, `generated`. Asks the database for the user only."""
    user = getattr(request, "user", None)
    made = made_history()
    theme = user.theme if isinstance(user, User) else request.COOKIES.get("theme", "")
    return {
        "nav_items": _nav_items(request) if isinstance(user, User) else [],
        "search_url": _search_url() if isinstance(user, User) else "",
        "theme": theme if theme in THEMES else "system",
        "theme_url": reverse("access:theme"),
        "version": settings.VERSION,
        "generated": made.words if made is not None else "",
    }


def _nav_items(request: HttpRequest) -> list[dict[str, object]]:
    along = carried(request)
    first = request.path.removeprefix(get_script_prefix()).partition("/")[0]
    here = WITHIN.get(first, first)
    return [
        {"label": label, "url": address + along, "current": room == here}
        for label, room in ROOMS
        if (address := _first_page(get_script_prefix(), room))
    ]


@cache
def _first_page(prefix: str, room: str) -> str:
    try:
        resolve(f"/{room}/")
    except Resolver404:
        return ""
    return f"{prefix}{room}/"


def _search_url() -> str:
    try:
        return reverse("issues:list")
    except NoReverseMatch:
        return ""
