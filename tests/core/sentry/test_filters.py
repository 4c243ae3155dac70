"""The hooks: what is dropped, what is thinned, what passes, and what goes out when they fail themselves."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from sentry_sdk.integrations import Integration

from core.errors import UserInputError
from core.sentry import add_breadcrumb, capture_custom_error, capture_exception, capture_message
from core.sentry import filters as module
from core.sentry.sampling import FloodGate
from core.sentry.scrubbing import EventScrubber, TextScrubber
from tests.core.wire import MemoryTransport, reporting


@pytest.fixture
def sent() -> Iterator[MemoryTransport]:
    with reporting(SENTRY_TRACES_SAMPLE_RATE="1.0") as transport:
        yield transport


class Broken(EventScrubber):
    def event(self, event: Any, known: Any = None) -> Any:
        raise RuntimeError("the scrubber is broken")


def _break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.get_filters(), "_given", Broken(TextScrubber()))


def _divide(password: str = "hunter2") -> BaseException:
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        return error
    raise AssertionError


def test_an_event_carries_its_category_and_severity_and_a_truthful_level(sent: MemoryTransport) -> None:
    event_id = capture_exception(_divide())
    (event,) = sent.errors
    assert event["event_id"] == event_id
    assert event["tags"] | {"category": "programming", "severity": "P2"} == event["tags"]
    assert event["level"] == "error"
    assert "fingerprint" not in event


@pytest.mark.parametrize(
    "exc", [Http404("no"), UserInputError("row 3 has no date"), SuspiciousOperation("forged")]
)
def test_what_is_expected_or_ignored_is_not_sent_and_is_observed(
    sent: MemoryTransport, exc: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(module, "_observers", [lambda outcome, *rest: seen.append(outcome)])
    assert capture_exception(exc) is None
    assert sent.errors == []
    assert seen == ["ignored"]


def test_an_expected_error_that_nobody_answered_is_an_error(sent: MemoryTransport) -> None:
    from sentry_sdk.utils import event_from_exception

    error = UserInputError("row 3 has no date")
    assert capture_exception(error) is None
    event, hint = event_from_exception(error, mechanism={"type": "django", "handled": False})
    sentry_sdk.capture_event(event, hint)
    (sent_event,) = sent.errors
    assert sent_event["tags"]["unanswered"] == "true"


def test_check_ins_pass_as_they_are(sent: MemoryTransport) -> None:
    for status in ("in_progress", "ok"):
        sentry_sdk.crons.capture_checkin(monitor_slug="put lost jobs back", status=status)
    assert [each["status"] for each in sent.check_ins] == ["in_progress", "ok"]
    assert sent.check_ins[0]["monitor_slug"] == "put lost jobs back"


def test_a_broken_scrubber_sends_a_skeleton_and_never_the_event(
    sent: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break(monkeypatch)
    add_breadcrumb("password hunter2")
    event_id = capture_exception(_divide(), extra={"token": "hunter2"})
    (event,) = sent.errors
    assert "hunter2" not in json.dumps(event)
    assert event["event_id"] == event_id
    assert event["exception"]["values"] == [{"type": "ZeroDivisionError", "module": "builtins"}]
    assert event["tags"] == {"scrubber_failed": "RuntimeError", "category": "programming", "severity": "P2"}
    assert (event["release"], event["environment"]) == ("hydroml@1.0.0+test", "test")
    assert event["timestamp"]


def test_a_broken_scrubber_sends_skeletons_of_transactions_and_no_logs(
    sent: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break(monkeypatch)
    with sentry_sdk.start_transaction(name="/reset/hunter2/", op="http.server"):
        sentry_sdk.start_span(op="db", name="hunter2").finish()
    (transaction,) = sent.transactions
    assert "hunter2" not in json.dumps(transaction)
    assert transaction["tags"]["scrubber_failed"] == "RuntimeError"
    assert transaction["contexts"]["trace"]["op"] == "http.server"
    monkeypatch.setattr(EventScrubber, "value", Broken.event)
    assert module.get_filters().before_send_log({"body": "hunter2", "attributes": {}}, {}) is None


def test_a_flood_is_thinned_and_counted_and_its_sessions_still_err(sent: MemoryTransport) -> None:
    now = [0.0]
    module.get_filters()._gate = FloodGate(burst=3, per_second=1, clock=lambda: now[0])
    ids = [capture_exception(_divide()) for _ in range(20)]
    assert [bool(each) for each in ids] == [True] * 3 + [False] * 17
    now[0] = 5.0
    assert capture_exception(_divide())
    assert sent.errors[-1]["tags"]["suppressed"] == "17"
    assert all("suppressed" not in event["tags"] for event in sent.errors[:3])


def test_another_place_is_another_flood(sent: MemoryTransport) -> None:
    module.get_filters()._gate = FloodGate(burst=1, per_second=0.001)
    assert capture_exception(_divide())
    assert capture_exception(_divide()) is None
    assert capture_message("something else", "error")
    assert capture_custom_error("SumMismatch", "12 is not 13", {"rows": 12})


def test_the_worst_are_never_thinned(sent: MemoryTransport) -> None:
    from django.db import OperationalError

    module.get_filters()._gate = FloodGate(burst=1, per_second=0.001)
    for _ in range(5):
        capture_exception(OperationalError("away"))
    assert len(sent.errors) == 5
    assert sent.errors[0]["fingerprint"] == ["dependency-outage", "postgresql", "unreachable"]
    assert sent.errors[0]["level"] == "error"


def test_a_thinned_error_still_crashes_its_session(sent: MemoryTransport) -> None:
    from sentry_sdk.utils import event_from_exception

    module.get_filters()._gate = FloodGate(burst=1, per_second=0.001)
    for _ in range(3):
        with (
            sentry_sdk.isolation_scope() as scope,
            sentry_sdk.sessions.track_session(scope, session_mode="request"),
        ):
            event, hint = event_from_exception(_divide(), mechanism={"type": "django", "handled": False})
            sentry_sdk.capture_event(event, hint)
    sentry_sdk.get_client().session_flusher.flush()
    (sessions,) = sent.items("sessions")
    assert sum(each.get("crashed", 0) for each in sessions["aggregates"]) == 3


def test_a_loggers_name_tells_what_a_message_is_about(sent: MemoryTransport) -> None:
    logging.getLogger("celery.worker.request").error("Hard time limit (%ss) exceeded", 300)
    (event,) = sent.errors
    assert event["tags"]["category"] == "queue"


def test_attachments_are_not_sent(sent: MemoryTransport) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.add_attachment(bytes=b"hunter2", filename="dump.txt")
        capture_exception(_divide())
    assert sent.items("attachment") == []
    assert len(sent.errors) == 1


class Nosy:
    """Counts what is run of it."""

    ran: list[str] = []

    def __repr__(self) -> str:
        self.ran.append("repr")
        return "nosy"

    __str__ = __repr__

    def __getattribute__(self, name: str) -> Any:
        if name not in ("ran",):
            type(self).__dict__["ran"].append(name)
        return object.__getattribute__(self, name)


def test_capturing_runs_no_foreign_code_and_changes_nothing(sent: MemoryTransport) -> None:
    nosy, extra = Nosy(), {"token": "abc", "nested": [{"password": "abc"}]}
    lazy = pytest.importorskip("django.utils.functional").SimpleLazyObject(lambda: Nosy.ran.append("lazy"))
    extra |= {"nosy": nosy, "lazy": lazy}
    crumb = {"nosy": nosy, "password": "abc"}
    Nosy.ran.clear()
    try:
        raise KeyError("row")
    except KeyError as error:
        sentry_sdk.add_breadcrumb(message="x", data=crumb)
        sentry_sdk.get_isolation_scope().set_context("x", {"nosy": nosy, "lazy": lazy})
        capture_exception(error, extra=extra)
    (event,) = sent.errors
    assert Nosy.ran == []
    assert (extra["token"], extra["nested"], crumb["password"]) == ("abc", [{"password": "abc"}], "abc")
    shown = event["exception"]["values"][0]["stacktrace"]["frames"][-1]["vars"]
    for each in (shown, event["extra"], event["contexts"]["x"]):
        assert each["nosy"] == f"<{__name__}.Nosy>"
    assert shown["lazy"] == "<django.utils.functional.SimpleLazyObject>"


def test_models_are_shown_by_their_key_and_nothing_is_queried(sent: MemoryTransport) -> None:
    # Without the `db` mark, pytest-django refuses any query.
    from projects.models import Membership, Project

    project = Project(name="Narraguagus")
    membership = Membership(project=project)
    members = Membership.objects.filter(project=project)
    try:
        raise KeyError("row")
    except KeyError as error:
        capture_exception(error)
    shown = sent.errors[0]["exception"]["values"][0]["stacktrace"]["frames"][-1]["vars"]
    assert shown["project"] == f"<projects.models.Project pk={project.pk}>"
    assert shown["membership"].startswith("<projects.models.Membership pk=")
    assert shown["members"] == "<django.db.models.query.QuerySet>"
    assert members.query
    assert membership.pk is None


def test_integrations_set_up_are_those_that_are_meant(sent: MemoryTransport) -> None:
    found: dict[str, Integration] = sentry_sdk.get_client().integrations
    assert {"django", "celery", "redis", "logging", "argv", "modules", "threading"} <= set(found)
    # core.sentry.same_failure does its work, for more than the last exception.
    assert "dedupe" not in found
