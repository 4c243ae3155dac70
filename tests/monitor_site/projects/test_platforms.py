"""The set-up that is shown runs as it stands."""

import ast
import shlex

import orjson
import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from monitor.projects.platforms import PLATFORMS, Platform, platform_of
from monitor.protocol import parse_dsn, parse_envelope, read_credentials

DSN = "http://0123456789abcdef0123456789abcdef@127.0.0.1:8600/7"


class _Kept(Transport):
    envelopes: list[object]

    def __init__(self, options: object = None) -> None:
        super().__init__(options)  # type: ignore[arg-type]
        type(self).envelopes = []

    def capture_envelope(self, envelope: object) -> None:
        self.envelopes.append(envelope)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda one: one.key)
def test_the_projects_own_address_stands_in_it(platform: Platform) -> None:
    code = "\n".join(step.code for step in platform.with_dsn(DSN))
    assert "__" not in code.replace("__name__", "")
    assert DSN in code or parse_dsn(DSN).public_key in code


@pytest.mark.parametrize("key", ["python-django", "python-celery", "python"])
def test_the_python_of_it_is_python(key: str) -> None:
    steps = [step for step in platform_of(key).with_dsn(DSN) if step.language == "python"]
    assert len(steps) == 2
    for step in steps:
        ast.parse(step.code)


@pytest.mark.parametrize("key", ["python-django", "python"])
def test_the_python_of_it_sends_an_event(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on, proof = (step.code for step in platform_of(key).with_dsn(DSN) if step.language == "python")
    started = sentry_sdk.init
    monkeypatch.setattr(
        sentry_sdk, "init", lambda **options: started(**options, transport=_Kept, default_integrations=False)
    )
    with sentry_sdk.new_scope():
        try:
            space: dict[str, object] = {}
            exec(switch_on, space)
            exec(proof, space)
            assert sentry_sdk.get_client().dsn == DSN
            assert len(_Kept.envelopes) == 1
        finally:
            sentry_sdk.get_client().close()
            sentry_sdk.get_global_scope().set_client(None)


def test_the_celery_of_it_switches_on_in_worker_and_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    from celery import signals

    switched_on = []
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: switched_on.append(options["dsn"]))
    code = next(step.code for step in platform_of("python-celery").with_dsn(DSN) if "init" in step.code)
    space: dict[str, object] = {}
    exec(code, space)
    receiver = space["switch_on_error_reports"]
    try:
        signals.celeryd_init.send(sender="worker")
        signals.beat_init.send(sender="beat")
    finally:
        signals.celeryd_init.disconnect(receiver)
        signals.beat_init.disconnect(receiver)
    assert switched_on == [DSN, DSN]


def test_the_curl_of_it_is_an_envelope_with_the_key() -> None:
    (step,) = platform_of("other").with_dsn(DSN)
    words = shlex.split(step.code.replace("\\\n", " "))
    assert words[:2] == ["curl", "http://127.0.0.1:8600/api/7/envelope/"]
    header = words[words.index("-H") + 1].removeprefix("X-Sentry-Auth: ")
    body = words[words.index("--data-binary") + 1].encode()
    credentials = read_credentials({"x-sentry-auth": header}, "")
    assert credentials is not None
    assert credentials.key == parse_dsn(DSN).public_key
    (item,) = parse_envelope(body).items
    assert item.type == "event"
    assert orjson.loads(item.payload)["message"] == "Hello from curl"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("python-flask", "python"), ("javascript-react", "javascript"), ("", "other"), ("cobol", "other")],
)
def test_a_platform_that_has_no_set_up_gets_its_familys(asked: str, shown: str) -> None:
    assert platform_of(asked).key == shown
