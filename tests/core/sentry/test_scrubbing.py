"""What is a secret by its name, by its form, by its place and by being known, and what is not."""

from __future__ import annotations

import base64
import json
import pprint
import string
import time
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from core.sentry.scrubbing import FILTERED, EventScrubber, KnownValues, Limits, TextScrubber
from core.sentry.scrubbing.keys import SecretNames, words_of
from core.sentry.scrubbing.patterns import is_card_number
from core.sentry.scrubbing.secrets_of import of_log_entry, of_process, of_request
from core.sentry.scrubbing.sql import remove_literals
from core.sentry.scrubbing.tokens import looks_like_token
from core.sentry.scrubbing.urls import scrub_url

SECRET_NAMES = sorted(
    words_of(
        "password password1 PASSWORD user_password userPassword new-password2 x-api-key X-Api-Key "
        "HTTP_AUTHORIZATION Proxy-Authorization csrfmiddlewaretoken X-CSRFToken csrftoken SECRET_KEY DATABASE_URL "
        "REDIS_URL CELERY_BROKER_URL credit_card cardNumber sessionid session_key HTTP_COOKIE Set-Cookie "
        "access_token refreshToken id_token client_secret PGPASSWORD aws_secret_access_key apiKey APIKEY auth "
        "auth_args http_auth EMAIL_HOST_PASSWORD pin pin_code pwd db_pass passphrase private_key conninfo "
        "SENTRY_DSN user_email username first_name remote_addr X-Forwarded-For X-Real-IP CF-Connecting-IP ssn "
        "social_security_number otp cvv redis.key cache.key mypassword tokens verification_code password_hash "
        "connection_string X-Amz-Signature MYSQL_PWD xAuthToken SLACK_WEBHOOK_URL"
    )
)
HARMLESS_NAMES = sorted(
    words_of(
        "author authority authentication_method pin_count token_count tokens_used token_type key keys primary_key "
        "foreign_key public_key name file_name project_id experiment_id keyboard monkey session_count "
        "password_changed_at password_reset_timeout user user_id user_agent url status http_status code error_code "
        "country_code pinned spinner passenger compass description bypass tokenizer recipe host title rain_mm "
        "column target route view catchment discharge_m3s train_end tick passed author_name email_sent "
        "session_engine cookie_age mailing_list_count"
    )
)

text_scrubber = TextScrubber()
scrubber = EventScrubber(text_scrubber, allowed_headers=["accept"])


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_of_a_secret_is_known_in_each_spelling(name: str) -> None:
    assert SecretNames().is_secret(name)


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_a_harmless_name_is_left_alone(name: str) -> None:
    assert not SecretNames().is_secret(name)


def test_the_strategy_adds_names() -> None:
    assert SecretNames(["gauge_owner"]).is_secret("theGaugeOwnerText")
    assert not SecretNames(["gauge_owner"]).is_secret("gauge_owner_count")


@pytest.mark.parametrize(
    "text",
    [
        "Narraguagus: row 12 of 1200 cannot be read, 3.5 m³/s on 2026-11-21T10:05:00+00:00",
        "/srv/app/data_tools/engine/process.py line 140 in read_rows, version 5.2.19, 14:05:33.123",
        "job 3f2a91c0-5b1e-4a77-9c65-0c4c1d1d7a10 took 1234567890 ms, commit 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83",
        "SELECT id, name FROM project WHERE owner_id = %s ORDER BY name LIMIT 21",
        "KeyError: 'discharge_m3s'; expected one of ['date', 'precipitation_mm']",
        "django.db.utils.OperationalError: connection to 127.0.0.1:5432 refused",
        "x[1::2] and std::vector<a::b>, hydroml@1.4.0+3f2a91c, 0x7f3c2a1b9d80",
        "the token count is 12 and the password was changed",
        "http://localhost:8000/projects/3f2a91c0-5b1e-4a77-9c65-0c4c1d1d7a10/sources/?page=2",
    ],
)
def test_what_a_developer_reads_stays_as_it_is(text: str) -> None:
    assert text_scrubber.text(text) == text


