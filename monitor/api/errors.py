"""What is answered to what cannot be done, in Sentry's forms: `{"detail": …}`, or the field with its sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """Ends the call with this answer."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.body: dict[str, Any] = {"detail": detail}
        self.headers = dict(headers or {})


class FieldsError(ApiError):
    """What was sent is wrong: by name of the field, what is wrong with its value and what it may be."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__(400, "; ".join(f"{name}: {words[0]}" for name, words in fields.items()))
        self.body = {name: list(words) for name, words in fields.items()}


def field_error(name: str, words: str) -> FieldsError:
    return FieldsError({name: [words]})


def not_found(what: str = "The requested resource does not exist") -> ApiError:
    return ApiError(404, what)
