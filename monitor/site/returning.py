"""Where a form leads when it is done."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_address(request: HttpRequest, otherwise: str) -> str:
    """What the form names as `next`, if it is an address of this site, else `otherwise`."""
    wanted = request.POST.get("next", "")
    here = {request.get_host()}
    return (
        wanted
        if url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure())
        else otherwise
    )
