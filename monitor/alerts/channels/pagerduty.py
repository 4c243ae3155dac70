"""PagerDuty's Events API v2: one alert for each thread, triggered, acknowledged and resolved by one dedup key."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from monitor.alerts.channels.letter import Letter
from monitor.alerts.channels.wording import ALARMS, cut, facts, headline, one_line, plain, web_links, where
from monitor.alerts.dispatch.errors import NotForThisChannelError
from monitor.alerts.dispatch.outgoing import post
from monitor.alerts.messages import Kind, Message
from strategy.model.alerting import Channel

ADDRESS = "https://events.pagerduty.com/v2/enqueue"
SUMMARY_MAX, DEDUP_KEY_MAX, EVENT_MAX = 1_024, 255, 512 * 1024
_TEXT_MAX = 8_000
_DETAILS_MAX = 400 * 1024
_SEVERITIES = {"P0": "critical", "P1": "error", "P2": "warning"}
_ACTIONS = {Kind.ACKNOWLEDGED: "acknowledge", Kind.RESOLVED: "resolve"} | dict.fromkeys(ALARMS, "trigger")


def draw(letter: Letter) -> dict[str, Any]:
    """Without the routing key, which is put in when it is sent."""
    message = letter.message
    action = _ACTIONS.get(message.kind)
    if action is None:
        raise NotForThisChannelError("PagerDuty is told of alarms, not of reports and reminders.")
    event: dict[str, Any] = {"event_action": action, "dedup_key": dedup_key(letter)}
    if action != "trigger":
        return event
    return event | {
        "client": "HydroML monitor",
        "client_url": letter.home,
        "links": [{"href": link.url, "text": cut(one_line(link.label), 100)} for link in web_links(message)],
        "payload": _payload(letter),
    }


def send(payload: dict[str, Any], channel: Channel, letter: Letter) -> dict[str, Any]:
    """To `url` where one is given (an events service of the EU, or of one's own)."""
    answer = post(
        channel.url or ADDRESS,
        payload | {"routing_key": channel.credential or ""},
        timeout_s=channel.timeout_s,
        allow_private=channel.allow_private_addresses,
    )
    found = answer.json()
    return {"dedup_key": str(found.get("dedup_key", ""))[:DEDUP_KEY_MAX] if isinstance(found, dict) else ""}


def dedup_key(letter: Letter) -> str:
    """Of the thread, and of this monitor: two of them may report to one service."""
    key = f"hydroml/{letter.host}/{plain(letter.message.thread) or letter.key}"
    return key if len(key) <= DEDUP_KEY_MAX else hashlib.sha256(key.encode()).hexdigest()


def _payload(letter: Letter) -> dict[str, Any]:
    message = letter.message
    return {
        "summary": cut(headline(message), SUMMARY_MAX),
        "source": cut(where(message), SUMMARY_MAX) or letter.host,
        "severity": "info" if message.kind is Kind.TEST else _SEVERITIES.get(message.severity, "info"),
        "timestamp": datetime.fromtimestamp(message.at, UTC).isoformat(),
        "component": cut(one_line(message.project), SUMMARY_MAX) or "hydroml",
        "group": one_line(message.environment) or "none",
        "class": message.rule or message.kind.value,
        "custom_details": _details(message),
    }


def _details(message: Message) -> dict[str, Any]:
    """Facts by name, the text, and the details as far as they fit: what is over 512 KB is refused as a whole."""
    told: dict[str, Any] = {cut(name, 200): cut(value, 2_000) for name, value in facts(message)[:50]}
    if message.text:
        told["text"] = cut(plain(message.text), _TEXT_MAX)
    if message.details:
        fits = len(orjson.dumps(message.details, default=str)) <= _DETAILS_MAX
        told["details"] = message.details if fits else "left out: too long for PagerDuty"
    return told
