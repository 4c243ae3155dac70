"""Feedback from an error page: kept on disk first, attached to its event, told to support, hard to misuse."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import DatabaseError, connections
from pytest_django.fixtures import Settings

from core import error_feedback
from core.error_feedback import deliver_feedback
from core.feedback_store import Feedback, FeedbackStore
from core.feedback_tokens import make_token
from tests.core.wire import Answer, WsgiClient, reporting

ERROR_ID = "H7KQ-2M4X"


@pytest.fixture(autouse=True)
def _site(settings: Settings, tmp_path: Path) -> None:
    settings.ROOT_URLCONF = "tests.core.failing_site"
    settings.DEBUG = False
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.ERROR_PAGES = {"SUPPORT_EMAIL": "help@hydroml.example", "FEEDBACK_DIR": tmp_path / "feedback"}
    error_feedback._addresses.clear()


@pytest.fixture
def store(_site: None) -> FeedbackStore:
    return FeedbackStore()


def post(accept: str = "application/json", language: str = "en", cookie: str = "", **fields: str) -> Answer:
    given = {"token": make_token(ERROR_ID, None), "message": "I pressed Train."} | fields
    headers = {"Accept": accept, "Accept-Language": language, "Cookie": cookie}
    return WsgiClient()("/api/error-feedback/", "POST", headers=headers, body=urlencode(given).encode())


def test_words_from_the_page_reach_disk_event_and_support(store: FeedbackStore) -> None:
    with reporting() as sent:
        page = WsgiClient()("/breaks").text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', page))
        answer = post(accept="text/html", email="ada@example.org", name="Ada", **fields)
    assert answer.status == 201
    assert "Thank you. Your words are kept with this error." in answer.text
    (event,), (words,) = sent.errors, sent.items("feedback")
    assert words["contexts"]["feedback"]["associated_event_id"] == event["event_id"]
    assert words["contexts"]["feedback"]["message"] == "I pressed Train."
    assert words["contexts"]["feedback"]["contact_email"] == "ada@example.org"
    (kept,) = store.of(fields["error_id"])
    assert (kept.event_id, kept.feedback_id) == (event["event_id"], words["event_id"])
    assert store.of(event["event_id"]) == [kept]
    assert deliver_feedback() == {"told": 1, "waiting": 0, "forgotten": 0}
    (message,) = mail.outbox
    assert message.to == ["help@hydroml.example"]
    assert message.reply_to == ["ada@example.org"]
    assert fields["error_id"] in message.subject
    assert "I pressed Train." in message.body
    assert deliver_feedback()["told"] == 0


def test_json_clients_get_json_and_may_send_it() -> None:
    body = json.dumps({"token": make_token(ERROR_ID, None), "message": "Words"}).encode()
    answer = WsgiClient()(
        "/api/error-feedback/",
        "POST",
        headers={"Accept": "application/json"},
        body=body,
        content_type="application/json",
    )
    assert answer.status == 201
    assert answer.json()["success"] is True


@pytest.mark.parametrize("body", [b"{", b"[" * 30_000, b"[]"])
def test_a_body_that_is_no_object_of_json_is_refused_and_no_error(body: bytes) -> None:
    accept = {"Accept": "application/json"}
    answer = WsgiClient()(
        "/api/error-feedback/", "POST", headers=accept, body=body, content_type="application/json"
    )
    assert answer.status == 400
    assert answer.json()["error"].startswith("The body ")


def test_words_are_kept_with_the_database_and_the_cache_away(
    store: FeedbackStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(connections["default"], "ensure_connection", refuse)
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", refuse)
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }
    assert post(cookie="sessionid=abcdefgh12345678").status == 201
    assert [feedback.message for feedback in store.of(ERROR_ID)] == ["I pressed Train."]


def test_mail_that_is_down_leaves_the_words_waiting(
    store: FeedbackStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> int:
        raise ConnectionRefusedError

    post()
    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", refuse)
        assert deliver_feedback() == {"told": 0, "waiting": 1, "forgotten": 0}
    assert len(list(store.waiting())) == 1
    call_command("deliver_feedback")
    assert len(mail.outbox) == 1
    assert "1 told" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"message": "   "}, 400, "Nothing was written"),
        ({"message": "x" * 4001}, 400, "at most 4000 characters"),
        ({"email": "not an address"}, 400, "is no email address"),
        ({"email": "a@b.example\r\nBcc: all@example.org"}, 400, "is no email address"),
        ({"token": ""}, 403, "does not come from one of our error pages"),
        ({"token": make_token(ERROR_ID, None)[:-2] + "xx"}, 403, "does not come from one of our error pages"),
        ({"message": "x" * 40_000}, 413, "too long"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    store: FeedbackStore, fields: dict[str, str], status: int, says: str
) -> None:
    answer = post(**fields)
    assert answer.status == status
    assert says in answer.json()["error"]
    assert list(store.waiting()) == []
    assert says in post(accept="text/html", **fields).text.replace("&#x27;", "'")


def test_a_token_is_good_for_a_day() -> None:
    token = make_token(ERROR_ID, None)
    with time_machine.travel(time.time() + 24 * 3600 + 60, tick=False):
        answer = post(token=token)
    assert answer.status == 403
    assert "more than a day ago" in answer.json()["error"]


def test_a_robot_is_thanked_and_nothing_is_kept(store: FeedbackStore) -> None:
    assert post(website="https://spam.example").status == 201
    assert list(store.waiting()) == []


def test_only_post_is_taken() -> None:
    assert WsgiClient()("/api/error-feedback/").status == 405


def test_five_times_for_one_error_and_ten_from_one_address() -> None:
    assert [post().status for _ in range(6)] == [201] * 5 + [429]
    others = [post(token=make_token(f"AAAA-000{number}", None)) for number in range(6)]
    assert [answer.status for answer in others] == [201] * 5 + [429]
    assert int(others[-1].headers["Retry-After"]) > 500


def test_a_disk_that_refuses_is_told_and_reported(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "feedback").write_text("a file where the directory should be")
    with reporting() as sent:
        answer = post()
    assert answer.status == 503
    assert "write to support instead" in answer.json()["error"]
    events = [event for event in sent.errors if event["tags"].get("route") == "api/error-feedback/"]
    assert [(event.get("logger"), event["tags"]["category"]) for event in events] == [
        ("core.error_feedback", "file")
    ]


def test_files_are_for_this_user_alone_and_old_ones_are_forgotten(store: FeedbackStore) -> None:
    path = store.keep(Feedback(error_id=ERROR_ID, message="old", written_at=1.0))
    assert path.stat().st_mode & 0o777 == 0o600
    store.settle(path)
    assert store.forget(older_than_s=3600) == 0
    with time_machine.travel(time.time() + 7200, tick=False):
        assert store.forget(older_than_s=3600) == 1
    assert store.of(ERROR_ID) == []