def test_source_keeps_its_expressions_and_loses_its_literals() -> None:
    code = text_scrubber.code
    assert code('password = form.cleaned_data["password"]') == 'password = form.cleaned_data["password"]'
    assert code('password: str = "hunter2"') == f'password: str = "{FILTERED}"'
    assert (
        code('connect(user="ada", password="hunter2")  # x')
        == f'connect(user="ada", password="{FILTERED}")  # x'
    )
    assert (
        code('urlopen("http://a.example/?q=1&token=hunter2")')
        == f'urlopen("http://a.example/?q=1&token={FILTERED}")'
    )
    assert (
        code('get(f"https://{host}/?token={token}&key=%s")') == 'get(f"https://{host}/?token={token}&key=%s")'
    )
    assert code('fields = ("username", "password", "rows")') == 'fields = ("username", "password", "rows")'


def test_card_numbers_are_told_by_their_check_digit() -> None:
    assert is_card_number("4111111111111111")
    assert not is_card_number("4111111111111112")
    assert not is_card_number("1700000000000")
    assert text_scrubber.text("paid with 4111-1111-1111-1111.") == f"paid with {FILTERED}."


def test_statements_keep_their_shape() -> None:
    statement = "SELECT a FROM \"t\" WHERE b = 'it''s' AND c = $$x$$ AND d = 1234567 AND e = E'\\'' LIMIT 21 /* who */ -- me"
    assert remove_literals(statement).strip() == (
        "SELECT a FROM \"t\" WHERE b = '?' AND c = '?' AND d = ? AND e = '?' LIMIT 21"
    )


def test_urls_keep_their_route_and_lose_what_they_carry() -> None:
    url = "https://ada:pw@example.org:8443/reset/MQ/c4x2ab-0123456789abcdef0123456789abcdef/?next=/a&page=2#token"
    assert (
        scrub_url(url) == f"https://{FILTERED}@example.org:8443/reset/MQ/{FILTERED}/?next={FILTERED}&page=2"
    )


@pytest.mark.parametrize(
    ("word", "is_token"),
    [
        ("0123456789abcdef0123456789abcdef", True),
        ("c4x2ab-0123456789abcdef0123456789abcdef", True),
        ("dGhpcyBpcyBhIHNlY3JldCB2YWx1ZQ", True),
        ("3f2a91c0-5b1e-4a77-9c65-0c4c1d1d7a10", False),
        ("2026-11-21-report-on-the-rain-of-2025", False),
        ("django.contrib.sessions.backends.cached_db", False),
        ("IntegrityErrorInTheDatabaseLayer", False),
        ("0001_alter_user_and_3_more_fields_of_it", False),
    ],
)
def test_tokens_are_told_from_names(word: str, is_token: bool) -> None:
    assert looks_like_token(word) is is_token


# The words of a secret: letters, digits, and marks that people put into passwords and that encodings change.
_secrets = st.text(
    string.ascii_letters + string.digits + "!#$%&*+-./:;=?@^_|~äß", min_size=8, max_size=40
).filter(lambda word: any(map(str.isdigit, word)) and any(map(str.isalpha, word)) and word.strip() == word)
_encodings = st.sampled_from(
    [
        str,
        quote,
        quote_plus,
        lambda word: quote(quote(word, safe=""), safe=""),
        lambda word: "".join(f"%{byte:02x}" for byte in word.encode()),
        lambda word: word.encode().hex(),
        lambda word: base64.b64encode(word.encode()).decode(),
        lambda word: base64.urlsafe_b64encode(b"ada:" + word.encode() + b"xy").decode(),
        json.dumps,
        lambda word: json.dumps(json.dumps({"a": word})),
        repr,
        lambda word: repr(word.encode()),
        lambda word: pprint.pformat(word, width=12),
        lambda word: f"<a href='x'>{word}</a>",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    _secrets,
    st.lists(_encodings, min_size=1, max_size=2),
    st.sampled_from(["", "x", "at ", "key:", "['", "\n"]),
)
@example("k1!%2B/=ä9", [lambda word: quote(quote(word, safe=""), safe="")], "at ")
def test_a_known_secret_is_found_however_it_is_written(word: str, encodings: list[Any], before: str) -> None:
    written = word
    for encode in encodings[:1]:
        written = encode(written)
    shown = KnownValues([word]).remove(f"{before}{written} and the rest")
    assert word not in shown
    assert written.strip("\"'") not in shown


_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=8), inner, max_size=4),
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(
    _secrets,
    _values,
    st.sampled_from(SECRET_NAMES),
    st.lists(st.sampled_from("dlt"), max_size=5),
    st.booleans(),
)
def test_no_nesting_hides_what_stands_under_a_secret_name(
    word: str, around: Any, name: str, path: list[str], as_text: bool
) -> None:
    value: Any = {name: word, "around": around, "again": f"it was {word} here"}
    assume(word not in str(around))
    for step in path:
        value = {"d": {"inner": value}, "l": [1, value], "t": ("rows", value, 2)}[step]
    if as_text:
        value = {"text": json.dumps(value, default=str), "repr": repr(value)}
    before = repr(value)
    shown = json.dumps(scrubber.value(value), ensure_ascii=False)
    assert word not in shown
    assert json.dumps(word, ensure_ascii=False)[1:-1] not in shown
    assert repr(value) == before


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
@example("password=" + "(" * 2000)
@example("'password': " + "{" * 500 + "'" * 500)
@example("-----BEGIN PRIVATE KEY-----" * 50)
def test_any_text_is_scrubbed_without_failing_and_twice_is_as_good_as_once(text: str) -> None:
    once = text_scrubber.text(text)
    assert len(once) <= max(len(text) * 2 + 20, 4097)
    assert isinstance(text_scrubber.text(once), str)


