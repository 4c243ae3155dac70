"""The page of known errors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitor.incidents.known_errors import known_errors as found_known_errors
from monitor.site.filters import Filters
from monitor.site.lists import page_of, searched

PAGE_SIZE = 30


@require_safe
def known_errors(request: HttpRequest) -> HttpResponse:
    filters = Filters.of(request)
    words = searched(request)
    page = page_of(request, found_known_errors(filters.projects, words), PAGE_SIZE)
    return render(request, "incidents/known_errors.html", {"filters": filters, "page": page, "words": words})
