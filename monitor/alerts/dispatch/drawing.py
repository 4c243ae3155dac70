"""What a channel sends, taken apart for the page that shows it as the service would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from typing import Any

import orjson
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

SERVICES = {
    "slack": "Slack",
    "email": "Email",
    "pagerduty": "PagerDuty",
    "webhook": "Webhook",
    "discord": "Discord",
    "github": "GitHub",
    "apprise": "Apprise",
}
"""What each kind of channel is called."""
_HEADINGS = {"email": "The mail", "webhook": "What the webhook posts", "pagerduty": "What PagerDuty is told"}
_SLACK_CODE = re.compile(r"`([^`\n]+)`")
_SLACK_LINK = re.compile(r"<(https?://[^|>\s]+)\|([^>]*)>")
_SLACK_BOLD = re.compile(r"(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])")
_SLACK_ITALIC = re.compile(r"(?<![\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])")


@dataclass(frozen=True)
class Drawn:
    """`template` shows `shown`; `json` is all of it, as it goes out."""

    kind: str
    shown: Mapping[str, Any] = field(default_factory=dict)
    json: str = ""

    @property
    def template(self) -> str:
        return f"deliveries/drawn/{self.kind}.html"

    @property
    def service(self) -> str:
        return SERVICES[self.kind]

    @property
    def heading(self) -> str:
        """Over the message, where nothing else says through what it went."""
        return _HEADINGS.get(self.kind, f"As {self.service} shows it")


def drawn_of(kind: str, payload: Mapping[str, Any]) -> Drawn:
    """Of a payload as its channel's `draw` gives it."""
    text = orjson.dumps(payload, option=orjson.OPT_INDENT_2, default=str).decode()
    reading = {"slack": _slack, "discord": _discord, "github": _github, "apprise": _apprise}.get(kind, dict)
    return Drawn(kind, reading(payload), text)


def mrkdwn_html(text: str) -> SafeString:
    """Slack's notation as HTML. Only what Slack takes for a link is one: text that looks like it was escaped before."""
    parts, end = [], 0
    for link in _SLACK_LINK.finditer(text):
        parts.append(_slack_words(text[end : link.start()]))
        parts.append(f'<a href="{_shown(link[1])}" rel="noreferrer">{_shown(link[2])}</a>')
        end = link.end()
    return mark_safe("".join([*parts, _slack_words(text[end:])]))  # noqa: S308 - each part is escaped


def _slack_words(text: str) -> str:
    """In code nothing else means anything: every second piece is some."""
    pieces = _SLACK_CODE.split(text)
    pieces[::2] = [_slack_marks(piece) for piece in pieces[::2]]
    pieces[1::2] = [f"<code>{_shown(piece)}</code>" for piece in pieces[1::2]]
    return "".join(pieces)


def _slack_marks(text: str) -> str:
    text = _SLACK_BOLD.sub(r"<strong>\1</strong>", _shown(text))
    return _SLACK_ITALIC.sub(r"<em>\1</em>", text).replace("\n", "<br>")


def _shown(text: str) -> str:
    """Slack's three escapes taken away, and HTML's put on."""
    return escape(unescape(text))


def markdown_html(text: str) -> SafeString:
    """As GitHub and Discord show it, but for pictures."""
    return mark_safe(str(_markdown().render(text)))  # noqa: S308 - HTML of others is off


def _slack(payload: Mapping[str, Any]) -> dict[str, Any]:
    blocks = []
    for block in payload.get("blocks", []):
        kind = block["type"]
        if kind == "header":
            blocks.append({"type": kind, "text": block["text"]["text"]})
        elif kind == "section":
            text = mrkdwn_html(block["text"]["text"]) if "text" in block else ""
            cells = [mrkdwn_html(cell["text"]) for cell in block.get("fields", [])]
            blocks.append({"type": kind, "text": text, "fields": cells})
        elif kind == "actions":
            buttons = [(one["text"]["text"], one["url"], one.get("style", "")) for one in block["elements"]]
            blocks.append({"type": kind, "buttons": buttons})
        elif kind == "context":
            blocks.append({"type": kind, "text": mrkdwn_html(block["elements"][0]["text"])})
    return {"blocks": blocks}


def _discord(payload: Mapping[str, Any]) -> dict[str, Any]:
    embeds = []
    for embed in payload.get("embeds", []):
        cells = [(one["name"], markdown_html(one["value"])) for one in embed.get("fields", [])]
        text = markdown_html(embed.get("description", ""))
        embeds.append({**embed, "text": text, "cells": cells, "colour": f"#{embed.get('color', 0):06x}"})
    return {"embeds": embeds}


def _github(payload: Mapping[str, Any]) -> dict[str, Any]:
    visible = re.sub(r"<!-- hydroml .*? -->\n?", "", payload.get("body", ""))
    return {**payload, "text": markdown_html(visible)}


def _apprise(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {**payload, "text": markdown_html(payload.get("body", ""))}


@cache
def _markdown() -> MarkdownIt:
    return (
        MarkdownIt("commonmark", {"html": False, "breaks": True})
        .enable("table")
        .disable(["image", "html_inline", "html_block"])
    )
