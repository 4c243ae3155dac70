"""Discord, through a webhook: one embed. Webhooks of people may have no buttons, so the links stand in the text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from monitor.alerts.channels.letter import Letter
from monitor.alerts.channels.wording import (
    colour,
    cut,
    facts,
    headline,
    one_line,
    plain,
    units,
    web_links,
    where,
)
from monitor.alerts.dispatch.outgoing import post
from strategy.model.alerting import Channel

TITLE_MAX, DESCRIPTION_MAX, FIELDS_MAX, NAME_MAX, VALUE_MAX, FOOTER_MAX = 256, 4_096, 25, 256, 1_024, 2_048
EMBED_MAX = 6_000
_LINKS_MAX = 1_500
_FOOTER_CUT = 300
_SPECIAL = re.compile(r"([\\*_~`|>\[\]()#-])")


def draw(letter: Letter) -> dict[str, Any]:
    message = letter.message
    title = cut(headline(message), TITLE_MAX)
    footer = cut(where(message), _FOOTER_CUT)
    links = _links(letter)
    room = EMBED_MAX - units(title) - units(footer) - units(links) - 2
    text = cut(plain(message.text).strip(), min(DESCRIPTION_MAX - units(links) - 2, room))
    embed: dict[str, Any] = {
        "title": title,
        "description": "\n\n".join(part for part in (text, links) if part),
        "color": colour(message),
        "timestamp": datetime.fromtimestamp(message.at, UTC).isoformat(),
        "fields": _fields(facts(message), room - units(text)),
    }
    first = letter.link("incident", "issue", "alert")
    if first is not None and first.url.startswith(("http://", "https://")):
        embed["url"] = first.url
    if footer:
        embed["footer"] = {"text": footer}
    # Nobody is called by what an error's text says.
    return {"username": "HydroML monitor", "embeds": [embed], "allowed_mentions": {"parse": []}}


def send(payload: dict[str, Any], channel: Channel, letter: Letter) -> dict[str, Any]:
    answer = post(
        _waiting(channel.url or ""),
        payload,
        timeout_s=channel.timeout_s,
        allow_private=channel.allow_private_addresses,
    )
    found = answer.json() if answer.body.strip() else {}
    return {"message_id": str(found.get("id", ""))[:40]} if isinstance(found, dict) else {}


def _links(letter: Letter) -> str:
    said = ""
    for link in web_links(letter.message):
        more = f"[{_literal(one_line(link.label)) or link.name}](<{link.url}>)"
        joined = f"{said} · {more}" if said else more
        if units(joined) <= _LINKS_MAX:
            said = joined
    return said


def _fields(found: list[tuple[str, str]], room: int) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = []
    for name, value in found[:FIELDS_MAX]:
        name, value = cut(name, NAME_MAX), cut(_literal(value), VALUE_MAX)
        room -= units(name) + units(value)
        if room < 0:
            break
        fields.append({"name": name, "value": value, "inline": units(value) <= 40})
    return fields


def _literal(text: str) -> str:
    """What would be formatted, shown as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def _waiting(url: str) -> str:
    """Only with `wait` does Discord say whether it has kept the message."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | {"wait": "true"}
    return urlunsplit(parts._replace(query=urlencode(query)))
