"""What leaves the process with an error, under the set-ups that are meant to prevent it."""

from __future__ import annotations

import json
from typing import Any

import sentry_sdk
from django.db import OperationalError, connection
from sentry_sdk.scrubber import EventScrubber

from tests.core.wire import WsgiClient
from tests.recipes.process import in_a_process
from tests.recipes.site import StageError
from tests.recipes.stage import MemoryTransport, our_site, ours, plain, recipe_site

CANARY = "kestrel7-marsh-canary"


def _start(options: dict[str, Any] | None) -> MemoryTransport:
    return ours() if options is None else plain(**options)


def _hits(transport: MemoryTransport) -> int:
    assert transport.errors
    return json.dumps(transport.errors).count(CANARY)


def _fail_with_locals() -> None:
    password = CANARY
    user_password = CANARY
    login = {"password": CANARY, "remember": True}
    access_token = CANARY
    raise StageError(f"{len(password + user_password + access_token)} {len(login)}")


def _leaks(options: dict[str, Any] | None) -> int:
    transport = _start(options)
    sentry_sdk.set_extra("api", {"token": CANARY})
    sentry_sdk.add_breadcrumb(message="signed in", data={"x-auth-token": CANARY})
    try:
        _fail_with_locals()
    except StageError as error:
        sentry_sdk.capture_exception(error)
    return _hits(transport)


def test_the_scrubber_compares_whole_names_only() -> None:
    """`password` is found; `user_password`, `access_token` and `x-auth-token` are not, nor anything nested."""
    assert in_a_process(_leaks, {}) == 5
    assert in_a_process(_leaks, {"event_scrubber": EventScrubber(recursive=True)}) == 3
    assert in_a_process(_leaks, None) == 0


def test_data_collection_switches_the_scrubber_off_silently() -> None:
    """`data_collection={}`, the successor of send_default_pii, sends more than nothing at all being set."""
    assert in_a_process(_leaks, {"data_collection": {}}) > in_a_process(_leaks, {})
    assert in_a_process(_leaks, None) == 0


def _database_away(options: dict[str, Any] | None) -> int:
    database = {
        "ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "shop", "PASSWORD": CANARY,
        "HOST": "127.0.0.1", "PORT": "9",
    }  # fmt: skip
    recipe_site(DATABASES={"default": database})
    transport = _start(options)
    try:
        connection.ensure_connection()
    except OperationalError as error:
        sentry_sdk.capture_exception(error)
    return _hits(transport)


def test_a_database_outage_sends_the_password_of_the_database() -> None:
    assert in_a_process(_database_away, {}) > 5
    assert in_a_process(_database_away, {"event_scrubber": EventScrubber(recursive=True)}) > 0
    assert in_a_process(_database_away, None) == 0


def _post_that_fails(is_ours: bool) -> int:
    if is_ours:
        our_site("tests.recipes.site.PostInContext")
    else:
        recipe_site("tests.recipes.site.PostInContext")
    transport = _start(None if is_ours else {})
    WsgiClient()("/breaks", method="POST", body=f"email=a%40b.org&password1={CANARY}".encode())
    return _hits(transport)


def test_what_is_put_into_a_context_is_never_scrubbed() -> None:
    """The published middleware puts the posted form there; ours finds the password even if somebody does."""
    assert in_a_process(_post_that_fails, False) > 0
    assert in_a_process(_post_that_fails, True) == 0


def _cache_sessions(is_ours: bool) -> int:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    transport = _start(None if is_ours else {})
    client = redis.Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0))
    try:
        client.get(f":1:django.contrib.sessions.cache{CANARY}")
    except redis.ConnectionError as error:
        sentry_sdk.capture_exception(error)
    return json.dumps([event.get("breadcrumbs") for event in transport.errors]).count(CANARY)


def test_session_keys_of_a_cache_go_out_as_breadcrumbs() -> None:
    assert in_a_process(_cache_sessions, False) > 0
    assert in_a_process(_cache_sessions, True) == 0


def _live_data(is_ours: bool) -> tuple[Any, int]:
    transport = _start(None if is_ours else {})
    request = {"token": CANARY, "page": 2}
    sentry_sdk.add_breadcrumb(message="asking", data=request)
    sentry_sdk.capture_message("slow", level="error")
    return request["token"] == CANARY, _hits(transport)


def test_the_scrubber_writes_into_the_dicts_of_the_application() -> None:
    """The next request goes out with `AnnotatedValue` for a token."""
    assert in_a_process(_live_data, False) == (False, 0)
    assert in_a_process(_live_data, True) == (True, 0)


def _scrubbed_in_before_send() -> str:
    def scrub(event: Any, hint: Any) -> Any:
        EventScrubber().scrub_event(event)
        return event

    transport = plain(before_send=scrub)
    sentry_sdk.set_extra("password", CANARY)
    sentry_sdk.set_extra("api", {"page": 2})
    password_of = {"password": CANARY}
    sentry_sdk.add_breadcrumb(message="asking", data=password_of)
    event_id = sentry_sdk.capture_message("hello", level="error")
    assert event_id is not None, "the caller is told that it was sent"
    try:
        transport.envelopes[0].serialize()
    except TypeError as error:
        return str(error)
    return ""


def _scrubbed_by_ours() -> int:
    transport = ours()
    sentry_sdk.set_extra("password", CANARY)
    sentry_sdk.capture_message("hello", level="error")
    transport.envelopes[0].serialize()
    return _hits(transport)


def test_scrubbing_by_the_sdks_own_scrubber_in_before_send_loses_the_event() -> None:
    """It plants objects that are no JSON; the sender's thread swallows the TypeError."""
    assert "not JSON serializable" in in_a_process(_scrubbed_in_before_send)
    assert in_a_process(_scrubbed_by_ours) == 0


class Order:
    """A model whose text costs a query, as with a foreign key in `__str__`."""

    asked = 0

    def __repr__(self) -> str:
        Order.asked += 1
        return f"<order of {CANARY}>"


def _fail_with_models() -> None:
    orders = [Order() for _ in range(5)]
    first = orders[0]
    raise StageError(f"{len(orders)} {first is None}")


def _code_run_by_capturing(is_ours: bool) -> tuple[int, int]:
    transport = _start(None if is_ours else {})
    try:
        _fail_with_models()
    except StageError as error:
        sentry_sdk.capture_exception(error)
    return Order.asked, _hits(transport)


def test_capturing_runs_the_repr_of_every_local() -> None:
    asked, leaked = in_a_process(_code_run_by_capturing, False)
    assert asked >= 5
    assert leaked >= 5
    assert in_a_process(_code_run_by_capturing, True) == (0, 0)
