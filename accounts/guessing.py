"""From where somebody tries to log in, as django-axes can keep it."""

from ipaddress import ip_address

from django.http import HttpRequest

from core.rate_limit import client_address


def login_address(request: HttpRequest) -> str:
    """The client's address where a trusted proxy names one; what is no address (anybody may send a header) counts as
    the connection's own, and costs no log-in page."""
    try:
        return str(ip_address(client_address(request)))
    except ValueError:
        return str(request.META.get("REMOTE_ADDR", ""))