def test_long_texts_are_cut_and_a_secret_at_the_cut_is_not_halved() -> None:
    known = KnownValues(["abc123def456ghi789"])
    scrub = TextScrubber(known=known, max_string=100)
    for padding in range(80, 210):
        shown = scrub.text("x" * padding + "abc123def456ghi789" + " y" * 200)
        assert "abc123" not in shown
        assert len(shown) <= 101


def test_events_are_cut_to_their_size_and_say_what_was_left_out() -> None:
    frames = [
        {"filename": "a.py", "function": "f", "lineno": n, "vars": {"text": "long words " * 40}}
        for n in range(90)
    ]
    event = {
        "event_id": "a" * 32,
        "exception": {
            "values": [{"type": "ValueError", "value": "too much", "stacktrace": {"frames": frames}}]
        },
        "breadcrumbs": {"values": [{"message": f"step {n} " + "of many " * 100} for n in range(80)]},
        "extra": {f"name {n}": "some words " * 100 for n in range(100)},
    }
    shown = EventScrubber(TextScrubber(), limits=Limits(event_bytes=30_000)).event(event)
    assert len(json.dumps(shown)) <= 30_000
    assert shown["tags"]["truncated"].startswith("breadcrumbs")
    assert shown["exception"]["values"][0]["value"] == "too much"
    assert len(shown["exception"]["values"][0]["stacktrace"]["frames"]) == 90


def test_secrets_of_settings_and_environment_are_known_and_public_ones_are_not() -> None:
    plain = {
        "SECRET_KEY": "a-secret-key",
        "SECRET_KEY_FALLBACKS": ["an-older-key"],
        "DATABASES": {"default": {"PASSWORD": "db-password", "USER": "hydro", "NAME": "hydroml"}},
        "CACHES": {"default": {"LOCATION": ["redis://:p%40ss@cache:6379/0"]}},
        "EMAIL_HOST": "mail.example.org",
        "SESSION_COOKIE_NAME": "sessionid",
    }
    environ = {"PWD": "/srv/app", "HOME": "/root", "STRIPE_API_KEY": "key-of-the-shop"}
    found = set(of_process(SecretNames(), environ, plain))
    assert found == {"a-secret-key", "an-older-key", "db-password", "p%40ss", "p@ss", "key-of-the-shop"}


def test_nothing_of_a_request_is_read_for_it() -> None:
    from django.test import RequestFactory

    request = RequestFactory().post(
        "/", {"password": "in-the-form-9"}, headers={"Authorization": "Bearer in-header-9"}
    )
    assert set(of_request(request, SecretNames())) == {"Bearer in-header-9", "in-header-9"}
    assert "_post" not in request.__dict__
    assert request.POST["password"]
    assert "in-the-form-9" in of_request(request, SecretNames())


def test_a_body_nested_deeper_than_python_reads_does_not_cost_the_event_its_contents() -> None:
    from django.test import RequestFactory

    request = RequestFactory().post(
        "/", b"[" * 60_000, content_type="application/json", headers={"Authorization": "Bearer in-header-9"}
    )
    assert request.body
    assert "in-header-9" in of_request(request, SecretNames())


