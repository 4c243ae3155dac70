"""The error pages in German: whole, wherever in the stack of middleware they are drawn, and when the catalogue is broken."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import trans_real
from pytest_django.fixtures import Settings

from core.error_answers import answer
from core.error_feedback import MAX_MESSAGE
from core.error_pages import permission_denied, too_many_requests
from stack.catalogues import ROOT
from tests.core.test_error_feedback import post
from tests.core.wire import WsgiClient

GERMAN = {"Accept-Language": "de-AT,de;q=0.9", "Accept": "text/html"}
CATALOGUE = ROOT / "core" / "locale" / "de" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)s")
PATHS = {
    "/bad": 400,
    "/forbidden": 403,
    "/missing": 404,
    "/projekts/new": 404,
    "/only-posted": 405,
    "/breaks": 500,
    "/database-away": 503,
}


pytestmark = pytest.mark.usefixtures("failing_site")


def english_words() -> list[str]:
    """What no German page may hold: each string of the catalogue, cut where something is filled in."""
    with CATALOGUE.open("rb") as text:
        messages = [message for message in read_po(text, locale="de") if message.id]
    pairs = [
        (english, german)
        for message in messages
        for english, german in zip(
            *((part,) if isinstance(part, str) else part for part in (message.id, message.string)),
            strict=True,
        )
    ]
    return [
        piece.strip()
        for english, german in pairs
        if english != german
        for piece in PLACEHOLDER.split(english)
        if len(piece.strip()) > 2 and piece.strip() not in german
    ]


def left_in_english(page: str) -> list[str]:
    # Between other letters they are part of a German word, of a class or of a name of the code.
    return [
        words
        for words in english_words()
        if re.search(rf'(?:[>"] ?|\s){re.escape(words)}(?![\w-])', page.partition("</style>")[2])
    ]


@pytest.mark.parametrize(("path", "status"), PATHS.items())
def test_each_page_is_german_to_a_german_reader(call: Any, path: str, status: int) -> None:
    page = call(path, headers=GERMAN)
    assert page.status == status
    assert '<html lang="de"' in page.text
    assert page.headers["Content-Language"] == "de"
    assert {"Accept", "Accept-Language"} <= set(page.headers["Vary"].split(", "))
    assert left_in_english(page.text) == []
    english = call(path, headers=GERMAN | {"Accept-Language": "en"})
    assert '<html lang="en"' in english.text
    assert english.headers["Content-Language"] == "en"
    assert len(left_in_english(english.text)) > 4, "the test reads nothing of it"


def test_the_style_is_the_same_in_both_languages() -> None:
    policies = {
        WsgiClient()("/breaks", headers={"Accept-Language": language}).headers["Content-Security-Policy"]
        for language in ("de", "en")
    }
    assert len(policies) == 1


def test_the_page_for_a_failing_log_in_of_a_known_visitor_is_german(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The middleware that chooses the language is what fails: it reads the user from a database that is away."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", refuse)
    page = call("/fine", headers=GERMAN | {"Cookie": "sessionid=abcdefgh12345678"})
    assert (page.status, page.headers["Content-Language"]) == (503, "de")
    assert "gerade nicht erreichbar" in page.text


def test_the_page_under_debug_is_german_too(call: Any, settings: Settings, tmp_path: Any) -> None:
    settings.DEBUG = True
    settings.ERROR_PAGES = {"DEBUG_DIR": tmp_path}
    settings.ROOT_URLCONF = "tests.core.debug_site"
    page = call("/breaks", headers=GERMAN)
    assert "Technische Seite zeigen" in page.text
    assert left_in_english(page.text) == []


def test_a_reason_is_shown_in_place_of_the_usual_words(rf: RequestFactory) -> None:
    with translation.override("de"):
        page = permission_denied(rf.get("/"), PermissionDenied("Nur die Leitung löscht ein Projekt."))
        assert "Nur die Leitung löscht ein Projekt." in page.text
        assert "Ihre Rolle erlaubt es nicht" not in page.text
        assert "Ihre Rolle erlaubt es nicht" in permission_denied(rf.get("/"), PermissionDenied()).text
        assert left_in_english(page.text) == []


@pytest.mark.parametrize(("seconds", "said"), [(1, "in 1 Sekunde noch"), (42, "in 42 Sekunden noch")])
def test_when_to_come_back_is_said_in_german(rf: RequestFactory, seconds: int, said: str) -> None:
    with translation.override("de"):
        page = too_many_requests(rf.get("/"), retry_after_s=seconds).text
    assert said in page
    assert left_in_english(page) == []


def test_what_the_form_answers_is_german(settings: Settings, tmp_path: Any) -> None:
    settings.ERROR_PAGES = {"FEEDBACK_DIR": tmp_path}
    for fields, said in (
        ({}, "Vielen Dank. Ihre Nachricht ist"),
        ({"message": " "}, "Die Nachricht ist leer."),
        ({"message": "x" * (MAX_MESSAGE + 1)}, "Höchstens 4000 Zeichen"),
        ({"email": "ada"}, "„ada“ ist keine E-Mail-Adresse."),
        ({"token": ""}, "stammt nicht von einer unserer Fehlerseiten"),
    ):
        assert said in post(language="de", **fields).json()["message"]
        page = post(accept="text/html", language="de", **fields)
        assert said in page.text
        assert left_in_english(page.text) == []


def test_machines_are_answered_as_before() -> None:
    told = WsgiClient()("/breaks", headers={"Accept": "application/json", "Accept-Language": "de"})
    assert told.json()["error"] == "Something broke on our side."


def test_a_language_that_the_pages_do_not_speak_is_answered_in_english_and_marked_so(
    rf: RequestFactory,
) -> None:
    """Django has words of its own in French: none of them may come among ours."""
    pages = []
    for language in ("fr", "en"):
        request = rf.get("/nowhere", headers={"accept": "text/html", "x-request-id": "request-77"})
        request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
        pages.append(answer(request, 404, page={"search_url": "/projects/"}))
    assert pages[0].text == pages[1].text
    assert pages[0].headers["Content-Language"] == "en"


@pytest.fixture
def _broken_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    add = trans_real.DjangoTranslation._add_installed_apps_translations

    def fail(self: Any) -> None:
        if self.language() == "de":
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
        add(self)

    monkeypatch.setattr(trans_real, "_translations", {})
    monkeypatch.setattr(trans_real.DjangoTranslation, "_add_installed_apps_translations", fail)


@pytest.mark.usefixtures("_broken_catalogue")
def test_with_a_broken_catalogue_the_page_is_whole_and_english(call: Any) -> None:
    page = call("/breaks", headers=GERMAN)
    assert page.status == 500
    assert page.headers["Content-Language"] == "en"
    assert "What were you doing?" in page.text


def test_without_translation_the_pages_are_english() -> None:
    code = """
from django.conf import settings
settings.configure(USE_I18N=False, LANGUAGE_CODE="de", INSTALLED_APPS=["core"], ROOT_URLCONF="core.urls",
    SECRET_KEY="x" * 50, TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}])
import django; django.setup()
from django.test import RequestFactory
from core.error_pages import server_error
page = server_error(RequestFactory().get("/", headers={"accept": "text/html", "accept-language": "de"}))
assert page["Content-Language"] == "en", page["Content-Language"]
assert '<html lang="en"' in page.text and "What were you doing?" in page.text
"""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
