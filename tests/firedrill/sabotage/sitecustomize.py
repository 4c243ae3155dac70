"""Takes one safeguard out of a process that is started with SABOTAGE=<name>. Python imports this module at its start.

What is patched is the running system. The drill runs in a process of its own, without this.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

Patch = Callable[[Any], None]


def scrubber_off(module: Any) -> None:
    def event(self: Any, event: Any, known: Any = None) -> Any:
        return {**event}

    module.EventScrubber.event = event


def monitor_scrubber_off(module: Any) -> None:
    module.EventScrubber.scrub = lambda self, event: None


def classification_off(module: Any) -> None:
    module.Classifier.classify = lambda self, exc: self.of_category("uncategorised")


def captures_twice(module: Any) -> None:
    """The decorator captures, and lets the exception go on as another one, so that nobody knows it again."""
    import sentry_sdk

    once = module.fail

    def fail(key: str, **how: Any) -> None:
        try:
            once(key, **how)
        except Exception as error:
            sentry_sdk.capture_exception(error)
            raise type(error)(*error.args) from None

    module.fail = fail


def handled_flag_lies(module: Any) -> None:
    sends = module.Filters._error

    def _error(self: Any, event: Any, hint: Any) -> Any:
        clean = sends(self, event, hint)
        for value in ((clean or {}).get("exception") or {}).get("values") or ():
            value["mechanism"] = {**(value.get("mechanism") or {}), "handled": True}
        return clean

    module.Filters._error = _error


def fingerprints_off(module: Any) -> None:
    sends = module.Filters._error

    def _error(self: Any, event: Any, hint: Any) -> Any:
        clean = sends(self, event, hint)
        if clean:
            clean.pop("fingerprint", None)
        return clean

    module.Filters._error = _error


def flood_is_not_thinned(module: Any) -> None:
    module.FloodGate.admit = lambda self, key, **how: 0


def page_without_id(module: Any) -> None:
    draws = module._page

    def _page(request: Any, status: int, page: dict[str, Any], template: str | None) -> Any:
        return draws(request, status, {**page, "error_id": None, "shown_id": None}, template)

    module._page = _page


def spool_off(module: Any) -> None:
    """Envelopes are sent at once and by the way, as without a spool: who is away has lost them."""
    import urllib.request

    def capture_envelope(self: Any, envelope: Any) -> None:
        url = self._auth.get_api_url(module.EndpointType.ENVELOPE)
        headers = {
            "X-Sentry-Auth": str(self._auth.to_header()),
            "Content-Type": "application/x-sentry-envelope",
        }
        try:
            asked = urllib.request.Request(url, envelope.serialize(), headers)
            urllib.request.urlopen(asked, timeout=5).close()
        except OSError:
            return

    module.SpoolTransport.capture_envelope = capture_envelope


def feedback_is_not_linked(module: Any) -> None:
    sends = module.send_feedback
    module.send_feedback = lambda message, **said: sends(message, **{**said, "event_id": None})


def incidents_off(module: Any) -> None:
    module.open_or_update = lambda episode, now: None


def dispatcher_off(module: Any) -> None:
    module.claim = lambda now, under_way: []


PATCHES: dict[str, tuple[str, Patch]] = {
    "scrubber-off": ("core.sentry.scrubbing.event", scrubber_off),
    "monitor-scrubber-off": ("monitor.events.scrub", monitor_scrubber_off),
    "classification-off": ("core.sentry.classify", classification_off),
    "captures-twice": ("core.lab.views", captures_twice),
    "handled-flag-lies": ("core.sentry.filters", handled_flag_lies),
    "fingerprints-off": ("core.sentry.filters", fingerprints_off),
    "flood-is-not-thinned": ("core.sentry.sampling", flood_is_not_thinned),
    "page-without-id": ("core.error_answers", page_without_id),
    "spool-off": ("core.sentry.spool.transport", spool_off),
    "feedback-is-not-linked": ("core.error_feedback", feedback_is_not_linked),
    "incidents-off": ("monitor.incidents.services", incidents_off),
    "dispatcher-off": ("monitor.alerts.dispatch.dispatcher", dispatcher_off),
}


class Finder(importlib.abc.MetaPathFinder):
    """Finds one module as Python would, and patches it when it has been read."""

    def __init__(self, name: str, patch: Patch) -> None:
        self._name, self._patch = name, patch

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            loads = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                loads(module)
                self._patch(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if wanted := os.environ.get("SABOTAGE"):
    sys.meta_path.insert(0, Finder(*PATCHES[wanted]))
