"""Apprise: a service that it speaks to, on a real local server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from monitor.alerts.channels import apprise
from monitor.alerts.channels.wording import units
from monitor.alerts.dispatch.errors import AddressError, DeliveryError
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel
from tests.monitor_site.deliveries.messages import letter
from tests.monitor_site.deliveries.receivers import Receiver, Reply
from tests.monitor_site.deliveries.strange import strange_letters


def channel(receiver: Receiver, path: str = "topic", **given: Any) -> Channel:
    address = receiver.url.replace("http://", "json://")
    return Channel(
        **{"name": "apprise", "kind": "apprise", "url": f"{address}/{path}", "allow_private_addresses": True}
        | given
    )


def test_a_service_gets_title_and_text(receiver: Receiver) -> None:
    answer = apprise.send(apprise.draw(letter()), channel(receiver), letter())
    assert answer == {"service": "JSON"}
    [got] = receiver.got
    assert got.path == "/topic"
    assert got.json["title"] == "[P0] Database connections fail"
    assert "12 events" in got.json["message"]
    assert "https://monitor.example.org/alerts/runbooks/database/" in got.json["message"]
    assert got.json["type"] == "failure"


@pytest.mark.parametrize(
    ("kind", "severity", "theirs"),
    [
        (Kind.RESOLVED, "P0", "success"),
        (Kind.FIRED, "P1", "failure"),
        (Kind.FIRED, "P2", "warning"),
        (Kind.REPORT, "", "info"),
    ],
)
def test_types(kind: Kind, severity: str, theirs: str) -> None:
    assert apprise.draw(letter(kind, severity=severity))["type"] == theirs


def test_what_it_could_not_deliver_is_a_failure(receiver: Receiver) -> None:
    receiver.answers = lambda got: Reply(500)
    with pytest.raises(DeliveryError, match="JSON did not take it"):
        apprise.send(apprise.draw(letter()), channel(receiver), letter())


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answers = lambda got: Reply(302, b"", {"Location": f"{receiver.url}/elsewhere"})
    with pytest.raises(DeliveryError):
        apprise.send(apprise.draw(letter()), channel(receiver), letter())
    assert {got.path for got in receiver.got} == {"/topic"}


def test_the_host_is_judged_as_all_others_are(receiver: Receiver) -> None:
    with pytest.raises(AddressError):
        apprise.send(apprise.draw(letter()), channel(receiver, allow_private_addresses=False), letter())
    assert receiver.got == []


@pytest.mark.parametrize("url", ["", "nonsense", "json://127.0.0.1/a, json://127.0.0.1/b"])
def test_exactly_one_address_is_taken(url: str) -> None:
    with pytest.raises(DeliveryError, match="exactly one") as failed:
        apprise.send(apprise.draw(letter()), Channel(name="a", kind="apprise", url=url), letter())
    assert failed.value.permanent


@settings(max_examples=20, deadline=None)
@given(strange_letters())
def test_whatever_a_message_says_it_is_bounded(strange: Any) -> None:
    drawn = apprise.draw(strange)
    assert 0 < units(drawn["title"]) <= apprise.TITLE_MAX
    assert 0 < units(drawn["body"]) <= apprise.BODY_MAX
