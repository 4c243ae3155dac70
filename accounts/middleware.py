"""Makes a person's preferences apply: language and time zone for the request, theme for the page."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from core.error_settings import address


class PreferencesMiddleware:
    """Reads the user only when a session cookie came with the request; others get what their browser asks for.

    So does who writes to us from an error page: that must be taken while the database is away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language, zone = translation.get_language_from_request(request), settings.TIME_ZONE
        # Of the error page, should the user's language be out of reach.
        request.LANGUAGE_CODE = language
        depends_on = ["Accept-Language"]
        may_know = settings.SESSION_COOKIE_NAME in request.COOKIES and request.path != address(
            "error-feedback"
        )
        if may_know and request.user.is_authenticated:
            language, zone = request.user.language, request.user.time_zone
            depends_on = []  # sessions have put Cookie there
        with translation.override(language), timezone.override(ZoneInfo(zone)):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, depends_on)
            return response
