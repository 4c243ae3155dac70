"""What is one issue and what is two, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.events import Event
from monitor.grouping import group
from tests.monitor.grouping.building import chain, error, event, exception, message

V = "river.views:show"


def member(place: int, kind: str, function: str, *, value: str = "") -> dict[str, Any]:
    mechanism = {"exception_id": place, "parent_id": 0, "type": "chained"}
    return exception(kind, f"river.tasks:{function}", value=value, mechanism=mechanism)


GROUP = exception(
    "ExceptionGroup", "river.tasks:all", mechanism={"exception_id": 0, "is_exception_group": True}
)

SAME: dict[str, tuple[Event, Event]] = {
    "moved lines": (error("E", f"{V}@10", "river.models:load@99"), error("E", f"{V}@210", "river.models:load@1")),
    "another message": (error("E", V, value="gauge 17"), error("E", V, value="the gauge of Ada is broken")),
    "another release": (error("E", V, release="1.0"), error("E", V, release="2.0")),
    "another environment, user and tags": (
        error("E", V, environment="a", user={"id": 1}, tags={"x": "1"}),
        error("E", V, environment="b", user={"id": 2}, tags={"x": "2"}),
    ),
    "another URL": (error("E", V, transaction="/a/1"), error("E", V, transaction="/a/2")),
    "a library that was updated": (
        error("E", "+django.core.handlers:inner", V, "+orm.query:get"),
        error("E", "+django.core.handlers:inner", "+django.new:way", V, "+orm.sql:get_one"),
    ),
    "another virtualenv": (
        error("E", {"abs_path": "/a/.venv/lib/python3.11/site-packages/x/y.py", "function": "f", "in_app": True}),
        error("E", {"abs_path": "/b/env/lib/python3.13/site-packages/x/y.py", "function": "f", "in_app": True}),
    ),
    "another release directory": (
        error("E", {"abs_path": "/srv/releases/20260101/river/a.py", "function": "f", "in_app": True}),
        error("E", {"abs_path": "/srv/releases/20261121/river/a.py", "function": "f", "in_app": True}),
    ),
    "another home": (
        error("E", {"filename": "/home/ada/river/a.py", "function": "f"}),
        error("E", {"filename": "/home/bob/river/a.py", "function": "f"}),
    ),
    "Windows separators": (
        error("E", {"filename": "river\\a.py", "function": "f"}),
        error("E", {"filename": "river/a.py", "function": "f"}),
    ),
    "deeper recursion": (
        error("E", V, *["river.tree:walk"] * 5),
        error("E", V, *["river.tree:walk"] * 50),
    ),
    "recursion of two": (
        error("E", V, *["river.tree:even", "river.tree:odd"] * 4),
        error("E", V, *["river.tree:even", "river.tree:odd"] * 9),
    ),
    "a stack overflow that ends elsewhere": (
        error("RecursionError", V, *["a:f", "a:g", "a:h"] * 9, "a:f"),
        error("RecursionError", V, *["a:f", "a:g", "a:h"] * 12, "a:f", "a:g"),
    ),
    "a decorator more": (error("E", V, "river.models:load"), error("E", "river.auth:wrapper", V, "river.models:load")),
    "a decorator by its qualified name": (
        error("E", V),
        error("E", "river.auth:login_required.<locals>.wrapped_view", V),
    ),
    "a comprehension, which Python 3.12 inlines": (error("E", V), error("E", V, "river.views:show.<locals>.<listcomp>")),
    "local functions, which Python 3.11 names in full": (
        error("E", "river.views:show.<locals>.pick"),
        error("E", "river.views:show.pick"),
    ),
    "async machinery of JavaScript": (
        error("E", "src/a.js:load", "src/a.js:asyncGeneratorStep", "src/a.js:_next", platform="node"),
        error("E", "src/a.js:async load", platform="node"),
    ),
    "a bundle's hash": (
        error("TypeError", "https://x.org/static/main.3f2a9c1d.js > loadGauge", platform="javascript"),
        error("TypeError", "https://x.org/static/main.77b0e2aa.js > loadGauge", platform="javascript"),
    ),
    "a hash as Vite writes it": (
        error("TypeError", "https://x.org/assets/index-BX93kf2a.js > loadGauge", platform="javascript"),
        error("TypeError", "https://x.org/assets/index-DkUvYlPq.js > loadGauge", platform="javascript"),
    ),
    "a numbered chunk": (
        error("TypeError", "https://x.org/12.chunk.js > loadGauge", platform="javascript"),
        error("TypeError", "https://x.org/47.chunk.js > loadGauge", platform="javascript"),
    ),
    "a build directory": (
        error("TypeError", "https://x.org/_next/static/x7Yb2QkLm0PqRs3TuVwX9/app.js > loadGauge", platform="javascript"),
        error("TypeError", "https://x.org/_next/static/aB3dE5fG7hI9jK1lM3nO5/app.js > loadGauge", platform="javascript"),
    ),
    "a query behind the script": (
        error("TypeError", "https://x.org/app.js?v=1 > loadGauge", platform="javascript"),
        error("TypeError", "https://x.org/app.js?v=2 > loadGauge", platform="javascript"),
    ),
    "another host": (
        error("TypeError", "https://a.example.org/app.js > loadGauge", platform="javascript"),
        error("TypeError", "http://localhost:8000/app.js > loadGauge", platform="javascript"),
    ),
    "names that a minifier chose": (
        error("TypeError", "https://x.org/app.js > t", "https://x.org/app.js > loadGauge", platform="javascript"),
        error("TypeError", "https://x.org/app.js > e", "https://x.org/app.js > loadGauge", platform="javascript"),
    ),
    "anonymous functions however they are called": (
        error("TypeError", "src/a.js > <anonymous>", "src/b.js > save", platform="node"),
        error("TypeError", "src/a.js > ?", "src/b.js > Object.save", platform="node"),
    ),
    "a lambda's number in Java": (
        error("E", "org.river.Gauge:lambda$read$0", platform="java"),
        error("E", "org.river.Gauge:lambda$read$12", platform="java"),
    ),
    "an anonymous class's number": (
        error("E", "org.river.Gauge$1:run", platform="java"),
        error("E", "org.river.Gauge$2:run", platform="java"),
    ),
    "a generated proxy": (
        error("E", "org.river.Gauge$$EnhancerBySpringCGLIB$$8a6b3c1d:read", platform="java"),
        error("E", "org.river.Gauge$$EnhancerBySpringCGLIB$$11f0aa77:read", platform="java"),
    ),
    "a closure's number in Go": (
        error("*errors.errorString", "main:Run.func1", platform="go"),
        error("*errors.errorString", "main:Run.func2.1", platform="go"),
    ),
    "a type parameter in Go": (
        error("*errors.errorString", "main:Map[...]", platform="go"),
        error("*errors.errorString", "main:Map[go.shape.int]", platform="go"),
    ),
    "a block's depth in Ruby": (
        error("E", "app/gauge.rb > block in read", platform="ruby"),
        error("E", "app/gauge.rb > block (2 levels) in read", platform="ruby"),
    ),
    "a closure's line in PHP": (
        error("E", "src/Gauge.php > {closure:Gauge::read():12}", platform="php"),
        error("E", "src/Gauge.php > {closure:Gauge::read():48}", platform="php"),
    ),
    "a state machine's number in .NET": (
        error("E", {"module": "River.Gauge+<ReadAsync>d__12", "function": "MoveNext", "in_app": True}, platform="csharp"),
        error("E", {"module": "River.Gauge+<ReadAsync>d__7", "function": "MoveNext", "in_app": True}, platform="csharp"),
    ),
    "a signature as Ben.Demystifier writes it": (
        error("E", "River.Gauge:async Task Gauge.ReadAsync(int id)+MoveNext() { }", platform="csharp"),
        error("E", "River.Gauge:Task Gauge.ReadAsync(int id, string name)", platform="csharp"),
    ),
    "another installation of an iOS application": (
        error("E", {"package": "/private/var/containers/Bundle/Application/1F2E-AA/River.app/River", "function": "f"}),
        error("E", {"package": "/private/var/containers/Bundle/Application/77AB-01/River.app/River", "function": "f"}),
    ),
    "a symbol's hash in Rust": (
        error("panic", "river:gauge::read::h0123456789abcdef", platform="native"),
        error("panic", "river:gauge::read::hfedcba9876543210", platform="native"),
    ),
    "a compiler's clone": (
        error("SIGSEGV", "river:read_gauge.part.0", platform="native"),
        error("SIGSEGV", "river:read_gauge", platform="native"),
    ),
    "memory addresses for names": (
        error("SIGSEGV", "river:main", {"function": "0x7f33aa00", "in_app": True}, platform="native"),
        error("SIGSEGV", "river:main", {"function": "0x55e0c1f8", "in_app": True}, platform="native"),
    ),
    "the order in which tasks of a group fail": (
        chain(member(2, "KeyError", "a"), member(1, "OSError", "b"), GROUP),
        chain(member(2, "OSError", "b"), member(1, "KeyError", "a"), GROUP),
    ),
    "how many tasks of a group fail": (
        chain(member(1, "KeyError", "a", value="1"), GROUP),
        chain(member(2, "KeyError", "a", value="2"), member(1, "KeyError", "a", value="3"), GROUP),
    ),
    "what an SDK calls a synthetic exception": (
        chain(exception("Error", V, value="x", mechanism={"synthetic": True})),
        chain(exception("Exception", V, value="x", mechanism={"synthetic": True})),
    ),
    "numbers in a message": (message("Order 4711 failed after 3.2 s"), message("Order 12 failed after 17 s")),
    "ids in a message": (
        message("No object fc6d8c0c-43fc-4630-ad85-0ee518f1b9d0"),
        message("No object 0b1c2d3e-0000-4000-8000-123456789abc"),
    ),
    "addresses in a message": (message("10.0.0.5:5432 refused"), message("192.168.1.77:6379 refused")),
    "quoted names": (message('column "stage" is missing'), message('column "date" is missing')),
    "a template's parameters": (
        event(logentry={"message": "%s failed", "params": ["the upload"]}),
        event(logentry={"message": "%s failed", "params": ["everything else"]}),
    ),
    "no stack trace, other numbers": (error("E", value="row 1"), error("E", value="row 2")),
    "a custom fingerprint": (
        error("E", V, fingerprint=["outage", "db"]),
        error("F", "river.models:load", fingerprint=["outage", "db"]),
    ),
    "a fingerprint with a variable": (
        error("E", V, fingerprint=["{{ error.type }}"]),
        error("E", "river.models:load", fingerprint=["{{type}}"]),
    ),
    "a fingerprint that is only the default": (error("E", V), error("E", V, fingerprint=["{{default}}"])),
    "a checksum": (message("a", checksum="1234"), message("b", checksum="1234")),
    "a log with its stack": (
        event(message="gauge 1", threads=[{"current": True, "stacktrace": {"frames": [{"function": "f", "lineno": 1}]}}]),
        event(message="gauge 2", threads=[{"current": True, "stacktrace": {"frames": [{"function": "f", "lineno": 9}]}}]),
    ),
}  # fmt: skip

DIFFERENT: dict[str, tuple[Event, Event]] = {
    "another type": (error("KeyError", V), error("ValueError", V)),
    "another function": (error("E", V), error("E", "river.views:edit")),
    "another module": (error("E", V), error("E", "river.api:show")),
    "one framework error, two causes in the application": (
        error("IntegrityError", "+django:handle", V, "+django.db:execute"),
        error("IntegrityError", "+django:handle", "river.views:edit", "+django.db:execute"),
    ),
    "one view, two ways through the application": (
        error("E", V, "river.models:load"), error("E", V, "river.models:save")
    ),
    "another cause": (
        chain(exception("KeyError", "river.a:read"), exception("GaugeError", V)),
        chain(exception("OSError", "river.a:read"), exception("GaugeError", V)),
    ),
    "a cause elsewhere": (
        chain(exception("KeyError", "river.a:read"), exception("GaugeError", V)),
        chain(exception("KeyError", "river.b:read"), exception("GaugeError", V)),
    ),
    "no cause": (chain(exception("KeyError", V), exception("GaugeError", V)), chain(exception("GaugeError", V))),
    "only libraries, by other ways": (error("E", "+gunicorn.a:run"), error("E", "+gunicorn.b:run")),
    "another member of a group": (
        chain(member(1, "KeyError", "a"), GROUP), chain(member(1, "OSError", "b"), GROUP)
    ),
    "no stack trace, other words": (error("E", value="disk full"), error("E", value="disk gone")),
    "other words": (message("The upload failed"), message("The download failed")),
    "another template": (
        event(logentry={"message": "%s failed", "params": ["x"]}),
        event(logentry={"message": "%s is late", "params": ["x"]}),
    ),
    "another fingerprint": (error("E", V, fingerprint=["a"]), error("E", V, fingerprint=["b"])),
    "parts that read the same when joined": (
        error("E", V, fingerprint=["a", "b"]), error("E", V, fingerprint=["ab"])
    ),
    "a fingerprint that splits": (
        error("E", V, fingerprint=["{{ default }}", "a"]), error("E", V, fingerprint=["{{ default }}", "b"])
    ),
    "a fingerprint with the default does not merge": (
        error("E", V, fingerprint=["{{ default }}", "a"]),
        error("E", "river.views:edit", fingerprint=["{{ default }}", "a"]),
    ),
    "another tag in a fingerprint": (
        error("E", V, fingerprint=["{{ tags.service }}"], tags={"service": "weather"}),
        error("E", V, fingerprint=["{{ tags.service }}"], tags={"service": "mail"}),
    ),
    "minified scripts, other messages": (
        error("TypeError", "https://x.org/app.js > t", value="x is not a function", platform="javascript"),
        error("TypeError", "https://x.org/app.js > t", value="cannot read y of undefined", platform="javascript"),
    ),
    "another bundle": (
        error("TypeError", "https://x.org/main.3f2a9c1d.js > load", platform="javascript"),
        error("TypeError", "https://x.org/admin.3f2a9c1d.js > load", platform="javascript"),
    ),
    "another template file": (
        error("E", V, "river/list.html:"), error("E", V, "river/detail.html:")
    ),
    "two decorators' own errors": (error("E", "river.auth:wrapper"), error("E", "river.cache:wrapper")),
    "a method of another class": (error("E", "river.a:Gauge.read"), error("E", "river.a:Station.read")),
    "another Java class": (
        error("E", "org.river.Gauge$Reader:run", platform="java"),
        error("E", "org.river.Gauge$Writer:run", platform="java"),
    ),
    "an error and a message": (error("E", value="disk full"), message("disk full")),
    "a log with another stack": (
        event(message="gauge", threads=[{"current": True, "stacktrace": {"frames": [{"function": "f"}]}}]),
        event(message="gauge", threads=[{"current": True, "stacktrace": {"frames": [{"function": "g"}]}}]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [pytest.param(*pair, id=name) for name, pair in SAME.items()])
def test_these_are_one_issue(one: Event, other: Event) -> None:
    assert group(one).components == group(other).components
    assert group(one).hash == group(other).hash


@pytest.mark.parametrize(("one", "other"), [pytest.param(*pair, id=name) for name, pair in DIFFERENT.items()])
def test_these_are_two_issues(one: Event, other: Event) -> None:
    assert group(one).hash != group(other).hash
