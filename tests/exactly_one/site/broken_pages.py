"""A site whose own error page fails as well."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.exactly_one.site import plain_views


class PageError(Exception):
    """The error page is broken."""


def handler500(request: HttpRequest) -> HttpResponse:
    raise PageError("The error page failed.")


urlpatterns = [path("broken-pages/fails", plain_views.fails)]