@pytest.mark.parametrize("name", ["status", "type", "level", "release", "environment", "platform"])
def test_a_known_secret_goes_also_where_a_variable_has_the_name_of_a_field_of_events(name: str) -> None:
    variables = {"password": "otter7-lodge9", name: "tried otter7-lodge9"}
    frame = {"function": "log_in", "lineno": 3, "vars": variables}
    event = {
        "level": "error",
        "exception": {"values": [{"type": "ValueError", "stacktrace": {"frames": [frame]}}]},
        "contexts": {"job": {name: ["otter7-lodge9"]}},
        "tags": {name: "otter7-lodge9"},
        "breadcrumbs": {"values": [{"level": "info", "data": {name: "otter7-lodge9"}}]},
    }
    assert "otter7" not in json.dumps(scrubber.event(event))
    assert "otter7" not in json.dumps(scrubber.value(variables))


def test_a_known_secret_goes_from_a_variable_that_looks_like_a_frame() -> None:
    row = {"lineno": 3, "filename": "/srv/otter7-lodge9", "context_line": "otter7-lodge9"}
    assert "otter7" not in json.dumps(scrubber.value({"password": "otter7-lodge9", "row": row}))


def test_what_the_sdk_made_stays_although_a_secret_equals_a_part_of_it() -> None:
    event = {
        "timestamp": "2026-11-30T06:00:00Z",
        "contexts": {"trace": {"trace_id": "12026345" * 4}},
        "breadcrumbs": {"values": [{"timestamp": "2026-11-30T05:59:00Z", "message": "pin 2026"}]},
        "extra": {"pin": "2026"},
    }
    clean = scrubber.event(event)
    assert clean["timestamp"] == "2026-11-30T06:00:00Z"
    assert clean["contexts"]["trace"]["trace_id"] == "12026345" * 4
    assert clean["breadcrumbs"]["values"] == [
        {"timestamp": "2026-11-30T05:59:00Z", "message": f"pin {FILTERED}"}
    ]


@pytest.mark.parametrize(
    "text",
    ["'" + "\n" * 100_000, "://a" * 25_000, "@" + "://a:" * 20_000, "://" + "a-" * 50_000, "//a:" * 50_000],
    ids=["quote and line ends", "URLs", "URLs after an @", "a long scheme", "hosts"],
)
def test_no_text_takes_long(text: str) -> None:
    text_scrubber = TextScrubber(known=KnownValues(["otter7-lodge9"]), max_string=len(text))
    started = time.process_time()
    text_scrubber.text(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("template", ["a" * 200_000, "a-" * 100_000, "0x0" * 60_000])
def test_a_long_template_takes_no_longer_than_its_length(template: str) -> None:
    started = time.process_time()
    assert of_log_entry({"message": f"{template} token %s", "params": ["otter7"]}, SecretNames()) == [
        "otter7"
    ]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("no answer of //ada:tig/er@db.local:5432/x", f"no answer of //ada:{FILTERED}@db.local:5432/x"),
        ("jdbc:oracle:thin:ada/tiger@db:1521:xe", f"jdbc:oracle:thin:ada/{FILTERED}@db:1521:xe"),
        ("jdbc:oracle:thin:@db:1521", "jdbc:oracle:thin:@db:1521"),
        ("//host:8000/path/a@b", "//host:8000/path/a@b"),
    ],
)
def test_a_password_before_a_host_needs_no_scheme(text: str, clean: str) -> None:
    assert TextScrubber().text(text) == clean


def test_a_parameter_in_free_text_is_filtered_once_and_leaves_no_bracket() -> None:
    assert TextScrubber().text("GET http://a.example/c?q=1&token=abc failed") == (
        f"GET http://a.example/c?q={FILTERED}&token={FILTERED} failed"
    )


@pytest.mark.parametrize(
    ("written", "goes"),
    [
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", True),
        ("xQ3+9fKd/0aZ7tLmW2+vBs8/YcR5hNpJ4u+GeT1k", True),
        ("var/lib/Hydroml/Catchments/Year2004/runs", False),
        ("var/lib/hydroml/catchments/year2004/run1", False),
        ("Users/AdaLovelace/Documents/Engine/Note1", False),
    ],
)
def test_a_secret_key_of_aws_goes_without_a_name_and_a_path_as_long_stays(written: str, goes: bool) -> None:
    assert len(written) == 40
    expected = FILTERED if goes else written
    assert (
        text_scrubber.text(f"the service refused {written} today") == f"the service refused {expected} today"
    )
