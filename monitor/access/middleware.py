"""Every page needs a log-in and every change a member, but for those views that say otherwise."""

from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.contrib.auth.middleware import LoginRequiredMiddleware as _LoginRequired
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from monitor.access.models import User
from monitor.access.permissions import require_change

GetResponse = Callable[[HttpRequest], HttpResponse]
View = TypeVar("View", bound=Callable[..., Any])
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def open_to_viewers(view: View) -> View:
    """Marks a view whose posts change nothing but what is the user's own: their theme, password, tokens."""
    view.open_to_viewers = True  # type: ignore[attr-defined]
    return view


class LoginRequiredMiddleware(_LoginRequired):
    """Django's own; views that authenticate in another way are marked `@login_not_required`."""


class ViewersOnlyLookMiddleware:
    """Refuses what a viewer posts, so that no view can forget to. Raises PermissionDenied."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.method in _SAFE or getattr(view, "open_to_viewers", False):
            return
        if getattr(view, "login_required", True):
            require_change(request.user)


class PreferencesMiddleware:
    """Shows times in the user's zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return self._get_response(request)
        with timezone.override(ZoneInfo(request.user.time_zone)):
            return self._get_response(request)
