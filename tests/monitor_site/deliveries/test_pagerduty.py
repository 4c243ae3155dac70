"""PagerDuty: beside its own client on a real local server, and within what its API takes."""

from __future__ import annotations

import socket
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from pagerduty import EventsApiV2Client

from monitor.alerts.channels import pagerduty
from monitor.alerts.channels.wording import units
from monitor.alerts.dispatch.errors import DeliveryError, NotForThisChannelError
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel
from tests.monitor_site.deliveries.messages import letter
from tests.monitor_site.deliveries.receivers import Got, Receiver, Reply
from tests.monitor_site.deliveries.strange import strange_letters

KEY = "0123456789abcdef0123456789abcdef"


def accepts(got: Got) -> Reply:
    """As the service answers: 202, and which alert it was."""
    event = got.json
    if event.get("routing_key") != KEY:
        return Reply(400, b'{"status":"invalid event","errors":["bad routing key"]}')
    answer = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
    return Reply(202, orjson.dumps(answer))


@pytest.fixture
def channel(receiver: Receiver) -> Channel:
    receiver.answers = accepts
    return Channel(
        name="pagerduty",
        kind="pagerduty",
        url=f"{receiver.url}/v2/enqueue",
        credential=KEY,
        allow_private_addresses=True,
    )


def test_one_key_from_trigger_to_resolve(receiver: Receiver, channel: Channel) -> None:
    for kind in (Kind.FIRED, Kind.ESCALATED, Kind.ACKNOWLEDGED, Kind.RESOLVED):
        one = letter(kind)
        answer = pagerduty.send(pagerduty.draw(one), channel, one)
        assert answer == {"dedup_key": "hydroml/monitor.example.org/episode:17"}
    assert [body["event_action"] for body in receiver.bodies] == [
        "trigger",
        "trigger",
        "acknowledge",
        "resolve",
    ]
    assert len({body["dedup_key"] for body in receiver.bodies}) == 1


def test_its_own_client_sends_the_same(receiver: Receiver, channel: Channel) -> None:
    for kind in (Kind.FIRED, Kind.ACKNOWLEDGED, Kind.RESOLVED):
        pagerduty.send(pagerduty.draw(letter(kind)), channel, letter(kind))
    ours = receiver.bodies
    payload = ours[0]["payload"]
    client = EventsApiV2Client(KEY)
    # Its own check wants https, which the receiver of a test does not speak.
    client._url = receiver.url
    client.trigger(
        payload["summary"],
        payload["source"],
        dedup_key=ours[0]["dedup_key"],
        severity=payload["severity"],
        payload={name: payload[name] for name in ("timestamp", "component", "group", "class")},
        custom_details=payload["custom_details"],
        links=ours[0]["links"],
    )
    client.acknowledge(ours[1]["dedup_key"])
    client.resolve(ours[2]["dedup_key"])
    theirs = receiver.bodies[3:]
    assert [got.path for got in receiver.got] == ["/v2/enqueue"] * 6
    without = {"client", "client_url", "images"}
    for mine, reference in zip(ours, theirs, strict=True):
        kept = {name: value for name, value in mine.items() if name not in without}
        expected = {name: value for name, value in reference.items() if name not in without}
        # The client says who it is where we say the monitor does.
        assert kept == expected


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [("P0", "critical"), ("P1", "error"), ("P2", "warning"), ("P3", "info"), ("P4", "info"), ("", "info")],
)
def test_severities(severity: str, theirs: str) -> None:
    assert pagerduty.draw(letter(severity=severity))["payload"]["severity"] == theirs
    assert pagerduty.draw(letter(Kind.TEST, severity=severity))["payload"]["severity"] == "info"


def test_reports_and_reminders_page_nobody() -> None:
    for kind in (Kind.REPORT, Kind.UPDATE_DUE):
        with pytest.raises(NotForThisChannelError):
            pagerduty.draw(letter(kind))


def test_the_routing_key_is_in_no_payload_that_is_kept() -> None:
    assert KEY not in str(pagerduty.draw(letter()))
    assert "routing_key" not in pagerduty.draw(letter())


def test_a_wrong_key_is_a_failure_for_good(receiver: Receiver, channel: Channel) -> None:
    from dataclasses import replace

    with pytest.raises(DeliveryError) as failed:
        pagerduty.send(pagerduty.draw(letter()), replace(channel, credential="wrong"), letter())
    assert failed.value.permanent
    assert "bad routing key" in failed.value.problem


def test_its_address_is_pagerdutys_own_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def look_up(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        raise socket.gaierror("not from here")

    monkeypatch.setattr(
        "monitor.alerts.dispatch.outgoing.place_of.__kwdefaults__",
        {"allow_private": False, "look_up": look_up},
    )
    channel = Channel(name="pagerduty", kind="pagerduty", credential=KEY)
    with pytest.raises(DeliveryError, match="not known"):
        pagerduty.send(pagerduty.draw(letter()), channel, letter())
    assert asked == ["events.pagerduty.com"]


@settings(max_examples=20, deadline=None)
@given(strange_letters())
def test_whatever_a_message_says_pagerduty_would_take_it(strange: Any) -> None:
    try:
        event = pagerduty.draw(strange)
    except NotForThisChannelError:
        return
    assert len(orjson.dumps(event)) < pagerduty.EVENT_MAX
    assert 0 < len(event["dedup_key"]) <= pagerduty.DEDUP_KEY_MAX
    if event["event_action"] == "trigger":
        payload = event["payload"]
        assert 0 < units(payload["summary"]) <= pagerduty.SUMMARY_MAX
        assert payload["source"]
        assert payload["severity"] in {"critical", "error", "warning", "info"}
        assert all(link["href"].startswith("https://") for link in event["links"])
