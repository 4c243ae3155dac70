"""Who sends: every way in which Sentry's SDKs of the last ten years give their key.

    X-Sentry-Auth: Sentry sentry_version=7, sentry_key=…, sentry_client=…     servers
    Authorization: Sentry sentry_key=…                                       where proxies eat X- headers
    Authorization: Basic base64(key:)                                        crash reporters
    ?sentry_key=…&sentry_version=7                                           browsers: no preflight
    /cron/<slug>/<key>/                                                      curl in a crontab
    {"dsn": "…"}                                                             the envelope's own header

Names are in any case, the word "Sentry" too, and `sentry_secret` of old SDKs is read over. Two ways at once are
fine while they say the same key. https://develop.sentry.dev/sdk/overview/#authentication
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from monitor.protocol.dsn import parse_key
from monitor.protocol.errors import ProtocolError, Reason

PROTOCOL_VERSION = 7
_NEWEST_VERSION = 8
_CLIENT_MAX = 100
_FIELDS_MAX = 100


@dataclass(frozen=True, slots=True)
class Credentials:
    """`client` is the SDK as it names itself ("sentry.python/2.75.0"), or empty."""

    key: str
    client: str = ""
    version: int = PROTOCOL_VERSION


def read_credentials(
    headers: Mapping[str, str], query: str, path_key: str | None = None
) -> Credentials | None:
    """From headers (names in lower case), the query string and the path; None when there are none.

    Raises ProtocolError: bad_auth, unsupported_version.
    """
    found: Credentials | None = None
    for text in (headers.get("x-sentry-auth"), headers.get("authorization")):
        if text:
            found = _agreed(found, _from_header(text))
    if "sentry_" in query.lower():
        found = _agreed(found, _from_query(query))
    if path_key is not None:
        found = _agreed(found, Credentials(parse_key(unquote(path_key))))
    return found


def missing_credentials() -> ProtocolError:
    return ProtocolError(
        Reason.MISSING_AUTH,
        "Missing authorization information: send X-Sentry-Auth, ?sentry_key= or the envelope header dsn.",
    )


def _agreed(first: Credentials | None, second: Credentials | None) -> Credentials | None:
    if first is None or second is None:
        return first or second
    if first.key != second.key:
        raise ProtocolError(
            Reason.BAD_AUTH, "Multiple authorization payloads that name different keys; send one of them."
        )
    return first if first.client else second


# An SDK sends the same header with each of its events, and taking it apart is a tenth of what a request costs.
@lru_cache(maxsize=256)
def _from_header(text: str) -> Credentials | None:
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() == "sentry":
        pairs = (part.partition("=") for part in rest.split(",")[:_FIELDS_MAX])
        return _credentials(
            {name.strip().lower(): unquote(value.strip().strip('"')) for name, _, value in pairs}
        )
    if scheme.lower() == "basic":
        try:
            user = base64.b64decode(rest.strip(), validate=True).decode("ascii").partition(":")[0]
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ProtocolError(
                Reason.BAD_AUTH, "The Authorization header is no valid Basic authorization."
            ) from error
        return Credentials(parse_key(user))
    # A bearer token or the like: meant for something else on the way.
    return None


def _from_query(query: str) -> Credentials | None:
    try:
        pairs = parse_qsl(query, max_num_fields=_FIELDS_MAX, errors="replace")
    except ValueError as error:
        raise ProtocolError(
            Reason.BAD_AUTH, f"The query string has more than {_FIELDS_MAX} fields."
        ) from error
    fields = {name.lower(): value for name, value in pairs if name.lower().startswith("sentry_")}
    if "sentry_key" not in fields:
        # sentry_release and sentry_environment of security reports, sentry_data of GET requests.
        return None
    return _credentials(fields)


def _credentials(fields: Mapping[str, str]) -> Credentials:
    version = fields.get("sentry_version", "").partition(".")[0]
    if version and not (version.isascii() and version.isdigit() and len(version) < 4):
        raise ProtocolError(
            Reason.BAD_AUTH, f"sentry_version is {version[:20]!r}; it must be a number such as 7."
        )
    number = int(version) if version else PROTOCOL_VERSION
    if number > _NEWEST_VERSION:
        raise ProtocolError(
            Reason.UNSUPPORTED_VERSION, f"Unsupported protocol version ({number}); 7 is spoken here."
        )
    client = "".join(letter for letter in fields.get("sentry_client", "") if letter.isprintable())
    return Credentials(parse_key(fields.get("sentry_key", "")), client[:_CLIENT_MAX], number)
