from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.dispatch.dispatcher import Dispatcher
from monitor.digest.stopping import Stop
from monitor.site.strategy_file import current_strategy
from strategy.model.alerting import Channel
from tests.monitor_site.deliveries.receivers import Mailbox, Receiver, mailbox, receiving

Channels = Callable[..., dict[str, Channel]]


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> Channels:
    """`channels(slack={"url": …})`: those are set up, may be on this machine, and are tried at once again."""

    def set_up(**given: dict[str, Any]) -> dict[str, Channel]:
        strategy = current_strategy()
        found = dict(strategy.channels)
        for name, keys in given.items():
            base = found.get(name) or Channel(name=name, kind=keys["kind"])
            found[name] = replace(
                base, **{"enabled": True, "allow_private_addresses": True, "timeout_s": 20} | keys
            )
        changed = replace(strategy, channels=found)
        for place in ("claiming", "channel_health", "services", "views"):
            monkeypatch.setattr(f"monitor.alerts.dispatch.{place}.current_strategy", lambda: changed)
        return found

    return set_up


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def mails() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def dispatcher(tmp_path: Path) -> Iterator[Dispatcher]:
    stop = Stop()
    yield Dispatcher(tmp_path, stop)
    stop.close()


def settle(dispatcher: Dispatcher, now: float) -> None:
    """Everything that is due at `now` is tried; what is under way is waited for."""
    until = time.monotonic() + 90
    while dispatcher.step(now) or not dispatcher.is_idle:
        dispatcher.wait(0.05)
        assert time.monotonic() < until, "messages are still under way"
