"""Discord: within its documented limits, calling nobody, and sent to a real local server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from monitor.alerts.channels import discord
from monitor.alerts.channels.wording import units
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel
from tests.monitor_site.deliveries.messages import letter
from tests.monitor_site.deliveries.receivers import Receiver, Reply
from tests.monitor_site.deliveries.strange import strange_letters


def total(embed: dict[str, Any]) -> int:
    """What Discord adds up: title, description, fields, footer, author."""
    fields = sum(units(one["name"]) + units(one["value"]) for one in embed["fields"])
    footer = units(embed.get("footer", {}).get("text", ""))
    return units(embed["title"]) + units(embed["description"]) + fields + footer


def test_an_alarm_is_one_embed_with_its_links() -> None:
    payload = discord.draw(letter())
    [embed] = payload["embeds"]
    assert embed["title"] == "[P0] Database connections fail"
    assert embed["url"] == "https://monitor.example.org/incidents/12/"
    assert embed["color"] == 0xB42318
    assert embed["timestamp"] == "2027-01-15T08:00:00+00:00"
    assert "[Runbook](<https://monitor.example.org/alerts/runbooks/database/>)" in embed["description"]
    assert (embed["fields"][0]["name"], embed["fields"][0]["value"]) == ("Value", "12 events")
    assert embed["footer"] == {"text": "hydroml · production"}
    assert payload["allowed_mentions"] == {"parse": []}
    assert discord.draw(letter(Kind.RESOLVED))["embeds"][0]["color"] == 0x1F7A4D


@settings(max_examples=20, deadline=None)
@given(strange_letters())
def test_whatever_a_message_says_discord_would_take_it(strange: Any) -> None:
    payload = discord.draw(strange)
    [embed] = payload["embeds"]
    assert payload["allowed_mentions"] == {"parse": []}
    assert 0 < units(embed["title"]) <= discord.TITLE_MAX
    assert units(embed["description"]) <= discord.DESCRIPTION_MAX
    assert len(embed["fields"]) <= discord.FIELDS_MAX
    for one in embed["fields"]:
        assert 0 < units(one["name"]) <= discord.NAME_MAX
        assert 0 < units(one["value"]) <= discord.VALUE_MAX
    assert total(embed) <= discord.EMBED_MAX


def test_it_waits_for_the_message_and_keeps_its_id(receiver: Receiver) -> None:
    receiver.answers = lambda got: Reply(200, b'{"id":"1122334455","type":0}')
    channel = Channel(
        name="discord",
        kind="discord",
        url=f"{receiver.url}/api/webhooks/1/abc?thread_id=9",
        allow_private_addresses=True,
    )
    assert discord.send(discord.draw(letter()), channel, letter()) == {"message_id": "1122334455"}
    assert receiver.got[0].path == "/api/webhooks/1/abc?thread_id=9&wait=true"


def test_it_asks_to_wait_as_discord_does(receiver: Receiver) -> None:
    receiver.answers = lambda got: Reply(429, b'{"retry_after": 1.5}', {"Retry-After": "1.5"})
    channel = Channel(name="discord", kind="discord", url=receiver.url, allow_private_addresses=True)
    with pytest.raises(DeliveryError) as failed:
        discord.send(discord.draw(letter()), channel, letter())
    assert (failed.value.throttled, failed.value.retry_after_s) == (True, 1.5)
