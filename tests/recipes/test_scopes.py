"""What is said of one error must not be said of the next."""

from __future__ import annotations

import uuid
import warnings
from typing import Any

import sentry_sdk

from core.sentry import capture_message, set_tag
from tests.recipes.process import in_a_process
from tests.recipes.stage import ours, plain


def _fingerprints_of_the_recipe() -> list[Any]:
    transport = plain()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with sentry_sdk.configure_scope() as scope:
            scope.fingerprint = ["payment"]
            scope.set_tag("order", "7")
            sentry_sdk.capture_message("The payment failed.", level="error")
    sentry_sdk.capture_message("The disk is full.", level="error")
    return [(event.get("fingerprint"), event.get("tags", {}).get("order")) for event in transport.errors]


def _tags_of_ours() -> list[Any]:
    transport = ours()
    capture_message("The payment failed.", "error", tags={"order": 7})
    capture_message("The disk is full.", "error")
    return [event["tags"].get("order") for event in transport.errors]


def test_configure_scope_marks_every_later_error_too() -> None:
    """It reads like a block and is none: two unrelated errors become one issue."""
    assert in_a_process(_fingerprints_of_the_recipe) == [(["payment"], "7"), (["payment"], "7")]
    assert in_a_process(_tags_of_ours) == ["7", None]


ORDER_ID = uuid.UUID("0b9f2f5e-6c0b-4a57-9b38-2f4f6f0a3a11")


def _tag(is_ours: bool) -> Any:
    transport = ours() if is_ours else plain()
    (set_tag if is_ours else sentry_sdk.set_tag)("project_id", ORDER_ID)
    sentry_sdk.capture_message("hello", level="error")
    return transport.errors[0]["tags"]["project_id"]


def test_a_tag_that_is_no_text_arrives_as_its_repr() -> None:
    assert in_a_process(_tag, False) == f"UUID('{ORDER_ID}')"
    assert in_a_process(_tag, True) == str(ORDER_ID)
