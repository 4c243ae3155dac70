"""Why a submission is refused: the reason that is counted and the status that is answered, in one place."""

from enum import StrEnum
from http import HTTPStatus


class Reason(StrEnum):
    """What refused submissions and dropped items are counted under. Kept short and fixed: they are a column."""

    MISSING_AUTH = "missing_auth"
    BAD_AUTH = "bad_auth"
    BAD_PROJECT = "bad_project"
    UNKNOWN_KEY = "unknown_key"
    WRONG_PROJECT = "wrong_project"
    DISABLED_KEY = "disabled_key"
    FORBIDDEN_ORIGIN = "forbidden_origin"
    UNSUPPORTED_VERSION = "unsupported_version"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INVALID_ENCODING = "invalid_encoding"
    INVALID_ENVELOPE = "invalid_envelope"
    INVALID_JSON = "invalid_json"
    INVALID_MULTIPART = "invalid_multipart"
    INVALID_MINIDUMP = "invalid_minidump"
    INVALID_CHECK_IN = "invalid_check_in"
    EMPTY_BODY = "empty_body"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    RATE_LIMITED = "rate_limited"
    UNKNOWN_ITEM_TYPE = "unknown_item_type"
    SPOOL_FULL = "spool_full"
    SPOOL_UNAVAILABLE = "spool_unavailable"
    OVERLOADED = "overloaded"
    INTERNAL = "internal"


_STATUS = {
    Reason.MISSING_AUTH: HTTPStatus.UNAUTHORIZED,
    Reason.BAD_AUTH: HTTPStatus.UNAUTHORIZED,
    Reason.UNKNOWN_KEY: HTTPStatus.FORBIDDEN,
    Reason.WRONG_PROJECT: HTTPStatus.FORBIDDEN,
    Reason.DISABLED_KEY: HTTPStatus.FORBIDDEN,
    Reason.FORBIDDEN_ORIGIN: HTTPStatus.FORBIDDEN,
    Reason.UNSUPPORTED_ENCODING: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Reason.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Reason.SPOOL_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.SPOOL_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.INTERNAL: HTTPStatus.SERVICE_UNAVAILABLE,
}
_DETAIL_MAX = 300


class ProtocolError(Exception):
    """A submission that is refused. `detail` is for the developer whose SDK sent it: value and way out."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail[:_DETAIL_MAX])
        self.reason = reason
        self.detail = detail[:_DETAIL_MAX]

    @property
    def status(self) -> int:
        return int(_STATUS.get(self.reason, HTTPStatus.BAD_REQUEST))
