"""The same views, with core's error pages and its decorator."""

from __future__ import annotations

from django.urls import path

from core.decorators import handle_view_errors
from tests.recipes import site

handler400 = "core.error_pages.bad_request"
handler403 = "core.error_pages.permission_denied"
handler404 = "core.error_pages.page_not_found"
handler500 = "core.error_pages.server_error"

urlpatterns = [
    path("caught/breaks", handle_view_errors(site.breaks)),
    path("caught/missing", handle_view_errors(site.missing)),
    path("caught/forbidden", handle_view_errors(site.forbidden)),
    path("caught/writes-half", handle_view_errors(site.writes_half)),
    *site.urlpatterns,
]
