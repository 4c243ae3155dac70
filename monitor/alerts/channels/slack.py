"""Slack, through an incoming webhook: Block Kit with buttons.

A webhook answers with `ok` and no name for the message: it can neither be changed nor answered in a thread. So each
message says by itself what it is about, and the buttons lead to where the thread is.
"""

from __future__ import annotations

from typing import Any

from monitor.alerts.channels.letter import Letter
from monitor.alerts.channels.slack_text import escaped, fitting, pieces
from monitor.alerts.channels.wording import cut, facts, headline, moment, web_links, where
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.dispatch.outgoing import post
from monitor.alerts.messages import Kind, Message
from strategy.model.alerting import Channel

HEADER_MAX, SECTION_MAX, FIELD_MAX, CONTEXT_MAX = 150, 3_000, 2_000, 2_000
FIELDS_MAX, BUTTONS_MAX, BLOCKS_MAX = 10, 5, 50
BUTTON_MAX, BUTTON_URL_MAX = 75, 3_000
_TEXT_MAX = 3_000
_BODY_MAX = 160_000
"""Of what is read of a text: more has no room in fifty blocks beside what else there is."""
_HINTS = {
    "invalid_token": "the webhook's address is not one of Slack's any more",
    "no_service": "the webhook was switched off in Slack",
    "channel_not_found": "the webhook's channel does not exist any more",
    "channel_is_archived": "the webhook's channel is archived",
    "action_prohibited": "an administrator of Slack has forbidden it",
}


def draw(letter: Letter) -> dict[str, Any]:
    message = letter.message
    body = _body(message)
    end = _end(letter)
    room = BLOCKS_MAX - 1 - len(end)
    if len(body) > room:
        body = [*body[: room - 1], _section("_… and more, in the monitor._")]
    title = {"type": "plain_text", "text": cut(headline(message), HEADER_MAX), "emoji": False}
    return {
        # For notifications of the system, and for screen readers.
        "text": fitting(escaped(headline(message)), _TEXT_MAX),
        "blocks": [{"type": "header", "text": title}, *body, *end],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def send(payload: dict[str, Any], channel: Channel, letter: Letter) -> dict[str, Any]:
    try:
        answer = post(
            channel.url or "",
            payload,
            timeout_s=channel.timeout_s,
            allow_private=channel.allow_private_addresses,
        )
    except DeliveryError as error:
        hint = next((hint for word, hint in _HINTS.items() if word in error.problem), "")
        if hint:
            error.problem += f" ({hint})"
        raise
    return {"said": answer.said[:40]}


def _body(message: Message) -> list[dict[str, Any]]:
    sections = [_section(piece) for piece in pieces(cut(message.text, _BODY_MAX), SECTION_MAX)]
    fields = [
        {"type": "mrkdwn", "text": fitting(f"*{escaped(name)}*\n{escaped(value)}", FIELD_MAX)}
        for name, value in facts(message)
    ]
    # Of a report the text comes first, of an alarm the figures do.
    rows = [
        {"type": "section", "fields": fields[start : start + FIELDS_MAX]}
        for start in range(0, len(fields), FIELDS_MAX)
    ]
    return [*sections, *rows] if message.kind is Kind.REPORT else [*sections[:1], *rows, *sections[1:]]


def _end(letter: Letter) -> list[dict[str, Any]]:
    """Buttons, and the small print."""
    buttons = [
        _button(link.name, link.label, link.url, number)
        for number, link in enumerate(web_links(letter.message))
        if len(link.url) <= BUTTON_URL_MAX
    ][:BUTTONS_MAX]
    told = " · ".join(escaped(part) for part in (where(letter.message), moment(letter.message)) if part)
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": fitting(told, CONTEXT_MAX)}]}
    return [*([{"type": "actions", "elements": buttons}] if buttons else []), context]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _button(name: str, label: str, url: str, number: int) -> dict[str, Any]:
    button: dict[str, Any] = {
        "type": "button",
        "action_id": f"{number}-{name}"[:255],
        "text": {"type": "plain_text", "text": cut(label or name or "Open", BUTTON_MAX), "emoji": False},
        "url": url,
    }
    return button | ({"style": "primary"} if number == 0 else {})
