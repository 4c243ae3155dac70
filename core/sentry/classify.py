"""One answer for tags, retries, statuses and alert routing: what kind of error is this?

By class, through the MRO and the cause chain, never by a name's substring: `redis.ConnectionError` is the cache's,
the builtin `ConnectionResetError` a client's that hung up, and both contain "Connection".
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from core.registry import resolved_or_none
from strategy.model.class_names import ClassName
from strategy.model.classification import Category, FingerprintRule, Ignored
from strategy.model.strategy import Strategy

UNCATEGORISED = "uncategorised"
MAX_CHAIN = 20
_CACHE_LIMIT = 4096

_Class = TypeVar("_Class", bound=type[BaseException])


@dataclass(frozen=True, slots=True)
class Classification:
    """What the strategy says of an exception.

    `expected`: the user's to mend. `ignored`: never sent one by one (its reason), with the burst that many of them make.
    `retryable`: worth another try by a task. `fingerprint`: an explicit group, or None for Sentry's own.
    """

    category: str = UNCATEGORISED
    severity: str = "P2"
    fingerprint: tuple[str, ...] | None = None
    retryable: bool = False
    expected: bool = False
    http_status: int = 500
    ignored: str | None = None
    burst: str | None = None


@dataclass(frozen=True, slots=True)
class _ClassRule:
    """What is known of one class alone."""

    category: str | None = None
    severity: str | None = None
    fingerprint: tuple[str, ...] | None = None
    retryable: bool | None = None
    expected: bool | None = None
    http_status: int | None = None
    ignored: Ignored | None = None
    group: FingerprintRule | None = None


def category(
    name: str, *, severity: str | None = None, retryable: bool | None = None, expected: bool | None = None
) -> Callable[[_Class], _Class]:
    """Class decorator: `@category("payment")` puts a class and its subclasses into a category of strategy.toml."""

    def mark(cls: _Class) -> _Class:
        given = {"category": name, "severity": severity, "retryable": retryable, "expected": expected}
        for attribute, value in given.items():
            if value is not None:
                setattr(cls, attribute, value)
        return cls

    return mark


def cause_chain(exc: BaseException) -> Iterator[BaseException]:
    """`exc`, then what it came from, outermost first: `__cause__`, else `__context__` unless `from None` suppressed it."""
    seen: set[int] = set()
    current: BaseException | None = exc
    while current is not None and id(current) not in seen and len(seen) < MAX_CHAIN:
        yield current
        seen.add(id(current))
        suppressed = current.__suppress_context__
        current = current.__cause__ or (None if suppressed else current.__context__)


class Classifier:
    """`classify` over the rules of one strategy. Thread-safe; each class is looked up once."""

    def __init__(
        self,
        categories: Mapping[str, Category],
        *,
        ignored: Iterable[Ignored] = (),
        fingerprints: Iterable[FingerprintRule] = (),
        severities: Iterable[str] = ("P0", "P1", "P2", "P3", "P4"),
    ) -> None:
        self._categories = dict(categories)
        self._ignored = tuple(ignored)
        self._fingerprints = tuple(fingerprints)
        self._severities = tuple(severities)
        self._cache: dict[type, _ClassRule] = {}
        self._resolved: dict[str, type | None] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_strategy(cls, strategy: Strategy) -> Classifier:
        return cls(
            strategy.categories,
            ignored=strategy.ignored,
            fingerprints=strategy.fingerprints,
            severities=sorted(strategy.severities),
        )

    def classify(self, exc: BaseException) -> Classification:
        """The classification of `exc` as raised: its own class first, then its causes, then a group's members."""
        chain = list(cause_chain(exc))
        rules = [self._rule(type(link)) for link in chain]
        outermost = rules[0]
        for index, (link, rule) in enumerate(zip(chain, rules, strict=True)):
            if rule.category is not None:
                found = self._of_category(rule, outermost=index == 0)
                break
            if isinstance(link, BaseExceptionGroup):
                found = self._worst(link)
                break
        else:
            found = self._of_category(_ClassRule(category=UNCATEGORISED), outermost=True)
        if outermost.ignored is not None:
            found = replace(found, ignored=outermost.ignored.reason, burst=outermost.ignored.burst)
        group = next((rule.group for rule in rules if rule.group is not None), None)
        return replace(found, fingerprint=group.fingerprint) if group else found

    def of_category(self, name: str) -> Classification:
        """What the strategy says of a category as a whole, for a message that has no exception."""
        return self._of_category(_ClassRule(category=name, expected=False), outermost=True)

    def _worst(self, group: BaseExceptionGroup[BaseException]) -> Classification:
        members = [self.classify(member) for member in group.exceptions[:MAX_CHAIN]]
        worst = min(
            members, key=lambda found: (found.severity, found.expected, found.category == UNCATEGORISED)
        )
        return replace(
            worst, expected=all(found.expected or found.ignored for found in members), ignored=None
        )

    def _of_category(self, rule: _ClassRule, *, outermost: bool) -> Classification:
        name = rule.category or UNCATEGORISED
        known = self._categories.get(name)
        expected = (known.expected if known else False) if rule.expected is None else rule.expected
        status = rule.http_status or (known.http_status if known else 500)
        return Classification(
            category=name,
            severity=rule.severity or (known.severity if known else "P2"),
            fingerprint=rule.fingerprint or (known.fingerprint if known else None),
            retryable=(known.retryable if known else False) if rule.retryable is None else rule.retryable,
            # What was wrapped in something unexpected is no longer the user's to mend.
            expected=expected and outermost,
            http_status=500 if expected and not outermost else status,
        )

    def _rule(self, cls: type[BaseException]) -> _ClassRule:
        rule = self._cache.get(cls)
        if rule is None:
            with self._lock:
                if len(self._cache) >= _CACHE_LIMIT:
                    self._cache.clear()
                rule = self._cache[cls] = self._look_up(cls)
        return rule

    def _look_up(self, cls: type[BaseException]) -> _ClassRule:
        registered, final = self._registered(cls), self._in_final(cls)
        declared = _declared_depth(cls)
        rule = _ClassRule()
        if declared is not None and (registered is None or declared <= registered[0]):
            rule = _from_attributes(cls)
        elif registered is not None:
            known = registered[1]
            rule = _ClassRule(category=known.name, retryable=known.retryable and not final)
        ignored = next((entry for entry in self._ignored if self._is(cls, entry.cls)), None)
        group = next(
            (entry for entry in self._fingerprints if any(self._is(cls, named) for named in entry.classes)),
            None,
        )
        return replace(rule, ignored=ignored, group=group)

    def _registered(self, cls: type) -> tuple[int, Category] | None:
        """The category whose class stands first in the MRO, with its place there."""
        best: tuple[int, Category] | None = None
        for known in self._categories.values():
            for named in (*known.classes, *known.final):
                resolved = self._resolve(named)
                if resolved is not None and resolved in cls.__mro__:
                    place = cls.__mro__.index(resolved)
                    if best is None or place < best[0]:
                        best = (place, known)
        return best

    def _in_final(self, cls: type) -> bool:
        return any(self._is(cls, named) for known in self._categories.values() for named in known.final)

    def _is(self, cls: type, named: ClassName) -> bool:
        resolved = self._resolve(named)
        return resolved is not None and resolved in cls.__mro__

    def _resolve(self, named: ClassName) -> type | None:
        """The class, if its library is loaded: what was not imported cannot have been raised."""
        dotted = named.dotted
        found = self._resolved.get(dotted)
        if found is None and _root(dotted) in sys.modules:
            found = resolved_or_none(named)
            if found is not None:
                self._resolved[dotted] = found
        return found


