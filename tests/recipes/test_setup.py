"""Options that look right: what `sentry_sdk.init` of the recipes does, beside `setup_sentry`."""

from __future__ import annotations

import os
import warnings

import httpx
import sentry_sdk
from sentry_sdk.crons import capture_checkin
from sentry_sdk.utils import BadDsn

from core.sentry.environment import ConfigurationError
from tests.recipes.process import in_a_process
from tests.recipes.site import StageError
from tests.recipes.stage import MemoryTransport, WsgiClient, our_site, ours, plain, recipe_site, set_up


def _tags_option() -> tuple[str, dict[str, str]]:
    try:
        plain(tags={"component": "web"})
        refusal = ""
    except TypeError as error:
        refusal = str(error)
    transport = ours()
    sentry_sdk.capture_message("hello", level="error")
    return refusal, transport.errors[0]["tags"]


def test_tags_is_no_option_and_stops_the_start() -> None:
    refusal, our_tags = in_a_process(_tags_option)
    assert refusal == "Unknown option 'tags'"
    assert our_tags["component"]
    assert our_tags["service"] == "hydroml"


def _rates_as_text() -> tuple[int, int, int]:
    recipe_site()
    get = WsgiClient()
    untraced = plain(traces_sample_rate="1.0")
    get("/fine")
    unsampled = plain(sample_rate="0.0")
    sentry_sdk.capture_message("hello")
    traced = ours(SENTRY_TRACES_SAMPLE_RATE="1.0")
    get("/fine")
    return len(untraced.transactions), len(unsampled.errors), len(traced.transactions)


def _rate_of(text: str) -> str:
    try:
        set_up(SENTRY_TRACES_SAMPLE_RATE=text)
    except ConfigurationError as error:
        return str(error)
    return ""


def test_a_rate_that_is_still_text_sends_nothing_or_everything() -> None:
    untraced, unsampled, traced = in_a_process(_rates_as_text)
    assert untraced == 0
    assert unsampled == 1
    assert traced == 1
    assert "SENTRY_TRACES_SAMPLE_RATE='10%' is no rate" in in_a_process(_rate_of, "10%")


def _deprecated_options() -> tuple[list[str], list[str]]:
    with warnings.catch_warnings(record=True) as of_recipe:
        warnings.simplefilter("always")
        plain(send_default_pii=False, enable_tracing=True, profiles_sample_rate=0.1)
    with warnings.catch_warnings(record=True) as of_ours:
        warnings.simplefilter("always")
        ours()
    return [str(each.message) for each in of_recipe], [str(each.message) for each in of_ours]


def test_options_of_most_recipes_are_deprecated_pii_off_included() -> None:
    recipe, our_warnings = in_a_process(_deprecated_options)
    for option in ("send_default_pii", "enable_tracing"):
        assert any(option in text for text in recipe), option
    assert our_warnings == []


def _bad_dsn() -> tuple[bool, str | None]:
    dsn = "https://your-sentry-dsn@sentry.io/project-id"
    try:
        sentry_sdk.init(dsn=dsn)
        stopped = False
    except BadDsn:
        stopped = True
    return stopped, set_up(SENTRY_DSN=dsn).reason


def test_a_mistyped_dsn_stops_the_application() -> None:
    stopped, reason = in_a_process(_bad_dsn)
    assert stopped
    assert reason is not None
    assert "SENTRY_DSN" in reason


def _environment() -> tuple[str, str]:
    plain()
    recipe = sentry_sdk.get_client().options["environment"]
    set_up(True, SENTRY_ENVIRONMENT="")
    return recipe, sentry_sdk.get_client().options["environment"]


def test_a_laptop_that_says_nothing_reports_as_production() -> None:
    assert in_a_process(_environment) == ("production", "development")


def _spotlight(is_ours: bool) -> bool:
    os.environ["SENTRY_SPOTLIGHT"] = "1"
    ours(SENTRY_ENVIRONMENT="production") if is_ours else plain(environment="production")
    return sentry_sdk.get_client().spotlight is not None


