"""The signed token that an error page's form carries: only a page that we drew lets somebody write, for a day."""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing
from django.utils.translation import gettext as _

MAX_AGE_S = 24 * 3600
_SALT = "core.error_feedback"


class TokenError(Exception):
    """The token is missing, forged or too old; the text is for the visitor."""


@dataclass(frozen=True, slots=True)
class FeedbackSubject:
    """Which failure the words are about."""

    error_id: str
    event_id: str | None


def make_token(error_id: str, event_id: str | None) -> str:
    """A token for the form on the page of this failure."""
    return signing.dumps([error_id, event_id], salt=_SALT)


def read_token(token: str) -> FeedbackSubject:
    """What the token was made for. Raises TokenError."""
    try:
        error_id, event_id = signing.loads(token, salt=_SALT, max_age=MAX_AGE_S)
    except signing.SignatureExpired:
        raise TokenError(
            _("The page was opened more than a day ago. Load it again, or write to support.")
        ) from None
    except (signing.BadSignature, ValueError):
        raise TokenError(
            _("The form does not come from one of our error pages. Load the page again, or write to support.")
        ) from None
    return FeedbackSubject(str(error_id), str(event_id) if event_id else None)