def _root(dotted: str) -> str:
    return dotted.split(".", 1)[0] if "." in dotted else "builtins"


def _declared_depth(cls: type) -> int | None:
    """Where in the MRO a `category` is declared; the root's "uncategorised" does not count."""
    for depth, link in enumerate(cls.__mro__):
        declared = link.__dict__.get("category")
        if isinstance(declared, str):
            return None if declared == UNCATEGORISED else depth
    return None


def _from_attributes(cls: type) -> _ClassRule:
    fingerprint = getattr(cls, "fingerprint", None)
    return _ClassRule(
        category=_of_type(cls, "category", str),
        severity=_of_type(cls, "severity", str),
        fingerprint=tuple(map(str, fingerprint)) if isinstance(fingerprint, list | tuple) else None,
        retryable=_of_type(cls, "retryable", bool),
        expected=_of_type(cls, "expected", bool),
        http_status=_of_type(cls, "http_status", int),
    )


_Value = TypeVar("_Value")


def _of_type(cls: type, name: str, kind: type[_Value]) -> _Value | None:
    value = getattr(cls, name, None)
    return value if isinstance(value, kind) else None


_active: Classifier | None = None


def set_classifier(classifier: Classifier) -> None:
    """Make `classifier` the one that `classify` asks; called by setup_sentry."""
    global _active
    _active = classifier


def get_classifier() -> Classifier:
    """The active classifier; before setup_sentry, one that is read from strategy.toml."""
    global _active
    if _active is None:
        from strategy import load_strategy

        _active = Classifier.from_strategy(load_strategy())
    return _active


def classify(exc: BaseException) -> Classification:
    """What the strategy says of `exc`: category, severity, fingerprint, retryable, expected, HTTP status."""
    return get_classifier().classify(exc)