def test_a_variable_switches_spotlight_on_in_production() -> None:
    assert in_a_process(_spotlight, False)
    assert not in_a_process(_spotlight, True)


def _check_ins() -> tuple[int, int]:
    debug = True
    dropped = plain(before_send=lambda event, hint: event if not debug else None)
    capture_checkin(monitor_slug="reaper", status="ok")
    kept = ours()
    capture_checkin(monitor_slug="reaper", status="ok")
    return len(dropped.check_ins), len(kept.check_ins)


def test_a_before_send_that_thinks_of_errors_only_drops_check_ins() -> None:
    assert in_a_process(_check_ins) == (0, 1)


def _hook_that_fails() -> tuple[int, int]:
    lost = plain(before_send=lambda event, hint: {**event, "level": event["exception"]["values"][0]["level"]})
    sentry_sdk.capture_message("no exception in it", level="error")
    kept = ours()
    scrubber = type("Broken", (), {"error": None, "event": None})()
    from core.sentry.filters import get_filters

    get_filters()._given = scrubber
    sentry_sdk.capture_message("no exception in it", level="error")
    return len(lost.errors), len(kept.errors)


def test_a_hook_that_raises_loses_the_event() -> None:
    assert in_a_process(_hook_that_fails) == (0, 1)


FORCED = {"sentry-trace": "0123456789abcdef0123456789abcdef-0123456789abcdef-1"}


def _forced_by_header(is_ours: bool) -> int:
    recipe_site()
    transport = ours(SENTRY_TRACES_SAMPLE_RATE="0.000001") if is_ours else plain(traces_sample_rate=0.0)
    get = WsgiClient()
    for _ in range(20):
        get("/fine", headers=FORCED)
    return len(transport.transactions)


def test_a_strangers_header_forces_every_request_to_be_traced() -> None:
    assert in_a_process(_forced_by_header, False) == 20
    assert in_a_process(_forced_by_header, True) == 0


def _told_to_a_stranger(is_ours: bool) -> dict[str, str]:
    ours() if is_ours else plain(release="shop@1.4.0")
    heard: dict[str, str] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        heard.update(request.headers)
        return httpx.Response(200)

    httpx.Client(transport=httpx.MockTransport(answer)).get("https://weather.example/")
    return {name: value for name, value in heard.items() if name in ("sentry-trace", "baggage")}


def test_every_host_that_is_called_learns_release_key_and_trace() -> None:
    recipe = in_a_process(_told_to_a_stranger, False)
    assert "shop%401.4.0" in recipe["baggage"]
    assert "sentry-public_key" in recipe["baggage"]
    assert in_a_process(_told_to_a_stranger, True) == {}


def _performance_middleware(is_ours: bool) -> list[tuple[str, str]]:
    if is_ours:
        our_site()
        transport = ours(SENTRY_TRACES_SAMPLE_RATE="1.0")
    else:
        recipe_site("tests.recipes.site.Performance")
        transport = plain(traces_sample_rate=1.0)
    WsgiClient()("/fine")
    return [(each["transaction"], each["contexts"]["trace"]["trace_id"]) for each in transport.transactions]


def test_a_performance_middleware_doubles_the_transactions() -> None:
    recipe = in_a_process(_performance_middleware, False)
    assert len(recipe) == 2
    assert len({trace for _, trace in recipe}) == 2, "and they are not even linked"
    assert [name for name, _ in in_a_process(_performance_middleware, True)] == ["/fine"]


def _long_message() -> tuple[int, int]:
    sizes = []
    for set_up_transport in (plain, ours):
        transport: MemoryTransport = set_up_transport()
        sentry_sdk.capture_exception(StageError("row " * 125_000))
        sizes.append(len(str(transport.errors[0])))
    return sizes[0], sizes[1]


def test_nothing_bounds_the_size_of_an_event() -> None:
    recipe, our_size = in_a_process(_long_message)
    assert recipe > 500_000
    assert our_size < 20_000
