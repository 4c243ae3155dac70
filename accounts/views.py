from typing import Any

from django.http import HttpRequest, HttpResponse


def locked_out(request: HttpRequest, credentials: dict[str, Any], *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse(status=429)
