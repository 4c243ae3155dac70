"""What every page needs: where one can go, the theme, the version."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from core.cache import is_degraded

THEMES = frozenset({"light", "dark", "system"})


def site(request: HttpRequest) -> dict[str, Any]:
    """`nav_items`, `theme`, `version`, `environment`, `debug_pages`, `cache_is_away`.

    No query unless the page shows the user; the cache is asked whether it is there at most every five seconds.
    """
    user = getattr(request, "user", None)
    signed_in = bool(user is not None and user.is_authenticated)
    theme = user.theme if signed_in and user is not None else request.COOKIES.get("theme", "system")
    return {
        "nav_items": _nav_items(request) if signed_in or settings.DEBUG else [],
        "search_url": reverse("projects:list") if signed_in else "",
        "theme": theme if theme in THEMES else "system",
        "version": settings.VERSION,
        "environment": settings.ENVIRONMENT,
        "debug_pages": settings.DEBUG,
        "cache_is_away": is_degraded(),
    }


def _nav_items(request: HttpRequest) -> list[dict[str, Any]]:
    entries = [
        ("projects:list", _("Projects")),
        ("data:list", _("Data")),
        ("experiments:list", _("Experiments")),
        ("error-lab", _("Error lab")),
    ]
    items = []
    for name, label in entries:
        try:
            url = reverse(name)
        except NoReverseMatch:  # the error lab exists under DEBUG only
            continue
        items.append({"url": url, "label": label, "current": request.path.startswith(url)})
    return items
