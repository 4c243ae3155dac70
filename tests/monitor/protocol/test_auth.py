import base64

import pytest

from monitor.protocol import ProtocolError, Reason, read_credentials

KEY = "0123456789abcdef0123456789abcdef"
BASIC = base64.b64encode(f"{KEY}:".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "query", "path_key"),
    [
        ({"x-sentry-auth": f"Sentry sentry_version=7, sentry_client=py/2, sentry_key={KEY}"}, "", None),
        ({"x-sentry-auth": f"sentry sentry_key={KEY},sentry_version=7"}, "", None),
        ({"x-sentry-auth": f'SENTRY Sentry_Key="{KEY.upper()}" , sentry_secret=old'}, "", None),
        ({"authorization": f"Sentry sentry_key={KEY}, sentry_version=8"}, "", None),
        ({"authorization": f"Basic {BASIC}"}, "", None),
        ({}, f"sentry_key={KEY}&sentry_version=7&sentry_client=sentry.javascript.browser%2F10.0.0", None),
        ({}, f"SENTRY_KEY={KEY}", None),
        ({}, "sentry_release=1.0", KEY),
        ({}, "status=ok", KEY),
        ({"authorization": "Bearer of-a-proxy"}, f"sentry_key={KEY}", None),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}"}, f"sentry_key={KEY}", KEY),
    ],
)
def test_every_documented_form_gives_the_key(headers, query, path_key):
    found = read_credentials(headers, query, path_key)

    assert found is not None
    assert found.key == KEY


def test_the_sdk_that_sends_is_read_from_whichever_form_has_it():
    found = read_credentials(
        {"x-sentry-auth": f"Sentry sentry_key={KEY}"}, f"sentry_key={KEY}&sentry_client=curl%2F8\n", None
    )

    assert found is not None
    assert found.client == "curl/8"


def test_no_credentials_are_none_since_the_envelope_may_have_them():
    assert read_credentials({"authorization": "Bearer x"}, "sentry_release=1", None) is None


@pytest.mark.parametrize(
    ("headers", "query", "reason"),
    [
        ({"x-sentry-auth": "Sentry sentry_version=7"}, "", Reason.BAD_AUTH),
        ({"x-sentry-auth": "Sentry sentry_key="}, "", Reason.BAD_AUTH),
        ({"x-sentry-auth": "Sentry sentry_key=a b"}, "", Reason.BAD_AUTH),
        ({"x-sentry-auth": f"Sentry sentry_key={'a' * 65}"}, "", Reason.BAD_AUTH),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=x"}, "", Reason.BAD_AUTH),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=99"}, "", Reason.UNSUPPORTED_VERSION),
        ({"authorization": "Basic %%%"}, "", Reason.BAD_AUTH),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}"}, "sentry_key=other", Reason.BAD_AUTH),
        ({}, "&".join(f"sentry_{n}=1" for n in range(200)), Reason.BAD_AUTH),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(headers, query, reason):
    with pytest.raises(ProtocolError) as raised:
        read_credentials(headers, query)

    assert raised.value.reason is reason
    assert KEY not in raised.value.detail
