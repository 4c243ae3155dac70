"""One address for each way to fail: the path is in tests/exactly_one/ways/."""

from __future__ import annotations

from inspect import iscoroutinefunction, isfunction, signature
from typing import Any

from django.db.transaction import non_atomic_requests
from django.urls import path

from core import error_pages
from tests.exactly_one.site import (
    api,
    concurrent_views,
    data_views,
    plain_views,
    refusing_views,
    reported_views,
)

handler400 = error_pages.bad_request
handler403 = error_pages.permission_denied
handler404 = error_pages.page_not_found
handler500 = error_pages.server_error


def _views_of(module: Any) -> list[Any]:
    """Each public view of the module, at its name."""
    return [
        path(name.replace("_", "-"), non_atomic_requests(view) if iscoroutinefunction(view) else view)
        for name, view in vars(module).items()
        if isfunction(view) and not name.startswith("_") and "request" in signature(view).parameters
    ]


def _api(name: str, view: Any) -> Any:
    return path(f"api/{name}", view.as_view())


urlpatterns = [
    path("class-based", plain_views.ClassBased.as_view()),
    path("async-class-based", non_atomic_requests(plain_views.AsyncClassBased.as_view())),
    path("middleware/before", plain_views.fine),
    path("middleware/after", plain_views.fine),
    path("middleware/function", plain_views.fine),
    path("middleware/process-view", plain_views.fine),
    path("middleware/process-exception", plain_views.fails),
    path("middleware/process-template-response", plain_views.drawn_with_response),
    path("context-processor", plain_views.drawn),
    _api("fails", api.Fails),
    _api("gives-up", api.GivesUp),
    _api("returns-503", api.Returns503),
    _api("refuses", api.Refuses),
    _api("is-missing", api.IsMissing),
    _api("is-throttled", api.IsThrottled),
    _api("users-mistake", api.UsersMistake),
    *(
        pattern
        for module in (plain_views, reported_views, concurrent_views, data_views, refusing_views)
        for pattern in _views_of(module)
    ),
]
