"""What the frame of every page shows."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    return {"version": settings.VERSION, "theme": getattr(request.user, "theme", "system")}
