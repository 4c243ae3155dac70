"""What of /api/0/ needs no token: the OpenAPI document, and its page for people who have logged in."""

from __future__ import annotations

from itertools import groupby

import orjson
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from monitor.access.models import User
from monitor.api.openapi import document, example_path
from monitor.api.parameters import PARAMETERS
from monitor.api.routing import OPERATIONS, ROOT, Operation
from monitor.api.schemas import SCHEMAS


def own_page(request: HttpRequest) -> HttpResponse | None:
    """None for what is an operation."""
    path = request.path_info.removeprefix(ROOT)
    if request.method not in ("GET", "HEAD"):
        return None
    if path == "openapi.json":
        return HttpResponse(
            orjson.dumps(document(), option=orjson.OPT_INDENT_2), content_type="application/json"
        )
    is_browser = "text/html" in request.headers.get("Accept", "") and "Authorization" not in request.headers
    if path == "" and is_browser:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        return render(request, "api/operations.html", {"areas": _areas(), "address": settings.PUBLIC_URL})
    return None


def _areas() -> list[tuple[str, list[dict[str, object]]]]:
    # Older forms of the same come last.
    found = sorted(OPERATIONS, key=lambda one: (one.area, "older form" in one.summary, one.path, one.method))
    return [
        (area, [_shown(one) for one in group]) for area, group in groupby(found, key=lambda one: one.area)
    ]


def _shown(one: Operation) -> dict[str, object]:
    return {
        "operation": one,
        "path": f"{ROOT}{one.path}",
        "parameters": [(name, PARAMETERS[name][1]) for name in one.query],
        "fields": SCHEMAS.get(one.body or "", {}).items(),
        "curl": _curl(one),
    }


def _curl(one: Operation) -> str:
    method = "" if one.method == "GET" else f"-X {one.method} "
    body = " -H 'Content-Type: application/json' -d '{…}'" if one.body else ""
    return f'curl {method}-H "Authorization: Bearer $TOKEN"{body} {settings.PUBLIC_URL}{example_path(one)}'
