"""Before a release goes out: what staging answers, and whether it could be told of a failure without a secret leaving.

Staging has no laboratory. What can be asked of it from outside is asked; the rest is done in a process of the release
itself (core/firedrill/own_process.py), which is why the gate runs in its image with its settings.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from core.firedrill.front_door import LAB, FrontDoor
from core.firedrill.lines import Line, judged
from core.sentry.setup import current_setup
from strategy.model.strategy import Strategy

NAME = "gate"
NOWHERE = "/fire-drill-asks-for-what-is-not-there/"


def answers(door: FrontDoor, *, debug: bool) -> Iterator[Line]:
    """Health, an error page with its ids, and, where DEBUG is off, no laboratory. Who does not answer is a line as well:
    what leaves the release can be learned all the same."""
    try:
        yield from _answers(door, debug=debug)
    except httpx.HTTPError as error:
        yield judged(NAME, "answers", f"{door.address} answers", f"{type(error).__name__}: {error}", False)


def _answers(door: FrontDoor, *, debug: bool) -> Iterator[Line]:
    for path in ("/livez", "/readyz"):
        answer = door.ask(path)
        yield judged(NAME, path, "200", str(answer.status), answer.status == httpx.codes.OK, answer.took_s)
    missing = door.ask(NOWHERE)
    whole = missing.status == httpx.codes.NOT_FOUND and missing.request_id in missing.text
    seen = f"{missing.status}{'' if missing.request_id in missing.text else ', without it'}"
    yield judged(NAME, "error page", "404 with the request's id", seen, whole, missing.took_s)
    shown = missing.canary in missing.text
    yield judged(NAME, "page is clean", "no canary", "the canary" if shown else "no canary", not shown)
    lab = door.ask(LAB)
    expected = httpx.codes.OK if debug else httpx.codes.NOT_FOUND
    words = "a laboratory, under DEBUG" if debug else "404: no laboratory"
    yield judged(NAME, "laboratory", words, str(lab.status), lab.status == expected)


def is_set_up(strategy: Strategy) -> Iterator[Line]:
    """The environment is one of the strategy's, and names the release where it must."""
    setup = current_setup()
    environment = setup.environment.environment if setup else ""
    known = strategy.environments.get(environment)
    yield judged(NAME, "environment", "one of the strategy's", environment or "none", known is not None)
    if known is not None and known.release_required:
        release = (setup.environment.release if setup else "") or "none"
        yield judged(NAME, "release", "named", release, release != "none")
