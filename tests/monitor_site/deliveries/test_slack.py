"""Slack: held against slack_sdk's own models, against its limits, and against a real local server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, HeaderBlock, SectionBlock
from slack_sdk.webhook import WebhookClient

from monitor.alerts.channels import slack
from monitor.alerts.channels.slack_text import as_mrkdwn, pieces
from monitor.alerts.channels.wording import units
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.messages import Kind, Link
from strategy.model.alerting import Channel
from tests.monitor_site.deliveries.messages import letter
from tests.monitor_site.deliveries.receivers import Receiver, Reply
from tests.monitor_site.deliveries.strange import strange_letters


def parsed(payload: dict[str, Any]) -> list[Block]:
    """By slack_sdk, which raises for what Slack would refuse."""
    blocks = [Block.parse(block) for block in payload["blocks"]]
    for block in blocks:
        assert block is not None
        block.validate_json()
    return [block for block in blocks if block is not None]


def test_an_alarm_has_a_headline_facts_and_buttons() -> None:
    blocks = parsed(slack.draw(letter()))
    assert [type(block) for block in blocks] == [
        HeaderBlock,
        SectionBlock,
        SectionBlock,
        ActionsBlock,
        ContextBlock,
    ]
    header, text, facts, actions, context = (block.to_dict() for block in blocks)
    assert header["text"]["text"] == "[P0] Database connections fail"
    assert text["text"]["text"].startswith(
        "*12* events in 5 minutes, see <https://monitor.example.org/issues/7/|the issue>"
    )
    assert [cell["text"] for cell in facts["fields"]] == [
        "*Value*\n12 events",
        "*Users*\n3",
        "*Release*\n1.4.2",
    ]
    assert [(one["text"]["text"], one["url"]) for one in actions["elements"]] == [
        ("Issue", "https://monitor.example.org/issues/7/"),
        ("Incident #12", "https://monitor.example.org/incidents/12/"),
        ("Runbook", "https://monitor.example.org/alerts/runbooks/database/"),
    ]
    assert context["elements"][0]["text"] == "hydroml · production · 2027-01-15 08:00:00 UTC"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.RESOLVED, "[P0] Resolved: Database connections fail"),
        (Kind.ACKNOWLEDGED, "[P0] Acknowledged: Database connections fail"),
        (Kind.ESCALATED, "[P0] Escalated: Database connections fail"),
        (Kind.UPDATE_DUE, "[P0] Update due: Database connections fail"),
        (Kind.ROLLBACK, "[P0] Roll back: Database connections fail"),
        (Kind.TEST, "[P0] Test: Database connections fail"),
    ],
)
def test_each_kind_says_what_it_is(kind: Kind, said: str) -> None:
    payload = slack.draw(letter(kind))
    assert payload["blocks"][0]["text"]["text"] == payload["text"] == said
    parsed(payload)


def test_no_text_can_call_a_channel_or_forge_a_link() -> None:
    payload = slack.draw(
        letter(
            title="<!channel> & <https://evil.example|here>",
            text="<!here> <@U1>",
            facts=(("<!everyone>", "<x|y>"),),
        )
    )
    parsed(payload)
    texts = str([block for block in payload["blocks"] if block["type"] != "header"]) + payload["text"]
    assert "<!" not in texts
    assert "<@" not in texts
    assert "<https://evil" not in texts
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;" in payload["text"]


def test_a_report_of_any_length_fits_and_says_that_there_is_more() -> None:
    text = "\n".join(f"## Section {number}\n- {'word ' * 300}" for number in range(200))
    payload = slack.draw(letter(Kind.REPORT, text=text, severity=""))
    parsed(payload)
    assert len(payload["blocks"]) == slack.BLOCKS_MAX
    assert "and more, in the monitor" in str(payload["blocks"][-4:])


def test_markdown_becomes_slacks_notation() -> None:
    assert as_mrkdwn("# Top\n**bold** and __bold__\n- one\n  * two\n[a|b](https://x.example/?a=1&b=2)") == (
        "*Top*\n*bold* and *bold*\n• one\n  • two\n<https://x.example/?a=1&amp;b=2|a/b>"
    )
    assert as_mrkdwn("[x](javascript:alert(1))") == "[x](javascript:alert(1))"


@settings(max_examples=20, deadline=None)
@given(strange_letters())
def test_whatever_a_message_says_slack_would_take_it(strange: Any) -> None:
    payload = slack.draw(strange)
    parsed(payload)
    assert len(payload["blocks"]) <= slack.BLOCKS_MAX
    for block in payload["blocks"]:
        if block["type"] == "section":
            cells = block.get("fields", [])
            assert 0 < len(cells) <= slack.FIELDS_MAX or block["text"]["text"]
            assert all(0 < units(cell["text"]) <= slack.FIELD_MAX for cell in cells)
            assert units(block.get("text", {"text": ""})["text"]) <= slack.SECTION_MAX
        elif block["type"] == "header":
            assert 0 < units(block["text"]["text"]) <= slack.HEADER_MAX
        elif block["type"] == "actions":
            assert all(0 < units(one["text"]["text"]) <= slack.BUTTON_MAX for one in block["elements"])
            assert len({one["action_id"] for one in block["elements"]}) == len(block["elements"])


@settings(max_examples=20, deadline=None)
@given(strange_letters())
def test_a_piece_never_ends_within_a_link_or_an_escape(strange: Any) -> None:
    for piece in pieces(strange.message.text, 120):
        assert units(piece) <= 120
        assert piece.count("<") == piece.count(">")
        assert not piece.rstrip("…").endswith(
            ("&", "&a", "&am", "&amp", "&l", "&lt", "&g", "&gt")
        ) or piece.endswith(";")


def test_it_is_sent_as_slacks_own_client_sends_it(receiver: Receiver) -> None:
    channel = Channel(
        name="slack", kind="slack", url=f"{receiver.url}/services/T/B/x", allow_private_addresses=True
    )
    payload = slack.draw(letter())
    assert slack.send(payload, channel, letter()) == {"said": "ok"}
    reference = WebhookClient(f"{receiver.url}/services/T/B/x").send(
        text=payload["text"], blocks=parsed(payload), unfurl_links=False, unfurl_media=False
    )
    assert reference.status_code == 200
    ours, theirs = receiver.got
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert ours.headers["content-type"].startswith("application/json")
    assert ours.json == theirs.json


def test_what_slack_answers_is_said_in_words(receiver: Receiver) -> None:
    receiver.answers = lambda got: Reply(404, b"no_service")
    channel = Channel(name="slack", kind="slack", url=receiver.url, allow_private_addresses=True)
    with pytest.raises(DeliveryError) as failed:
        slack.send(slack.draw(letter()), channel, letter())
    assert failed.value.problem == "404: no_service (the webhook was switched off in Slack)"


def test_a_button_without_words_is_called_by_its_name() -> None:
    payload = slack.draw(
        letter(links=(Link("issue", "", "https://m.example/1"), Link("file", "x", "file:///etc/passwd")))
    )
    [actions] = [block for block in payload["blocks"] if block["type"] == "actions"]
    assert [one["text"]["text"] for one in actions["elements"]] == ["issue"]
