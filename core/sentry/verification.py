"""What `verify_sentry` looks at: each point by itself, in words, with the way out of what is wrong."""

from __future__ import annotations

import importlib.util
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import sentry_sdk

from core.sentry.capture import capture_exception, capture_message
from core.sentry.environment import dsn_problem
from core.sentry.fates import fate_of, spool_directory
from core.sentry.filters import get_filters
from core.sentry.setup import SentrySetup, current_setup
from core.sentry.spool import spool_status

Mark = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One point: `says` is a sentence, `way_out` what to do when it is not ok."""

    mark: Mark
    point: str
    says: str
    way_out: str = ""


class VerificationError(Exception):
    """Raised and reported on purpose, to see it arrive."""


def verify(timeout_s: float) -> Iterator[Finding]:
    """Look at everything, in the order in which it would fail."""
    setup = current_setup()
    if setup is None:
        yield Finding(
            "wrong", "set-up", "setup_sentry() was not called.", "Call it at the end of your settings."
        )
        return
    yield from _configuration(setup)
    yield _integrations()
    yield scrubbing_works()
    if not setup.enabled:
        yield Finding("wrong", "delivery", "Not tried: nothing is sent.", "Mend what stands above.")
        return
    yield _spool()
    yield from _delivery(timeout_s)


def _configuration(setup: SentrySetup) -> Iterator[Finding]:
    environment, problem = setup.environment, setup.reason
    if not environment.dsn:
        yield Finding(
            "wrong",
            "DSN",
            "SENTRY_DSN is not set: the application works, and nothing is reported.",
            "Set it to the address of the project in Sentry or in the monitor.",
        )
    elif problem:
        malformed = dsn_problem(environment.dsn) is not None
        way_out = "Copy it from the project's settings." if malformed else "The sentence above says how."
        yield Finding("wrong", "DSN", f"{problem}.", way_out)
    else:
        host = sentry_sdk.utils.Dsn(environment.dsn).host
        yield Finding("ok", "DSN", f"Events of {environment.environment} go to {host}.")
    if environment.release is None:
        yield Finding(
            "warning",
            "release",
            "There is no release: no regressions, no crash-free share, no roll-back.",
            "Set SENTRY_RELEASE to name@version+commit.",
        )
    else:
        yield Finding("ok", "release", f"It is {environment.release}.")
    if setup.strategy_error is not None:
        yield Finding(
            "wrong",
            "strategy",
            "strategy.toml cannot be used, so errors have no category.",
            "manage.py check names each line.",
        )
    elif setup.strategy is not None:
        yield Finding("ok", "strategy", f"{len(setup.strategy.categories)} categories are known.")
    yield Finding("ok", "traces", f"{setup.traces_sample_rate:.0%} of requests and tasks are traced.")


def _integrations() -> Finding:
    wanted = ["django", "logging", *(name for name in ("celery", "redis") if importlib.util.find_spec(name))]
    client = sentry_sdk.get_client()
    missing = [name for name in wanted if client.get_integration(name) is None]
    if missing:
        return Finding(
            "wrong",
            "integrations",
            f"{', '.join(missing)} is installed and not watched.",
            "Leave integrations= out of setup_sentry(), or list them all.",
        )
    return Finding("ok", "integrations", f"{', '.join(wanted)} are watched.")


def scrubbing_works() -> Finding:
    """Plants a secret in each kind of place of an event and looks for it in what would leave."""
    canary = f"canary{secrets.token_hex(12)}"
    places: dict[str, Callable[[dict[str, Any]], None]] = {
        "headers": lambda event: event.update(request={"headers": {"Authorization": f"Bearer {canary}"}}),
        "cookies": lambda event: event.update(request={"cookies": {"sessionid": canary}}),
        "query string": lambda event: event.update(request={"query_string": f"token={canary}"}),
        "nested data": lambda event: event.update(extra={"deep": [{"password": canary}]}),
        "contexts": lambda event: event.update(contexts={"order": {"api_key": canary}}),
        "breadcrumbs": lambda event: event.update(
            breadcrumbs={"values": [{"message": f"password={canary}", "data": {"token": canary}}]}
        ),
        "messages": lambda event: event.update(logentry={"message": f"postgresql://u:{canary}@host/db"}),
        "exceptions": lambda event: event.update(
            exception={"values": [{"type": "Error", "value": f"password={canary}"}]}
        ),
    }
    leaking = []
    for place, plant in places.items():
        event: dict[str, Any] = {"event_id": secrets.token_hex(16), "level": "error"}
        plant(event)
        if canary in str(get_filters().before_send(event, {})):
            leaking.append(place)
    if leaking:
        return Finding(
            "wrong",
            "scrubbing",
            f"A planted secret would leave the process in: {', '.join(leaking)}.",
            "Send nothing until it is mended: unset SENTRY_DSN, and look at before_send.",
        )
    return Finding("ok", "scrubbing", f"A secret planted in {len(places)} places is removed from all.")


def _spool() -> Finding:
    directory = spool_directory()
    if directory is None:
        return Finding("warning", "spool", "The transport keeps nothing on disk: an outage loses events.")
    probe = directory / f".verify-{secrets.token_hex(4)}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Finding(
            "wrong",
            "spool",
            f"{directory} cannot be written: {error.strerror or error}.",
            "Give the application's user the right to, or name another directory in setup_sentry().",
        )
    waiting = sum(spool_status(directory).queued.values())
    return Finding("ok", "spool", f"{directory} can be written; {waiting} wait there.")


def _fail_on_purpose() -> None:
    raise VerificationError(f"Raised by verify_sentry ({secrets.token_hex(4)}): not a failure.")


def _delivery(timeout_s: float) -> Iterator[Finding]:
    try:
        _fail_on_purpose()
    except VerificationError as error:
        event_id = capture_exception(error)
    message_id = capture_message(f"Sent by verify_sentry ({secrets.token_hex(4)}): not a failure.")
    for what, sent_id in (("event", event_id), ("message", message_id)):
        if sent_id is None:
            yield Finding(
                "wrong",
                f"test {what}",
                "Capturing it gave no id: it was dropped on the way.",
                "A before_send, a sampler or [[ignored]] of strategy.toml took it.",
            )
        else:
            yield _wait_for(what, sent_id, timeout_s)


def _wait_for(what: str, event_id: str, timeout_s: float) -> Finding:
    deadline = time.monotonic() + timeout_s
    fate = fate_of(event_id)
    while fate.state not in ("delivered", "dropped") and time.monotonic() < deadline:
        time.sleep(0.1)
        fate = fate_of(event_id)
    if fate.state == "delivered":
        return Finding("ok", f"test {what}", f"The host took it: {event_id}.")
    if fate.state == "dropped":
        return Finding(
            "wrong",
            f"test {what}",
            f"The host refused it: {fate.reason.replace('_', ' ')}.",
            "Does the project of the DSN exist, and is its key enabled?",
        )
    said = _last_error()
    refused = "401" in said or "403" in said
    return Finding(
        "wrong",
        f"test {what}",
        f"The host did not take it within {timeout_s:g} s{f' ({said})' if said else ''}. It waits in the spool.",
        "Does the project of the DSN exist, and is its key enabled? What waits is sent once it is."
        if refused
        else "Is the host up, and may this machine reach it? What waits is sent when it answers.",
    )


def _last_error() -> str:
    directory = spool_directory()
    destinations = spool_status(directory).destinations if directory else ()
    return next((destination.last_error for destination in destinations if destination.last_error), "")
