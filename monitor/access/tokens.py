"""Bearer tokens of scripts: 64 hexadecimal digits behind `sntryu_`, the form in which Sentry's clients expect them.

Only the SHA-256 is kept. The token has 256 random bits, so a slow hash would protect nothing more.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now

from monitor.access import audit
from monitor.access.models import ApiToken, User
from monitor.access.scopes import SCOPES

PREFIX = "sntryu_"
USED_EVERY = timedelta(minutes=1)
"""`last_used_at` is written at most so often: a script that asks a thousand times costs one write."""


def create(
    user: User, name: str, scopes: Iterable[str], expires: datetime | None = None
) -> tuple[ApiToken, str]:
    """The row, and the token itself, which nobody can ever see again. Raises ValueError for an unknown scope."""
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise ValueError(f"{', '.join(unknown)}: no such scope; there are {', '.join(SCOPES)}.")
    bearer = PREFIX + secrets.token_hex(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(bearer),
        last_characters=bearer[-4:],
        scopes=wanted,
        expires_at=expires,
    )
    audit.record(user, "token.created", token, scopes=wanted)
    return token, bearer


def authenticate(bearer: str) -> ApiToken | None:
    """The token, with its user, if both may still come in. Remembers that it was used."""
    digest = _digest(bearer)
    token = ApiToken.objects.select_related("user").filter(digest=digest).first()
    if token is None or not constant_time_compare(token.digest, digest):
        return None
    moment = now()
    if not token.user.is_active or (token.expires_at is not None and token.expires_at <= moment):
        return None
    if token.last_used_at is None or token.last_used_at <= moment - USED_EVERY:
        unused = Q(last_used_at=None) | Q(last_used_at__lte=moment - USED_EVERY)
        ApiToken.objects.filter(unused, pk=token.pk).update(last_used_at=moment)
    return token


def revoke(token: ApiToken, by: audit.Actor) -> None:
    """At once: the next request with it is refused."""
    audit.record(by, "token.revoked", f"{token} of {token.user.email}")
    token.delete()


def _digest(bearer: str) -> str:
    return hashlib.sha256(bearer.encode("utf-8", "surrogatepass")).hexdigest()
