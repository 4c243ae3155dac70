"""Slows down whoever guesses passwords: so many failed log-ins in a quarter of an hour, and no more are looked at.

Counted by account and address together, so that nobody is locked out by what a stranger does elsewhere; by address,
for whoever tries many accounts; and by account, far higher, for whoever has many addresses.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.timezone import now

from monitor.access.models import FailedLogin

WINDOW = timedelta(minutes=15)
PER_ACCOUNT_AND_ADDRESS = 5
PER_ADDRESS = 30
PER_ACCOUNT = 100


def wait_until(request: HttpRequest, account: str) -> datetime | None:
    """When this account may be tried again from this address; None: now."""
    since = now() - WINDOW
    account, address = _hashed(account), _hashed(_address(request))
    recent = FailedLogin.objects.filter(at__gt=since)
    for rows, allowed in (
        (recent.filter(account=account, address=address), PER_ACCOUNT_AND_ADDRESS),
        (recent.filter(address=address), PER_ADDRESS),
        (recent.filter(account=account), PER_ACCOUNT),
    ):
        # The attempt that must have aged out before another is allowed.
        last = list(rows.order_by("-at").values_list("at", flat=True)[allowed - 1 : allowed])
        if last:
            return last[0] + WINDOW
    return None


def failed(request: HttpRequest, account: str) -> None:
    """Counts a failed log-in, and forgets those that count no more."""
    FailedLogin.objects.filter(at__lte=now() - WINDOW).delete()
    FailedLogin.objects.create(account=_hashed(account), address=_hashed(_address(request)))


def succeeded(request: HttpRequest, account: str) -> None:
    """Forgets what failed before, from this address."""
    FailedLogin.objects.filter(account=_hashed(account), address=_hashed(_address(request))).delete()


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _hashed(text: str) -> str:
    # What is typed as an account may be a password: it is not kept.
    return salted_hmac("monitor.access.attempts", text.strip().lower(), algorithm="sha256").hexdigest()[:32]
