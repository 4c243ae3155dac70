"""What is set for one report is in that report and in no other; the id is the one of that report."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from core.sentry import (
    add_breadcrumb,
    capture_custom_error,
    capture_exception,
    capture_message,
    send_feedback,
    set_tag,
)
from tests.core.wire import MemoryTransport, reporting


@pytest.fixture
def sent() -> Iterator[MemoryTransport]:
    with reporting() as transport:
        yield transport


def test_nothing_leaks_into_the_next_event(sent: MemoryTransport) -> None:
    first = capture_exception(
        ValueError("a"),
        context={"import": {"rows": 3}},
        tags={"project": uuid.UUID(int=5), "long": "x" * 300},
        extra={"columns": ["rain"]},
        level="warning",
    )
    second = capture_exception(KeyError("b"), context={"rows": 4})
    one, two = sent.errors
    assert (first, second) == (one["event_id"], two["event_id"])
    assert one["contexts"]["import"] == {"rows": 3}
    assert one["tags"]["project"] == "00000000-0000-0000-0000-000000000005"
    assert len(one["tags"]["long"]) == 200
    assert one["level"] == "warning"
    assert two["contexts"]["context"] == {"rows": 4}
    assert "import" not in two["contexts"]
    assert "columns" not in two.get("extra", {})
    assert "project" not in two["tags"]
    assert two["level"] == "error"


def test_what_is_dropped_has_no_id_however_many_were_sent_before(sent: MemoryTransport) -> None:
    error = ValueError("a")
    assert capture_exception(error)
    assert capture_exception(error) is None


def test_a_custom_error_is_grouped_by_its_type(sent: MemoryTransport) -> None:
    assert capture_custom_error("SumMismatchError", "12 is not 13", {"rows": 12, "token": "abc"})
    assert capture_message("noted", "warning", tags={"stage": "import"})
    custom, message = sent.errors
    assert custom["exception"]["values"][0]["type"] == "SumMismatchError"
    assert custom["exception"]["values"][0]["value"] == "12 is not 13"
    assert custom["contexts"]["SumMismatchError"] == {"rows": 12, "token": "[Filtered]"}
    assert message["level"] == "warning"
    assert message["tags"]["stage"] == "import"


def test_a_category_that_the_code_names_decides(sent: MemoryTransport) -> None:
    capture_message("a sum is wrong", "error", tags={"category": "data_loss"})
    assert sent.errors[0]["tags"]["severity"] == "P0"


def test_breadcrumbs_keep_what_was_true_then(sent: MemoryTransport) -> None:
    data = {"rows": 3}
    add_breadcrumb("step", data=data)
    data["rows"] = 4
    set_tag("stage", 7)
    capture_message("x", "error")
    (event,) = sent.errors
    assert event["breadcrumbs"]["values"][-1]["data"] == {"rows": 3}
    assert event["tags"]["stage"] == "7"


def test_feedback_is_linked_to_its_event_and_keeps_only_the_contact_address(sent: MemoryTransport) -> None:
    event_id = capture_message("x", "error")
    feedback_id = send_feedback(
        "I typed password=hunter2 and ada@example.org",
        event_id=event_id,
        name="Ada",
        contact_email=" ada@example.org ",
    )
    (item,) = sent.items("feedback")
    assert item["event_id"] == feedback_id
    assert item["contexts"]["feedback"] == {
        "message": "I typed password=[Filtered] and [Filtered]",
        "name": "Ada",
        "contact_email": "ada@example.org",
        "associated_event_id": event_id,
        "source": "error_page",
    }
    assert item["release"] == "hydroml@1.0.0+test"


@pytest.mark.parametrize(
    ("message", "event_id", "why"), [("  ", None, "empty"), ("hello", "no id", "no event id")]
)
def test_feedback_that_cannot_be_linked_says_so(
    sent: MemoryTransport, message: str, event_id: str | None, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        send_feedback(message, event_id=event_id)
